// Why each paper is in the issue, or is not: every candidate with its fate in words; one of them opened in full.

import { ask, within } from "./ask.js";
import { fill, h, icon } from "./dom.js";
import { fateWord, reasonList, scoreBar, told } from "./fates.js";
import { go, placeOf, state } from "./state.js";
import { traceOf } from "./trace.js";
import { tuning } from "./tune.js";
import { folded, holds, number } from "./words.js";

const CHUNK = 60; // rows drawn at once; more as they are asked for
const FILTERS = [["in", "In"], ["pick", "Picked"], ["trending", "Trending"], ["cut", "Cut"], ["unmatched", "Not matched"]];

/**
 * Make the list; it is put into the view, or into the panel beside the email.
 * @param {{reveal: (paper: any) => void, settled: () => Promise<void>}} hooks
 */
export function whyList({ reveal, settled }) {
  const search = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "search", type: "search", placeholder: "A few letters of a title", "aria-label": "Find a paper by its title",
      autocomplete: "off", spellcheck: "false", "data-testid": "why-filter", oninput: () => go({ find: search.value }, { soon: true }),
    })
  );
  // From the letters to what they found: the first row by Enter, or into the rows by the arrow.
  search.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter" && event.key !== "ArrowDown") return;
    event.preventDefault();
    await settled(); // what was typed last is found
    const first = /** @type {HTMLElement | null} */ (rows.querySelector(".candidate-title"));
    first?.focus();
    if (event.key === "Enter" && first?.getAttribute("aria-expanded") === "false") first.click();
  });
  const filters = h("div", { class: "counts", role: "group", "aria-label": "Only papers that are" });
  const rows = h("ol", { class: "candidates" });
  const rest = h("div", { class: "rest", "aria-live": "polite" });
  const tune = tuning(settled);
  const element = h(
    "div",
    { class: "why" },
    h("div", { class: "why-tune" }, tune.element),
    h("div", { class: "why-main" }, h("div", { class: "why-head" }, search, filters), rows, rest),
  );

  /** @type {(any & {typed: string})[]} */
  let all = [];
  let loaded = "";
  let drawn = "";
  let most = CHUNK;
  let opened = "";

  function draw(now) {
    const key = JSON.stringify([loaded, now.find, now.fate, now.paper, most]);
    if (key === drawn) return;
    if (!drawn.startsWith(JSON.stringify([loaded, now.find, now.fate]).slice(0, -1))) most = CHUNK;
    drawn = JSON.stringify([loaded, now.find, now.fate, now.paper, most]);
    if (search.value !== now.find) search.value = now.find;
    const found = all.filter((one) => (!now.find || holds(one.typed, now.find)) && (!now.fate || one.fate === now.fate));
    drawFilters(now);
    const shown = found.slice(0, most);
    const at = found.findIndex((one) => one.id === now.paper);
    if (at >= most) shown.push(found[at]);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.paper;
    const kept = new Map([...rows.children].map((row) => [/** @type {HTMLElement} */ (row).dataset.key, row]));
    fill(rows, ...shown.map((one) => kept.get(keyOf(one, now)) ?? row(one, now)));
    if (focused) /** @type {HTMLElement | null} */ (rows.querySelector(`[data-paper="${CSS.escape(focused)}"]`))?.focus();
    drawRest(now, found.length);
    if (now.paper && at < 0 && !now.find && !now.fate && all.length) lookUp(now.paper);
  }

  const keyOf = (one, now) => `${loaded} ${one.id} ${one.id === now.paper}`;

  function drawFilters(now) {
    const counts = new Map();
    for (const one of all) counts.set(one.fate, (counts.get(one.fate) ?? 0) + 1);
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset?.testid;
    fill(
      filters,
      ...FILTERS.filter(([fate]) => counts.has(fate) || fate === "in" || fate === "cut").map(([fate, label]) =>
        h(
          "button",
          {
            class: `count fate-${fate}`, type: "button", "aria-pressed": String(now.fate === fate), "data-testid": `fate-${fate}`,
            onclick: () => go({ fate: state().fate === fate ? "" : fate }),
          },
          label, " ", h("b", {}, number(counts.get(fate) ?? 0)),
        ),
      ),
    );
    if (focused?.startsWith("fate-")) /** @type {HTMLElement | null} */ (filters.querySelector(`[data-testid="${focused}"]`))?.focus();
  }

  function row(one, now) {
    const open = one.id === now.paper;
    const trace = h("div", { class: "trace" });
    const id = `trace-${all.indexOf(one)}`;
    const item = h(
      "li",
      { class: `candidate fate-${one.fate}${open ? " open" : ""}`, "data-key": keyOf(one, now) },
      h("span", { class: "place" }, one.number ? number(one.number) : ""),
      h(
        "h3",
        { class: "candidate-head" },
        h(
          "button",
          {
            class: "candidate-title", type: "button", "aria-expanded": String(open), "aria-controls": open ? id : null, "data-paper": one.id,
            onclick: () => go({ paper: state().paper === one.id ? "" : one.id }),
          },
          h("bdi", { dir: "auto" }, one.title), icon("down"),
        ),
      ),
      h("p", { class: "fate" }, h("span", { class: "chip" }, fateWord(one)), h("bdi", { class: "told" }, told(one))),
      scoreBar(one),
      one.reasons.length > 0 && reasonList(one.reasons),
    );
    if (open) {
      trace.id = id;
      item.append(trace);
      openTrace(trace, one);
    }
    return item;
  }

  function openTrace(trace, one) {
    fill(trace, h("p", { class: "facts" }, "Following the paper through the pipeline …"));
    void within(trace, async () => {
      const answer = await ask("paper", `/api/paper?${placeOf()}&paper=${encodeURIComponent(one.id)}`);
      fill(trace, ...traceOf(answer, { ...one, reveal: one.number ? () => reveal(one) : null }));
    });
  }

  function drawRest(now, count) {
    const left = count - most;
    const hidden = now.fate && now.find ? all.filter((one) => holds(one.typed, now.find)).length - count : 0;
    if (left > 0) {
      const more = () => {
        most += CHUNK * 4;
        draw(state());
      };
      fill(rest, h("button", { class: "button", type: "button", onclick: more }, `Show more: ${number(left)} are left`));
    } else if (count || !loaded) fill(rest);
    else if (!all.length) fill(rest, h("p", { class: "nothing" }, "There are no candidates: this is no issue of an edition."));
    else if (hidden)
      fill(rest, h("button", { class: "button", type: "button", onclick: () => go({ fate: "" }) }, `None of these; show ${number(hidden)} others`));
    else if (now.find)
      fill(
        rest,
        h("p", { class: "nothing" }, "No paper of this edition has “", h("bdi", {}, now.find), "” in its title."),
        h("button", { class: "button", type: "button", "data-testid": "look-up", onclick: () => lookUp(state().find) }, "Look for it among all stored papers"),
      );
    else fill(rest, h("p", { class: "nothing" }, "None."));
  }

  function lookUp(words) {
    if (opened === loaded + words && rest.querySelector(".looked")) return;
    opened = loaded + words;
    const looked = h("div", { class: "looked" }, h("p", { class: "facts" }, "Looking …"));
    fill(rest, looked);
    void within(looked, async () => {
      const answer = await ask("paper", `/api/paper?${placeOf()}&paper=${encodeURIComponent(words)}`);
      fill(looked, ...traceOf(answer, null));
    });
  }

  return {
    element,
    /** Put the cursor where a title is typed. */
    focus: () => search.focus({ preventScroll: true }),
    /**
     * @param {import("./state.js").State} now
     * @param {number} revision
     */
    async load(now, revision) {
      const mark = `${placeOf(now)}#${revision}`;
      if (mark !== loaded) {
        const answer = await ask("why", `/api/why?${placeOf(now)}`);
        loaded = mark;
        all = answer.candidates.map((one) => ({ ...one, typed: folded(`${one.title} ${one.id}`) }));
        element.classList.toggle("bare", !all.length);
      }
      draw(now);
    },
  };
}
