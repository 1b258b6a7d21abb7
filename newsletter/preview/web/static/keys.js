// The keyboard: one table that binds the keys and is what the dialog of keys shows.

import { byId, fill, h } from "./dom.js";

/** @typedef {{key: string, says: string, run: () => void, group: string}} Binding */

/** @type {Binding[]} */
let table = [];

/**
 * Bind the keys of a table, and list them in the dialog.
 * @param {Binding[]} bindings
 */
export function bind(bindings) {
  table = bindings;
  document.addEventListener("keydown", onKey);
  const dialog = /** @type {HTMLDialogElement} */ (byId("keys"));
  const groups = [...new Set(bindings.map(({ group }) => group))];
  fill(
    byId("keys-list"),
    ...groups.map((group) =>
      h("section", {}, h("h3", {}, group),
        h("dl", {}, ...bindings.filter((each) => each.group === group).map(({ key, says }) =>
          h("div", {}, h("dt", {}, h("kbd", {}, key === "Escape" ? "Esc" : key)), h("dd", {}, says))))),
    ),
  );
  byId("keys-close").addEventListener("click", () => dialog.close());
  byId("keys-button").addEventListener("click", () => dialog.showModal());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
}

/**
 * Do what a key says: not while somebody types, not with another key held.
 * @param {KeyboardEvent} event
 */
export function onKey(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.closest?.("input:not([type=range]), textarea, select, [contenteditable]");
  if (document.querySelector("dialog[open]")) return;
  if (typing && event.key !== "Escape") return;
  const binding = table.find(({ key }) => key === event.key);
  if (!binding) return;
  event.preventDefault();
  binding.run();
}
