// The view of the HTML part: the email on the desk, with its envelope above and a handle at its edge.

import { whenKnown } from "./about.js";
import { bdi, byId, fill, h } from "./dom.js";
import { Frame } from "./frame.js";
import { handle } from "./handle.js";
import { go, placeOf, state } from "./state.js";

const WIDTHS = ["320", "375", "600", "full"];

/**
 * Make the view.
 * @param {{key: (event: KeyboardEvent) => void, address: (text: string) => void, shown: () => void}} hooks
 */
export function emailView({ key, address, shown }) {
  const element = byId("view-html");
  const envelope = h("header", { class: "envelope" });
  const said = h("p", { class: "wide-word", role: "note", hidden: true });
  const room = h("div", { class: "room" });
  const scroller = () => (getComputedStyle(byId("view")).overflowY === "auto" ? byId("view") : /** @type {HTMLElement} */ (document.scrollingElement));
  const frame = new Frame("The email", { key, address, scroller: () => scrolled(scroller()) });
  const grip = handle(frame.element, () => room.clientWidth, (width) => go({ w: String(width) }, { soon: true }));
  frame.element.append(grip.element);
  room.append(frame.element);
  element.append(envelope, said, room);

  let loaded = "";
  let place = "";
  let look = "";
  /** @type {any} */
  let wanted = null;

  function resize(now) {
    const width = WIDTHS.includes(now.w) || Number(now.w) >= 100 ? now.w : "full";
    element.style.setProperty("--sheet", width === "full" ? "100%" : `${width}px`);
    frame.element.style.width = width === "full" ? "" : `${Math.min(Number(width), 2400)}px`;
    frame.measure();
    tellWidth();
  }

  function tellWidth() {
    grip.tell();
    said.hidden = !frame.wide;
    said.textContent = frame.wide ? `What it holds is ${frame.wide} px wide: readers scroll sideways.` : "";
  }

  function reveal() {
    if (!wanted || frame.loading) return;
    const paper = wanted;
    wanted = null;
    address(frame.reveal(paper) ? "" : `“${paper.title}” stands in no link of this email`);
  }

  whenKnown((issue) => {
    drawEnvelope(envelope, issue);
    frame.element.hidden = !issue.has_html;
  });
  new ResizeObserver(tellWidth).observe(room);

  return {
    element,
    /**
     * Load and dress what `now` says.
     * @param {import("./state.js").State} now
     * @param {number} revision
     */
    async load(now, revision) {
      const query = placeOf(now);
      const dressed = { scheme: now.scheme, images: now.images, styles: now.styles };
      const mark = `${query}#${revision}`;
      resize(now);
      if (mark !== loaded) {
        // The same reader's issue of the same day stays where it was scrolled to, whatever else is tried.
        const here = `${now.issue}|${now.as}|${now.case}`;
        loaded = mark;
        try {
          const became = await frame.show(`/email?${query}`, dressed, { keep: here === place });
          if (became === "dropped") return;
        } catch (problem) {
          if (loaded === mark) loaded = "";
          room.hidden = envelope.hidden = here !== place; // another's email would be taken for this one
          throw problem;
        }
        place = here;
        room.hidden = envelope.hidden = false;
        look = JSON.stringify(dressed);
        element.querySelector(":scope > .refused")?.remove();
        shown();
        tellWidth();
      } else if (look !== JSON.stringify(dressed)) {
        look = JSON.stringify(dressed);
        await frame.redress(dressed);
        shown();
      }
      reveal();
    },
    /** @param {{id: string, title: string, url?: string}} paper */
    reveal(paper) {
      wanted = paper;
      if (state().view === "html") reveal();
    },
  };
}

/** A scroller's window: of the whole page it begins at the top of the window, not of the document. */
function scrolled(element) {
  if (element !== document.scrollingElement) return element;
  return { getBoundingClientRect: () => ({ top: 0 }), scrollBy: (how) => window.scrollBy(how) };
}

function drawEnvelope(envelope, issue) {
  const when = new Date(issue.date);
  const from = issue.sender[0] || issue.sender[1];
  fill(
    envelope,
    h("h2", { class: "subject", dir: "auto", "data-testid": "subject" }, issue.subject),
    h(
      "p",
      { class: "from-to" },
      h("span", {}, bdi(from, "strong"), " to ", bdi(issue.recipient[0] || issue.recipient[1], "strong"), " ",
        issue.recipient[0] && bdi(issue.recipient[1])),
      h("time", { datetime: issue.date }, spoken(when)),
    ),
    ...notes(issue).map(([style, text]) => h("p", { class: `note ${style}` }, text)),
  );
}

function notes(issue) {
  const found = [];
  if (!issue.has_html) found.push(["plain", "This reader gets text alone: there is no HTML part. The Text view shows it."]);
  if (issue.empty) found.push(["plain", "Nothing matched: an empty day sends nothing, unless the settings ask for it."]);
  if (issue.status && issue.status !== "active") found.push(["warn", `${issue.recipient[1]} is ${issue.status}: nothing is sent.`]);
  if (issue.delivered) found.push(["good", sentence(issue.delivered.detail)]);
  for (const note of issue.notes ?? []) found.push(["plain", sentence(note)]);
  return found;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");

const spoken = (when) =>
  `${when.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" })}, ` +
  `${when.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" })} UTC`;
