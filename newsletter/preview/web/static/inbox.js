// The view of the inbox: the issue's row as a phone, a tablet and a desk would cut it, in the light and in the dark.

import { about, know } from "./about.js";
import { byId, fill, h } from "./dom.js";
import { counted } from "./words.js";

// What fills a preheader up, so that programs do not go on with the email's text.
const FILLING = /[\s\u00a0\u00ad\u034f\u200b-\u200f\u2007\ufeff]+$/u;
const PROGRAMS = [["phone", "Phone", 320], ["tablet", "Narrow list", 600], ["desktop", "Wide list", 1000]];

/** Make the view. */
export function inboxView() {
  const element = byId("view-inbox");
  const page = h("div", { class: "inbox-page" });
  element.append(page);
  let drawn = null;
  const count = () => page.querySelectorAll(".program").forEach(tellSeen);
  new ResizeObserver(count).observe(page);
  return {
    element,
    async load(now, revision) {
      await know(now, revision);
      if (drawn === about()) return;
      drawn = about();
      const issue = { ...drawn, preheader: drawn.preheader.replace(FILLING, "") };
      fill(page, facts(issue), ...PROGRAMS.map(([name, label, width]) => pair(issue, name, label, width)));
      count();
    },
  };
}

function facts(issue) {
  const preheader = [...issue.preheader].length;
  const subject = [...issue.subject].length;
  return h(
    "dl",
    { class: "inbox-facts" },
    h("div", {}, h("dt", {}, `Subject, ${counted(subject, "character")}`), h("dd", { dir: "auto", class: "serif" }, issue.subject)),
    h("div", {}, h("dt", {}, `Preheader, ${counted(preheader, "character")}`),
      h("dd", { dir: "auto" }, issue.preheader || "None: programs show the first words of the email.")),
  );
}

function pair(issue, name, label, width) {
  return h(
    "section",
    { class: `programs programs-${name}`, "data-testid": `inbox-${width}` },
    h("div", { class: "programs-head" }, h("h2", {}, label), h("span", { class: "facts" }, `${width} px`), h("p", { class: "facts seen", "aria-live": "off" })),
    h(
      "div",
      { class: "programs-row", role: "group", tabindex: "0", "aria-label": `${label}, in the light and in the dark` },
      ...["day", "night"].map((time) =>
        h("div", { class: `program ${name} ${time}` }, blank(), row(issue), blank(), name === "desktop" && blank())),
    ),
  );
}

function row(issue) {
  const from = issue.sender[0] || issue.sender[1];
  const when = new Date(issue.date).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return h(
    "div",
    { class: "mail unread" },
    h("span", { class: "unread-dot" }, h("span", { class: "unseen" }, "Unread")),
    h("span", { class: "mail-from", dir: "auto" }, from),
    h("span", { class: "mail-time" }, when),
    h("span", { class: "mail-words" }, h("span", { class: "mail-subject", dir: "auto" }, issue.subject), h("span", { class: "mail-preheader", dir: "auto" }, issue.preheader)),
  );
}

function blank() {
  return h("div", { class: "mail blank", "aria-hidden": "true" }, h("i", {}), h("i", {}), h("i", {}));
}

/** @param {Element} program */
function tellSeen(program) {
  if (!program.classList.contains("day")) return;
  const said = program.closest(".programs")?.querySelector(".seen");
  const parts = ["subject", "preheader"].map((name) => {
    const part = /** @type {HTMLElement} */ (program.querySelector(`.mail-${name}`));
    const window = name === "preheader" && !program.classList.contains("phone") ? /** @type {HTMLElement} */ (part.parentElement) : part;
    const all = [...(part.textContent ?? "")].length;
    const seen = Math.min(all, visible(part, program.classList.contains("desktop") ? /** @type {HTMLElement} */ (part.parentElement) : window));
    return `${name} ${seen} of ${all}`;
  });
  if (said) said.textContent = `Seen: ${parts.join(", ")} characters`;
}

/**
 * Return how many characters of a text are seen within a box that cuts it.
 * @param {HTMLElement} part
 * @param {HTMLElement} box
 */
function visible(part, box) {
  const text = part.firstChild;
  if (!text) return 0;
  const edge = box.getBoundingClientRect();
  const range = document.createRange();
  const ends = [...(text.nodeValue ?? "")].reduce((sums, one) => [...sums, sums[sums.length - 1] + one.length], [0]).slice(0, 400);
  let seen = 0;
  for (let at = 1; at < ends.length; at++) {
    range.setStart(text, ends[at - 1]);
    range.setEnd(text, ends[at]);
    const one = range.getBoundingClientRect();
    if (one.right > edge.right + 1 || one.left < edge.left - 1 || one.bottom > edge.bottom + 2) break;
    seen = at;
  }
  return seen;
}
