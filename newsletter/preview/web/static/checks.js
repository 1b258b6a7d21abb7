// The panel of checks: one verdict, the sizes, every finding with its template line and its paper.

import { whenKnown } from "./about.js";
import { ask } from "./ask.js";
import { onDesk } from "./desk.js";
import { byId, fill, h, icon } from "./dom.js";
import { drawGauge } from "./gauge.js";
import { go, placeOf } from "./state.js";

const PARTS = [["message", "Message"], ["headers", "Headers"], ["html", "HTML"], ["text", "Text"]];

/**
 * Make the panel's content.
 * @param {{reveal: (paper: any) => void, told: () => void}} hooks
 */
export function checksPanel({ reveal, told }) {
  const verdict = h("h2", { class: "panel-verdict", "data-testid": "verdict" }, "Checking …");
  const gauge = h("div", { class: "gauges" });
  const list = h("div", { class: "findings" });
  const element = h("div", { class: "checks", "data-testid": "checks" }, verdict, gauge, list);
  let loaded = "";
  /** @type {any} */
  let last = null;
  whenKnown((issue) => drawGauge(gauge, issue));

  function draw() {
    const style = last.errors ? "bad" : last.findings.length ? "warn" : "good";
    fill(verdict, icon(style === "good" ? "check" : "alert"), capital(last.verdict));
    verdict.className = `panel-verdict ${style}`;
    const chip = byId("verdict-chip");
    chip.className = `chip-button ${style}`;
    fill(chip, icon(style === "good" ? "check" : "alert"), h("span", {}, capital(last.verdict)));
    fill(
      list,
      ...PARTS.map(([part, label]) => [label, last.findings.filter((each) => each.part === part)])
        .filter(([, found]) => found.length)
        .map(([label, found]) => h("section", {}, h("h3", {}, label), h("ul", {}, ...found.map(finding)))),
      onDesk().warnings?.length > 0 &&
        h("section", {}, h("h3", {}, "Settings"), h("ul", {}, ...onDesk().warnings.map((text) => h("li", { class: "finding warn" }, h("bdi", {}, text))))),
      !last.findings.length && h("p", { class: "nothing" }, "Size, accessibility, links, styles, header and text are as they should be."),
    );
  }

  function finding(one) {
    const places = h(
      "p",
      { class: "finding-where" },
      one.template && h("code", { class: "origin" }, `${one.template.file}:${one.template.line}`),
      one.line > 0 && (one.part === "html" || one.part === "text") &&
        h("button", { class: "link", type: "button", onclick: () => openLine(one) }, `line ${one.line}`),
      one.times > 1 && h("span", { class: "times" }, `×${one.times}`),
    );
    return h(
      "li",
      { class: `finding ${one.severity === "error" ? "bad" : "warn"}` },
      h(
        "button",
        { class: "finding-main", type: "button", "data-testid": "finding", onclick: () => show(one) },
        icon("alert"),
        h("span", {}, h("span", { class: "unseen" }, `${one.severity}: `), h("bdi", {}, one.message)),
      ),
      one.paper && h("p", { class: "finding-paper", dir: "auto" }, one.paper.title),
      one.excerpt && h("code", { class: "finding-excerpt", dir: "auto" }, one.excerpt),
      places.childNodes.length > 0 && places,
    );
  }

  function show(one) {
    if (one.paper) {
      go({ view: "html" });
      reveal(one.paper);
    } else if (one.part === "html" || one.part === "text") openLine(one);
    else go({ view: "message" });
  }

  function unknown() {
    loaded = "";
    fill(byId("verdict-chip"), h("span", {}, "No verdict"));
    fill(verdict, "No verdict");
    verdict.className = "panel-verdict";
    fill(list);
    byId("verdict-chip").className = "chip-button";
  }

  return {
    element,
    /** Say that there is no verdict. */
    unknown,
    /** Return the last verdict in words, "" before the first. */
    verdict: () => last?.verdict ?? "",
    /**
     * @param {import("./state.js").State} now
     * @param {number} revision
     */
    async load(now, revision) {
      const mark = `${placeOf(now)}#${revision}`;
      if (mark === loaded) return;
      try {
        last = await ask("checks", `/api/checks?${placeOf(now)}`);
      } catch (problem) {
        unknown();
        throw problem;
      }
      loaded = mark;
      draw();
      told();
    },
  };
}

function openLine(one) {
  if (one.part === "text") go({ view: "text", line: String(one.line || "") });
  else go({ view: "source", part: "html", line: String(one.line || "") });
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
