// The view of everyone: who gets what on this day, a screenful at a time.

import { ask } from "./ask.js";
import { byId, fill, h } from "./dom.js";
import { bar } from "./gauge.js";
import { addressOf, go, placeOf } from "./state.js";
import { counted, number, size } from "./words.js";

const CLIP = 102400;

/** Make the view. */
export function everyoneView() {
  const element = byId("view-everyone");
  const facts = h("p", { class: "facts", role: "status" });
  const rows = h("tbody");
  const more = h("button", { class: "button", type: "button", "data-testid": "more-readers", hidden: true, onclick: () => void ahead() }, "Show more");
  const heads = ["Reader", "Papers", "Subject", "HTML", "Checks"].map((name) => h("th", { scope: "col" }, name));
  element.append(
    h("div", { class: "page wide-page" }, facts,
      h("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Everyone's issues" },
        h("table", {}, h("caption", { class: "unseen" }, "Everyone's issues of this day"), h("thead", {}, h("tr", {}, ...heads)), rows)),
      h("div", { class: "rest" }, more)),
  );
  let loaded = "";
  let query = "";
  /** @type {number | null} */
  let next = 0;
  let asking = false;

  async function ahead() {
    if (asking || next === null || element.hidden) return;
    asking = true;
    const mark = loaded;
    try {
      const answer = await ask("everyone", `/api/everyone?${query}&from=${next}`);
      if (mark !== loaded) return;
      if (!next) fill(rows);
      next = answer.next;
      rows.append(...answer.rows.map(row));
      facts.textContent = `${number(rows.children.length)} of ${counted(answer.total, "reader")}`;
      more.hidden = next === null;
    } finally {
      asking = false;
    }
  }
  new IntersectionObserver(([seen]) => seen.isIntersecting && rows.children.length && void ahead().catch(() => {}), { rootMargin: "200px" }).observe(more);

  return {
    element,
    /**
     * @param {import("./state.js").State} now
     * @param {number} revision
     */
    async load(now, revision) {
      const wanted = placeOf({ ...now, as: "", case: "", max_papers: "", min_score: "" });
      const mark = `${wanted}#${revision}`;
      if (mark === loaded) return;
      loaded = mark;
      query = wanted;
      next = 0;
      asking = false;
      await ahead().catch((problem) => {
        if (loaded === mark) loaded = "";
        throw problem;
      });
    },
  };
}

function row(one) {
  const changes = { as: one.as, case: "", view: "html", max_papers: "", min_score: "", paper: "" };
  const follow = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(changes);
  };
  const style = one.verdict === "no findings" ? "good" : /\berror/.test(one.verdict) ? "bad" : "warn";
  return h(
    "tr",
    { "data-as": one.as },
    h("th", { scope: "row" },
      h("a", { href: addressOf(changes), onclick: follow, dir: "auto" }, one.name || one.as),
      one.name && one.as !== "sample" && h("bdi", { class: "facts" }, one.as),
      one.status !== "active" && h("span", { class: "picker-mark" }, one.status)),
    h("td", { class: "amount" }, number(one.papers)),
    h("td", { class: "cell-subject", dir: "auto" }, one.subject),
    h("td", { class: "cell-size" }, one.size ? [bar(one.size, CLIP)][0] : "", h("span", { class: "facts" }, one.size ? size(one.size) : "text alone")),
    h("td", {}, h("span", { class: `word ${style}` }, one.verdict)),
  );
}
