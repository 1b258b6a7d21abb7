// The top bar: whose issue of which day, one up or down the lists, and the gallery of edge cases and letters.

import { about } from "./about.js";
import { ask } from "./ask.js";
import { bdi, byId, fill, h, icon } from "./dom.js";
import { picker } from "./picker.js";
import { addressOf, go, state } from "./state.js";
import { counted } from "./words.js";

/** @type {any} */
let desk = { issues: [], readers: [], cases: [], recipients: [], newsletter: { name: "" }, against: null };

/** Return what there is to pick from: the server's last answer of /api/desk. */
export const onDesk = () => desk;

const AWAY = { case: "", paper: "", max_papers: "", min_score: "" };

export const issues = picker({
  label: "Issue", testid: "issue-search", noun: "issue", onPick: (issue) => go({ ...AWAY, issue }),
});
export const readers = picker({
  label: "Reader", testid: "reader-search", noun: "reader", onPick: (as) => go({ ...AWAY, as }),
});

/** Put the pickers and the gallery where they belong. */
export function layDesk() {
  byId("pick-issue").append(issues.element, ...steps("issue", issueStep, "k", "j"));
  byId("pick-reader").append(readers.element, ...steps("reader", readerStep, "[", "]"));
  byId("gallery-button").addEventListener("click", toggleGallery);
  byId("gallery").addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a[data-case]");
    if (!(link instanceof HTMLElement) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    pickCase(link.dataset.case ?? "");
  });
}

/** @type {(value?: unknown) => void} */
let known = () => {};
/** Resolves when there is something to pick from. */
export const deskKnown = new Promise((resolve) => (known = resolve));

/** Ask what there is, and offer it. */
export async function readDesk() {
  desk = await ask("desk", "/api/desk");
  known();
  fill(byId("brand"), bdi(desk.newsletter.name), " ", h("em", {}, "studio"));
  issues.offer(desk.issues.map((each) => ({ value: each.issue, label: each.label, hint: counted(each.papers, "paper") })));
  readers.offer(
    desk.readers.map((each) => ({
      value: each.as, label: each.name || each.as, hint: each.as === "sample" ? "" : each.as,
      mark: each.status === "active" ? "" : each.status,
    })),
  );
  drawGallery();
  showPlace();
}

/** Show in the pickers what is on the desk. */
export function showPlace() {
  const now = state();
  const place = about()?.place ?? {};
  if (now.case) {
    issues.set(`Gallery: ${desk.cases.find((each) => each.case === now.case)?.title ?? now.case}`);
    readers.set("A made-up reader");
  } else {
    issues.set(now.issue || place.issue || desk.issues[0]?.issue || "");
    readers.set(now.as.includes("@") ? now.as : place.as || now.as || desk.readers[0]?.as || "");
  }
  const open = now.gallery === "open" || (now.case !== "" && now.gallery !== "closed");
  byId("gallery").hidden = !open;
  byId("gallery-button").setAttribute("aria-expanded", String(open));
  const leave = byId("gallery").querySelector(".gallery-back");
  if (leave) /** @type {HTMLElement} */ (leave).hidden = !now.case;
  for (const link of byId("gallery").querySelectorAll("a[data-case]")) {
    const here = /** @type {HTMLElement} */ (link).dataset.case === now.case;
    if (here === (link.getAttribute("aria-current") === "true")) continue;
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
    if (here && open) link.scrollIntoView({ block: "nearest" });
  }
}

/**
 * Go up or down the issues, or the gallery when one of its cases is shown.
 * @param {number} by
 */
export function issueStep(by) {
  if (!state().case) issues.step(by);
  else pickCase(desk.cases[desk.cases.findIndex((each) => each.case === state().case) + by]?.case ?? "");
}

/**
 * Go up or down the readers.
 * @param {number} by
 */
export const readerStep = (by) => readers.step(by);

/** Open the gallery, or close it. */
export function toggleGallery() {
  const open = !byId("gallery").hidden;
  go({ gallery: open ? "closed" : "open" });
  const gallery = byId("gallery");
  if (!open) /** @type {HTMLElement} */ (gallery.querySelector("[aria-current]") ?? gallery.querySelector("a"))?.focus();
}

/** @param {string} name */
function pickCase(name) {
  if (name) go({ ...AWAY, settings: "", case: name });
}

function drawGallery() {
  /** @type {Map<string, any[]>} */
  const groups = new Map();
  for (const each of desk.cases) groups.set(each.group, [...(groups.get(each.group) ?? []), each]);
  fill(
    byId("gallery"),
    h("div", { class: "gallery-head" }, h("h2", {}, "Gallery"), closing()),
    h("p", { class: "gallery-say" }, "What rarely happens, and the letters. "),
    h("a", { class: "gallery-back", href: addressOf({ case: "" }), hidden: !state().case, onclick: back }, icon("left"), "Back to the issues"),
    ...[...groups].map(([group, cases]) =>
      h(
        "section",
        {},
        h("h3", {}, group),
        h("ul", {}, ...cases.map((each) => h("li", {}, caseLink(each)))),
      ),
    ),
  );
}

function caseLink(each) {
  return h("a", { href: addressOf({ ...AWAY, case: each.case }), "data-case": each.case, "data-testid": "case" }, each.title);
}

function closing() {
  return h("button", { class: "quiet", type: "button", "aria-label": "Close the gallery", onclick: toggleGallery }, icon("close"));
}

/** @param {Event} event */
function back(event) {
  event.preventDefault();
  go({ case: "", gallery: "" });
}

/**
 * @param {string} noun
 * @param {(by: number) => void} step
 * @param {string} upKey
 * @param {string} downKey
 */
function steps(noun, step, upKey, downKey) {
  const button = (name, by, key, drawing) =>
    h(
      "button",
      {
        class: "step", type: "button", title: `${name} ${noun} (${key})`, "aria-label": `${name} ${noun}`,
        "data-testid": `${noun}-${name.toLowerCase()}`, onclick: () => step(by),
      },
      icon(drawing),
    );
  return [button("Previous", -1, upKey, "up"), button("Next", 1, downKey, "down")];
}
