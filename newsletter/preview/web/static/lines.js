// A text with numbered lines, one of which can be opened.

import { coloured } from "./colour.js";
import { fill, h } from "./dom.js";

/**
 * Make a place for numbered lines.
 * @param {string} label
 * @returns {{element: HTMLElement, show: (text: string, language: "html" | "json" | "text") => void, open: (line: number) => void}}
 */
export function numbered(label) {
  const element = h("div", { class: "lines", role: "region", tabindex: "0", "aria-label": label });
  /** @type {Element | null} */
  let opened = null;
  return {
    element,
    show(text, language) {
      opened = null;
      const lines = coloured(text.replace(/\n$/, ""), language);
      element.style.setProperty("--digits", `${String(lines.length).length}ch`);
      fill(
        element,
        ...lines.map((pieces, at) =>
          h(
            "div",
            { class: "line", "data-line": at + 1 },
            h("code", { dir: "auto" }, ...pieces.map(([style, piece]) => (style ? h("span", { class: style }, piece) : piece))),
          ),
        ),
      );
    },
    open(line) {
      opened?.classList.remove("opened");
      opened = line ? (element.children[line - 1] ?? null) : null;
      opened?.classList.add("opened");
      opened?.scrollIntoView({ block: "center" });
    },
  };
}
