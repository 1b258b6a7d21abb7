// How an email's document is made to look as in one mail program or another, from outside.

import { invert } from "./invert.js";

/** @typedef {{scheme: string, images: string, styles: string}} Look */

const DARK = /\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi;
const LIGHT = /\(\s*prefers-color-scheme\s*:\s*light\s*\)/gi;
const YES = "(min-width: 0px)";
const NO = "(min-width: 999999px)";
/** @type {WeakMap<object, string>} */
const written = new WeakMap();
/** @type {WeakSet<Document>} */
const painted = new WeakSet();

/**
 * Make a fresh document look as wanted.
 * @param {HTMLIFrameElement} frame
 * @param {Look} look
 */
export function dress(frame, look) {
  const page = /** @type {Document} */ (frame.contentDocument);
  if (look.styles === "off") page.querySelectorAll("style, link[rel~=stylesheet]").forEach((each) => each.remove());
  if (look.images === "off") unpicture(page);
  paint(frame, look.scheme === "dark");
  if (look.scheme === "inverted") invert(page);
}

/**
 * Return whether a document dressed one way can be redressed the other way without being loaded anew.
 * @param {Look} before
 * @param {Look} after
 */
export function redressable(before, after) {
  const same = before.images === after.images && before.styles === after.styles;
  return same && before.scheme !== "inverted" && after.scheme !== "inverted";
}

/**
 * Let the author's rules for the dark apply, or those for the light, whatever the system prefers.
 * @param {HTMLIFrameElement} frame
 * @param {boolean} dark
 */
export function paint(frame, dark) {
  const page = /** @type {Document} */ (frame.contentDocument);
  const root = page.documentElement;
  const fresh = !painted.has(page);
  painted.add(page);
  // Where the system prefers what is wanted, nothing has to be changed: it is as the author wrote it.
  if (fresh && page.defaultView?.matchMedia("(prefers-color-scheme: dark)").matches === dark) return;
  for (const sheet of page.styleSheets) {
    decide(sheet, dark);
    for (const rule of rulesOf(sheet)) decideAll(rule, dark);
  }
  page.querySelectorAll("source[media]").forEach((each) => {
    if (!written.has(each)) written.set(each, each.getAttribute("media") ?? "");
    each.setAttribute("media", decided(/** @type {string} */ (written.get(each)), dark));
  });
  root.style.removeProperty("color-scheme");
  const used = dark && knowsDark(page) ? "dark" : "light";
  root.style.setProperty("color-scheme", used, "important");
  frame.style.colorScheme = used;
}

/** @param {Document} page */
function knowsDark(page) {
  const meta = page.querySelector("meta[name=color-scheme i]")?.getAttribute("content") ?? "";
  const style = page.defaultView?.getComputedStyle(page.documentElement).colorScheme ?? "";
  return `${meta} ${style}`.includes("dark");
}

/** @param {CSSStyleSheet} sheet */
function rulesOf(sheet) {
  try {
    return sheet.cssRules;
  } catch {
    return [];
  }
}

/**
 * @param {any} rule
 * @param {boolean} dark
 */
function decideAll(rule, dark) {
  if (rule.media) decide(rule, dark);
  for (const inner of rule.cssRules ?? []) decideAll(inner, dark);
}

/**
 * @param {{media: MediaList}} of a sheet or a rule
 * @param {boolean} dark
 */
function decide(of, dark) {
  if (!written.has(of)) {
    if (!of.media.mediaText.includes("prefers-color-scheme")) return;
    written.set(of, of.media.mediaText);
  }
  of.media.mediaText = decided(/** @type {string} */ (written.get(of)), dark);
}

/**
 * @param {string} query
 * @param {boolean} dark
 */
const decided = (query, dark) => query.replace(DARK, dark ? YES : NO).replace(LIGHT, dark ? NO : YES);

/** @param {Document} page */
function unpicture(page) {
  page.querySelectorAll("picture > source").forEach((each) => each.remove());
  page.querySelectorAll("img, input[type=image]").forEach((each) => {
    each.removeAttribute("src");
    each.removeAttribute("srcset");
  });
  page.querySelectorAll("[background]").forEach((each) => each.removeAttribute("background"));
}
