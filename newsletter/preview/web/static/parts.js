// The views of text: the text part, the source in its three forms, the message as it travels.

import { ask } from "./ask.js";
import { byId, fill, h, icon } from "./dom.js";
import { numbered } from "./lines.js";
import { go, placeOf, state } from "./state.js";
import { counted, number, size } from "./words.js";

const PARTS = [["html", "HTML"], ["mjml", "MJML"], ["context", "Context"]];

/** Make the view of the text part. */
export function textView() {
  const element = byId("view-text");
  const facts = h("p", { class: "facts" });
  const lines = numbered("The text part");
  element.append(h("div", { class: "page text-page" }, facts, lines.element));
  let loaded = "";
  return {
    element,
    async load(now, revision) {
      const mark = `${placeOf(now)}#${revision}`;
      if (mark !== loaded) {
        const { text } = await ask("text", `/api/text?${placeOf(now)}`);
        loaded = mark;
        const rows = text.split("\n");
        facts.textContent = `${counted(rows.length, "line")}, ${size(new Blob([text]).size)}, the longest of ${longest(rows)} characters`;
        lines.show(text, "text");
      }
      lines.open(Number(now.line));
    },
  };
}

/** Make the view of the source. */
export function sourceView() {
  const element = byId("view-source");
  const chosen = h("div", { class: "group", role: "group", "aria-label": "Form of the source" });
  const facts = h("p", { class: "facts" });
  const lines = numbered("The source");
  const copying = h("button", { class: "button", type: "button", "data-testid": "copy-source", onclick: () => copy(texts[state().part] ?? "", copying) }, "Copy");
  chosen.append(
    ...PARTS.map(([part, label]) =>
      h("button", { class: "toggle", type: "button", "data-testid": `part-${part}`, onclick: () => go({ part, line: "" }) }, label),
    ),
  );
  element.append(h("div", { class: "page" }, h("div", { class: "page-head" }, chosen, facts, copying), lines.element));
  let loaded = "";
  let drawn = "";
  /** @type {Record<string, string>} */
  let texts = {};
  return {
    element,
    async load(now, revision) {
      const mark = `${placeOf(now)}#${revision}`;
      const part = PARTS.some(([name]) => name === now.part) ? now.part : "html";
      [...chosen.children].forEach((button, at) => button.setAttribute("aria-pressed", String(PARTS[at][0] === part)));
      if (mark !== loaded) {
        const answer = await ask("source", `/api/source?${placeOf(now)}`);
        loaded = mark;
        texts = { html: answer.html, mjml: answer.mjml, context: JSON.stringify(answer.context, null, 2) ?? "" };
      }
      if (drawn !== mark + part) {
        drawn = mark + part;
        const text = texts[part] || "There is none of this issue.";
        facts.textContent = `${counted(text.split("\n").length, "line")}, ${size(new Blob([text]).size)}`;
        lines.show(text, part === "context" ? "json" : "html");
      }
      lines.open(Number(now.line));
    },
  };
}

/** Make the view of the message: its header, its parts, its bytes. */
export function messageView() {
  const element = byId("view-message");
  const page = h("div", { class: "page message-page" });
  element.append(page);
  let loaded = "";
  return {
    element,
    async load(now, revision) {
      const mark = `${placeOf(now)}#${revision}`;
      if (mark === loaded) return;
      const answer = await ask("message", `/api/message?${placeOf(now)}`);
      loaded = mark;
      const raw = numbered("The message as it travels");
      fill(
        page,
        h(
          "div",
          { class: "page-head" },
          h("p", { class: "facts" }, `${number(answer.size)} bytes as it travels`),
          h("a", { class: "button", href: answer.eml, download: "issue.eml", "data-testid": "eml" }, icon("down-to"), "Save as .eml"),
        ),
        h("h2", {}, "Header"),
        h("dl", { class: "fields" }, ...answer.headers.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { dir: "auto" }, value)))),
        h("h2", {}, "Parts"),
        h("ul", { class: "tree" }, branch(answer.tree, answer.tree.size)),
        h("h2", {}, "As it travels"),
        answer.size > answer.raw.length && h("p", { class: "facts" }, `The first ${size(answer.raw.length)}; the .eml holds it all.`),
        raw.element,
      );
      raw.show(answer.raw, "text");
    },
  };
}

/**
 * Put a text on the clipboard, and say so on the button.
 * @param {string} text
 * @param {HTMLElement} button
 */
export async function copy(text, button) {
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = /** @type {HTMLTextAreaElement} */ (h("textarea", { class: "unseen", "aria-hidden": "true", tabindex: "-1" }));
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  button.textContent = "Copied";
  window.setTimeout(() => (button.textContent = word), 1500);
}

function branch(part, whole) {
  const share = h("span", { class: "share" }, h("span", {}));
  /** @type {HTMLElement} */ (share.firstElementChild).style.width = `${Math.max(1, (100 * part.size) / Math.max(1, whole))}%`;
  return h(
    "li",
    {},
    h("div", { class: "part" }, h("code", {}, part.type), h("span", { class: "facts" }, part.detail), share, h("span", { class: "amount" }, size(part.size))),
    part.children?.length > 0 && h("ul", {}, ...part.children.map((child) => branch(child, whole))),
  );
}

const longest = (rows) => rows.reduce((most, row) => Math.max(most, [...row].length), 0);
