// What became of a paper, in words; its score as a bar with the gate marked; its reasons with their lines.

import { h } from "./dom.js";

const GATE = 0.5; // the measured gate on the scale that people see
const WORDS = { in: "In", pick: "Picked", trending: "Trending", cut: "Cut", unmatched: "Not matched" };
const CUTS = { limit: "better papers fill the issue", sent: "already sent", excluded: "excluded", score: "under this reader's bar" };

/**
 * Return the word of a candidate's fate.
 * @param {{fate: string}} one
 */
export const fateWord = (one) => WORDS[one.fate] ?? one.fate;

/**
 * Return a score as it is written.
 * @param {number} score
 */
export const points = (score) => score.toFixed(2);

/**
 * Return what became of a candidate, as a sentence.
 * @param {any} one
 */
export function told(one) {
  if (one.fate === "cut") {
    const why = CUTS[one.cut?.reason] ?? one.cut?.reason ?? "";
    return one.cut?.detail ? `${why}: ${one.cut.detail}` : why;
  }
  if (one.fate === "unmatched") {
    if (!one.nearest) return "no interest comes near";
    return `nearest is “${one.nearest.interest}” at ${points(one.nearest.score)}; ${points(GATE)} lets in`;
  }
  return one.section ? `“${one.section}”` : "the lead";
}

/**
 * Make the bar of a candidate's score, or of how near it came.
 * @param {any} one
 */
export function scoreBar(one) {
  const score = one.fate === "unmatched" ? (one.nearest?.score ?? 0) : one.score;
  const filled = h("span", { class: "score-filled" });
  filled.style.width = `${Math.round(100 * Math.min(1, Math.max(0, score)))}%`;
  return h(
    "span",
    { class: "score", title: `score ${score.toFixed(4)}${one.words ? `, words ${points(one.words)}` : ""}${one.closeness ? `, closeness ${one.closeness.toFixed(1)}` : ""}; the gate is at ${points(GATE)}` },
    h("span", { class: "score-bar", "aria-hidden": "true" }, filled, h("span", { class: "score-gate" })),
    h("span", { class: "score-number" }, h("span", { class: "unseen" }, "score "), points(score)),
  );
}

/**
 * Make the list of reasons, each with its line of the settings.
 * @param {{text: string, origin: string}[]} reasons
 */
export function reasonList(reasons) {
  return h("ul", { class: "reasons" }, ...reasons.map(({ text, origin }) => h("li", {}, h("bdi", {}, text), " ", origin && h("code", { class: "origin" }, origin))));
}
