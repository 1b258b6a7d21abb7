// The second row: the tabs of the views, and how the email is shown.

import { byId, h, icon } from "./dom.js";
import { go, state } from "./state.js";

/** The views in their order: name, what is written on the tab, its key. */
export const VIEWS = [
  ["inbox", "Inbox", "i"], ["html", "HTML", "h"], ["text", "Text", "t"], ["source", "Source", "s"],
  ["message", "Message", "m"], ["why", "Why", "y"], ["everyone", "Everyone", "e"], ["compare", "Compare", "p"],
];
export const WIDTHS = [["320", "320"], ["375", "375"], ["600", "600"], ["full", "Full"]];
export const SCHEMES = [["light", "Light", "sun"], ["dark", "Dark", "moon"], ["inverted", "Inverted", "invert"]];

/** Put tabs and tools where they belong. */
export function layTools() {
  const tabs = byId("tabs");
  tabs.append(...VIEWS.map(([name, label, key]) => tab(name, label, key)));
  tabs.addEventListener("keydown", walk);
  byId("widths").append(...WIDTHS.map(([width, label], at) =>
    toggle(label, `w-${width}`, { title: `${width === "full" ? "As wide as there is room" : `${width} px`} (${at + 1})` }, () => go({ w: width }))));
  byId("schemes").append(...SCHEMES.map(([scheme, label, drawing]) =>
    toggle(label, `scheme-${scheme}`, { title: `${label} (d)`, drawing }, () => go({ scheme }))));
  byId("parts").append(
    toggle("Images", "images", { title: "Images (x)", drawing: "image" }, () => flip("images")),
    toggle("Styles", "styles", { title: "What stands in <style> (n)", drawing: "brush" }, () => flip("styles")),
  );
}

/**
 * Show which view, width, scheme and parts are on.
 * @param {import("./state.js").State} now
 */
export function showTools(now) {
  for (const [name] of VIEWS) {
    const here = name === now.view;
    const of = byId(`tab-${name}`);
    of.setAttribute("aria-selected", String(here));
    of.tabIndex = here ? 0 : -1;
    byId(`view-${name}`).hidden = !here;
    if (here && of.parentElement && of.parentElement.scrollWidth > of.parentElement.clientWidth)
      of.scrollIntoView({ block: "nearest", inline: "center" });
  }
  press("w-", WIDTHS, now.w);
  press("scheme-", SCHEMES, now.scheme);
  for (const part of ["images", "styles"]) pressed(part, now[part] !== "off");
  byId("tools").hidden = now.view !== "html" && now.view !== "compare";
  byId("widths").hidden = now.view !== "html";
}

/** Show the next scheme. */
export function nextScheme() {
  const at = SCHEMES.findIndex(([scheme]) => scheme === state().scheme);
  go({ scheme: SCHEMES[(at + 1) % SCHEMES.length][0] });
}

/**
 * Turn images or styles on or off.
 * @param {"images" | "styles"} part
 */
export const flip = (part) => go({ [part]: state()[part] === "off" ? "on" : "off" });

function press(prefix, choices, value) {
  for (const [name] of choices) pressed(prefix + name, name === value);
}

function pressed(testid, on) {
  document.querySelector(`[data-testid="${testid}"]`)?.setAttribute("aria-pressed", String(on));
}

function tab(name, label, key) {
  return h(
    "button",
    {
      id: `tab-${name}`, class: "tab", type: "button", role: "tab", "aria-controls": `view-${name}`, title: `${label} (${key})`,
      "aria-selected": "false", tabindex: "-1", "data-view": name, "data-testid": `view-${name}`, onclick: () => go({ view: name }),
    },
    label,
  );
}

function toggle(label, testid, { title, drawing }, onclick) {
  return h(
    "button",
    { class: "toggle", type: "button", "aria-pressed": "false", "data-testid": testid, title, onclick },
    drawing && icon(drawing),
    h("span", { class: "toggle-word" }, label),
  );
}

/** @param {KeyboardEvent} event */
function walk(event) {
  const at = VIEWS.findIndex(([name]) => name === state().view);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: VIEWS.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const [name] = VIEWS[(to + VIEWS.length) % VIEWS.length];
  go({ view: name });
  byId(`tab-${name}`).focus();
}
