// How large the message is, and how far from where Gmail clips it.

import { fill, h } from "./dom.js";
import { counted, number, size } from "./words.js";

/**
 * Draw the sizes of an issue.
 * @param {HTMLElement} element
 * @param {any} issue of /api/issue
 */
export function drawGauge(element, { sizes, limits, has_html: html }) {
  const left = limits.clip - sizes.html;
  fill(
    element,
    html &&
      h(
        "div",
        { class: `gauge ${sizes.html > limits.clip ? "over" : sizes.html > limits.html ? "near" : ""}` },
        h("p", { class: "gauge-head" }, h("b", {}, size(sizes.html)), " of HTML",
          h("span", {}, left >= 0 ? `${size(left)} below Gmail's line` : `${size(-left)} over Gmail's line`)),
        bar(sizes.html, limits.clip, limits.html),
      ),
    h(
      "dl",
      { class: "sizes" },
      html && fact("CSS", `${size(sizes.css)} of ${size(limits.css)}`, sizes.css > limits.css),
      fact("Text", size(sizes.text)),
      fact("Pictures", sizes.pictures ? size(sizes.pictures) : "none"),
      fact("Message", size(sizes.message)),
      html && fact("Links", number(sizes.links)),
      html && fact("Images", number(sizes.images)),
    ),
  );
}

/**
 * Make a bar of bytes.
 * @param {number} bytes
 * @param {number} whole
 * @param {number} [budget] marked on the bar
 */
export function bar(bytes, whole, budget = 0) {
  const filled = h("span", { class: "bar-filled" });
  filled.style.width = `${Math.min(100, (100 * bytes) / whole)}%`;
  const mark = budget > 0 && h("span", { class: "bar-budget", title: `the budget: ${number(budget)} bytes` });
  if (mark) mark.style.left = `${(100 * budget) / whole}%`;
  return h("span", { class: "bar-whole", role: "img", "aria-label": `${counted(bytes, "byte")} of ${number(whole)}` }, filled, mark);
}

function fact(name, value, over = false) {
  return h("div", { class: over ? "over" : "" }, h("dt", {}, name), h("dd", {}, value));
}
