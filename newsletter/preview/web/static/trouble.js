// What does not compile or does not read, over the last good view: file, line, what stands there, the way out.

import { byId, fill, h, icon } from "./dom.js";

let shown = "";

/**
 * Show trouble, or take it away when there is none.
 * @param {any} trouble
 */
export function showTrouble(trouble) {
  const place = byId("trouble");
  const key = JSON.stringify(trouble ?? null);
  if (key === shown) return;
  shown = key;
  document.documentElement.toggleAttribute("data-trouble", Boolean(trouble));
  if (!trouble) {
    fill(place);
    return;
  }
  fill(
    place,
    h(
      "div",
      { class: "trouble", "data-testid": "trouble" },
      h("h2", {}, icon("alert"), h("bdi", {}, trouble.title)),
      h("p", { class: "trouble-say" }, "Below is the last that was good. This goes away when the file is mended."),
      ...problemsOf(trouble),
    ),
  );
}

/**
 * Return each problem of some trouble, as elements.
 * @param {any} trouble
 * @returns {HTMLElement[]}
 */
export const problemsOf = (trouble) => (trouble?.problems ?? []).map(problem);

/**
 * Say that the line to the server is cut, or whole again.
 * @param {boolean} lost
 */
export function showLost(lost) {
  byId("lost").hidden = !lost;
  byId("line").className = lost ? "line-state lost" : "line-state";
  byId("line").lastChild.textContent = lost ? "not connected" : "live";
}

function problem(one) {
  return h(
    "div",
    { class: "problem" },
    h("p", {}, one.file && h("code", { class: "problem-place" }, [one.file, one.line || null, one.column || null].filter((each) => each !== null).join(":")),
      " ", h("bdi", {}, one.message)),
    one.excerpt?.length > 0 &&
      h("pre", { class: "excerpt", tabindex: "0", "aria-label": "The lines around it" },
        ...one.excerpt.map(({ line, text, here }) =>
          h("span", { class: here ? "excerpt-line here" : "excerpt-line" }, h("span", { class: "excerpt-number" }, String(line)), text, "\n"))),
    one.hint && h("p", { class: "hint" }, h("bdi", {}, one.hint)),
  );
}
