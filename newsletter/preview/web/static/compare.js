// Two issues side by side, scrolled in step, and what differs between them.

import { ask } from "./ask.js";
import { byId, fill, h } from "./dom.js";
import { deskKnown, onDesk } from "./desk.js";
import { Frame } from "./frame.js";
import { points } from "./fates.js";
import { picker } from "./picker.js";
import { go, placeOf, state } from "./state.js";
import { heightOf, spotAt } from "./spots.js";
import { counted } from "./words.js";

const KINDS = { gained: "Gained", lost: "Lost", moved: "Moved", elsewhere: "Elsewhere" };

/**
 * Make the view.
 * @param {{key: (event: KeyboardEvent) => void, address: (text: string) => void, shown: () => void}} hooks
 */
export function compareView({ key, address, shown }) {
  const element = byId("view-compare");
  const issue = picker({ label: "Compare with the issue", testid: "with-issue", noun: "issue", onPick: (value) => go({ with_issue: value }) });
  const reader = picker({ label: "Compare with the reader", testid: "with-reader", noun: "reader", onPick: (value) => go({ with_as: value }) });
  const settings = /** @type {HTMLSelectElement} */ (
    h("select", { class: "select", "aria-label": "Compare with the settings", "data-testid": "with-settings", onchange: () => go({ with_settings: settings.value }) })
  );
  const summary = h("p", { class: "facts", role: "status" });
  const changes = h("ul", { class: "changes" });
  const sides = ["left", "right"].map((name) => side(name, { key, address }));
  element.append(
    h("div", { class: "compare-head" },
      h("div", { class: "compare-with" }, h("span", { class: "compare-word" }, "Compare with"), issue.element, reader.element, settings),
      summary, changes),
    h("div", { class: "sides" }, ...sides.map((each) => each.element)),
  );
  inStep(sides);
  let loaded = "";
  let look = "";

  function choices(now) {
    const { issues, readers, against } = onDesk();
    issue.offer([{ value: "", label: "the same issue" }, ...issues.map((each) => ({ value: each.issue, label: each.label }))]);
    reader.offer([{ value: "", label: "the same reader" }, ...readers.map((each) => ({ value: each.as, label: each.name || each.as, hint: each.as }))]);
    issue.set(now.with_issue);
    reader.set(now.with_as);
    const options = [["", "the same settings"], ["written", "settings as written"], ...(against ? [["other", against]] : [])];
    fill(settings, ...options.map(([value, label]) => h("option", { value, selected: value === now.with_settings }, label)));
  }

  return {
    element,
    /**
     * @param {import("./state.js").State} now
     * @param {number} revision
     */
    async load(now, revision) {
      await deskKnown;
      choices(now);
      const usual = now.with_issue || now.with_as || now.with_settings ? {} : suggested(now);
      const asked = { with_issue: now.with_issue, with_as: now.with_as, with_settings: now.with_settings, ...usual };
      if (Object.keys(usual).length) {
        issue.set(asked.with_issue);
        reader.set(asked.with_as);
        settings.value = asked.with_settings;
      }
      const wanted = new URLSearchParams(placeOf(now));
      for (const [name, value] of Object.entries(asked)) if (value) wanted.set(name, value);
      const mark = `${wanted}#${revision}`;
      const dressed = { scheme: now.scheme, images: now.images, styles: now.styles };
      if (mark !== loaded) {
        const answer = await ask("compare", `/api/compare?${wanted}`);
        loaded = mark;
        look = JSON.stringify(dressed);
        drawChanges(answer);
        const marks = { left: now.settings ? onDesk().against : "", right: settings.selectedOptions[0]?.textContent ?? "" };
        if (!asked.with_settings) marks.right = "";
        await Promise.all(sides.map((each) => each.show(answer[each.name], dressed, marks[each.name])));
        shown();
      } else if (look !== JSON.stringify(dressed)) {
        look = JSON.stringify(dressed);
        await Promise.all(sides.map((each) => each.frame.redress(dressed)));
        shown();
      }
    },
  };

  function drawChanges(answer) {
    summary.textContent = `${counted(answer.same, "paper")} in both; ${counted(answer.changes.length, "difference")}`;
    fill(
      changes,
      ...answer.changes.map((each) =>
        h(
          "li",
          { class: `change ${each.kind}` },
          h("span", { class: "chip" }, KINDS[each.kind] ?? each.kind),
          h("button", { class: "change-title", type: "button", onclick: () => sides.forEach((one) => one.frame.reveal(each)) },
            h("bdi", { dir: "auto" }, each.title)),
          h("span", { class: "facts", title: placed(each) }, placed(each)),
        ),
      ),
    );
  }
}

/** Return what to compare with when nothing is picked: what was written, the other file, the issue before, the next reader. */
function suggested(now) {
  const { issues, readers, against } = onDesk();
  if (now.max_papers || now.min_score || now.settings) return { with_settings: "written" };
  if (against) return { with_settings: "other" };
  const before = issues[issues.findIndex((each) => each.issue === now.issue || !now.issue) + 1];
  if (before) return { with_issue: before.issue };
  const other = readers.find((each) => each.as !== now.as && each !== readers[0]);
  return other ? { with_as: other.as } : {};
}

function placed({ left, right, why }) {
  const spot = (one) => `no. ${one.number}${one.section ? ` in “${one.section}”` : ", the lead"} (${points(one.score)})`;
  const words = left && right ? `${spot(left)} → ${spot(right)}` : spot(left ?? right);
  return why ? `${words}; ${left ? "right" : "left"}: ${why}` : words;
}

function side(name, { key, address }) {
  const title = h("h2", { class: "side-title", dir: "auto" });
  const scroller = h("div", { class: "side-scroll", tabindex: "0", role: "region", "aria-label": `The ${name} issue` });
  const frame = new Frame(`The ${name} email`, { key, address, scroller: () => scroller });
  scroller.append(frame.element);
  return {
    name, frame, scroller,
    element: h("div", { class: "side" }, title, scroller),
    async show(one, look, mark) {
      fill(title, h("bdi", {}, one.title), h("span", { class: "facts" }, counted(one.papers, "paper"), mark && `, ${mark}`));
      await frame.show(`/email?${one.query}`, look, { keep: frame.url === `/email?${one.query}` });
    },
  };
}

/** Scroll the other side to the same paper, or as far when it has none. */
function inStep(sides) {
  let leading = null;
  sides.forEach((mine, at) => {
    const other = sides[1 - at];
    for (const name of ["pointerenter", "focusin", "wheel", "touchstart"])
      mine.scroller.addEventListener(name, () => (leading = mine), { passive: true });
    mine.scroller.addEventListener("scroll", () => {
      if (leading !== mine) return;
      const [from, to] = [mine.frame.shown?.contentDocument, other.frame.shown?.contentDocument];
      const spot = from && spotAt(from, mine.frame.scrolled());
      const height = spot && to ? heightOf(to, spot) : null;
      other.scroller.scrollTop += (height ?? mine.frame.scrolled()) - other.frame.scrolled();
    }, { passive: true });
  });
}
