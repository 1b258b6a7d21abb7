// Makes elements. Text goes in by textContent alone, so no title of a paper is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element: `on…` attributes are listeners, false, null and undefined ones are left out, true ones are empty.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...said(children));
  return element;
}

/**
 * Put `children` in the place of what `element` holds.
 * @param {Element} element
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...said(children));
}

/**
 * Make one of the drawings that page.html defines.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

/**
 * Return the element of page.html with this id.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * Make a text of somebody's data: what it does to the direction of writing stays inside.
 * @param {string} text
 * @param {string} [style] a class
 * @returns {HTMLElement}
 */
export function bdi(text, style) {
  return h("bdi", { class: style }, text);
}

/** @param {(Node | string | number | null | undefined | false)[]} children */
function said(children) {
  return children
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}
