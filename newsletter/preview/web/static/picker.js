// A field to pick one of many, by the pattern of an editable combobox with a list: https://www.w3.org/WAI/ARIA/apg/

import { bdi, byId, fill, h } from "./dom.js";
import { folded, holds, number } from "./words.js";

const MOST = 50; // rows drawn at once, however many there are

/** @typedef {{value: string, label: string, hint?: string, mark?: string}} Option */

/**
 * Make a picker.
 * @param {{label: string, testid: string, noun: string, onPick: (value: string) => void}} settings
 * @returns {{element: HTMLElement, input: HTMLInputElement, offer: (options: Option[]) => void,
 *   set: (value: string) => void, step: (by: number) => void}}
 */
export function picker({ label, testid, noun, onPick }) {
  const id = `picker-${testid}`;
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      id, class: "picker-field", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", dir: "auto",
      "aria-label": label, "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`,
      "data-testid": testid,
    })
  );
  const list = h("ul", { id: `${id}-list`, class: "picker-list", role: "listbox", "aria-label": label });
  const more = h("p", { class: "picker-more" });
  const popup = h("div", { class: "picker-popup", hidden: true }, list, more);
  const element = h("div", { class: "picker" }, input, popup);

  /** @type {(Option & {words: string})[]} */
  let all = [];
  /** @type {(Option & {words: string})[]} */
  let offered = [];
  let value = "";
  let active = -1;

  const labelOf = () => all.find((option) => option.value === value)?.label ?? value;
  const opened = () => !popup.hidden;

  function draw() {
    const typed = input.value === labelOf() ? "" : input.value;
    const found = typed ? all.filter((option) => holds(option.words, typed)) : all;
    const at = typed ? 0 : Math.max(0, found.findIndex((option) => option.value === value));
    const from = Math.max(0, Math.min(at - 5, found.length - MOST));
    offered = found.slice(from, from + MOST);
    active = offered.length ? at - from : -1;
    fill(list, ...offered.map(row));
    const left = found.length - offered.length;
    more.textContent = found.length ? `${number(left)} more: type to narrow them down` : `No ${noun} has “${typed}”`;
    more.hidden = found.length > 0 && left <= 0;
    point();
  }

  function row(option, at) {
    const item = h(
      "li",
      { id: `${id}-${at}`, class: "picker-row", role: "option", "aria-selected": String(option.value === value) },
      bdi(option.label, "picker-label"),
      option.hint && bdi(option.hint, "picker-hint"),
      option.mark && h("span", { class: "picker-mark" }, option.mark),
    );
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => pick(at));
    return item;
  }

  function point() {
    [...list.children].forEach((item, at) => item.classList.toggle("pointed", at === active));
    list.children[active]?.scrollIntoView({ block: "nearest" });
    if (opened() && active >= 0) input.setAttribute("aria-activedescendant", `${id}-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function open() {
    if (opened()) return;
    popup.hidden = false;
    input.setAttribute("aria-expanded", "true");
    draw();
  }

  function close() {
    popup.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    input.value = labelOf();
  }

  function pick(at) {
    const chosen = offered[at];
    if (!chosen) return;
    value = chosen.value;
    close();
    byId("view").focus({ preventScroll: true }); // so that the next key is a command again
    onPick(value);
  }

  input.addEventListener("focus", () => input.select());
  input.addEventListener("click", open);
  input.addEventListener("blur", close);
  input.addEventListener("input", () => {
    open();
    draw();
  });
  input.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 };
    if (event.key in steps) {
      event.preventDefault();
      if (!opened()) open();
      else {
        active = Math.max(0, Math.min(offered.length - 1, active + steps[event.key]));
        point();
      }
    } else if (event.key === "Enter" && opened()) {
      event.preventDefault();
      pick(active);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (opened()) close();
      else input.blur();
    }
  });

  return {
    element,
    input,
    offer(options) {
      all = options.map((option) => ({ ...option, words: folded(`${option.label} ${option.hint ?? ""}`) }));
      if (opened()) draw();
      else input.value = labelOf();
    },
    set(wanted) {
      value = wanted;
      if (!opened()) input.value = labelOf();
    },
    step(by) {
      const at = all.findIndex((option) => option.value === value);
      const next = all[at < 0 ? 0 : at + by];
      if (!next) return;
      value = next.value;
      input.value = labelOf();
      onPick(value);
    },
  };
}
