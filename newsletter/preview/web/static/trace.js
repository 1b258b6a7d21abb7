// One paper's whole way: where it came from, what became of it, what was nearest, what would change it.

import { h, icon } from "./dom.js";
import { points } from "./fates.js";
import { addressOf, go } from "./state.js";

/**
 * Return what the server tells of one paper, as elements.
 * @param {any} answer of /api/paper
 * @param {any} one the candidate whose row is opened; null when the paper was looked for
 * @returns {(Node | false)[]}
 */
export function traceOf(answer, one) {
  if (!answer.found) return missing(answer);
  return [
    !one && h("h3", { class: "looked-title", dir: "auto" }, answer.paper.title),
    h("p", { class: "verdict" }, h("bdi", {}, answer.verdict)),
    listed("What would change it", answer.remedies, ({ change, origin }) => [h("bdi", {}, change), line(origin)], "remedies"),
    listed("Nearest interests", answer.nearest, ({ interest, score, numbers, origin }) => [
      h("b", {}, points(score)), " ", h("bdi", {}, interest), " ", h("span", { class: "facts" }, numbers ?? ""), " ", line(origin),
    ], "nearest"),
    listed("Its way here", answer.history, (step) => [h("bdi", {}, step)]),
    answer.elsewhere && elsewhere(answer),
    h(
      "p",
      { class: "trace-acts" },
      one?.reveal && h("button", { class: "button", type: "button", "data-testid": "show-in-email", onclick: one.reveal }, "Show in the email"),
      /^https?:/.test(answer.paper.url ?? "") && h("a", { class: "plain", href: answer.paper.url, target: "_blank", rel: "noopener noreferrer" }, "Open the paper", icon("out")),
      h("code", { class: "origin" }, answer.paper.id),
    ),
  ];
}

function missing(answer) {
  return [
    h("p", { class: "verdict" }, h("bdi", {}, answer.told)),
    listed("Titles that are alike", answer.near, ({ title, issue, id }) => [
      h("bdi", {}, title), issue && link(`the issue of ${issue}`, { issue, paper: id, find: "", fate: "", case: "" }),
    ]),
  ];
}

function elsewhere(answer) {
  const { issue } = answer.elsewhere;
  return h("p", {}, "It belongs to another edition: ", link(`look at ${issue}`, { issue, paper: answer.paper.id, find: "", fate: "", case: "" }));
}

function link(words, changes) {
  const follow = (event) => {
    event.preventDefault();
    go(changes);
  };
  return h("a", { class: "plain", href: addressOf(changes), onclick: follow }, words);
}

function listed(title, items, shown, style) {
  if (!items?.length) return false;
  return h("div", { class: style ?? "" }, h("h4", {}, title), h("ul", {}, ...items.map((item) => h("li", {}, ...shown(item)))));
}

const line = (origin) => (origin ? h("code", { class: "origin" }, origin) : null);
