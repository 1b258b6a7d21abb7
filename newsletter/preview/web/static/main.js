// The studio: brings the page's parts together, and decides what is asked for when.

import { about, know } from "./about.js";
import { Dropped, within } from "./ask.js";
import { checksPanel } from "./checks.js";
import { compareView } from "./compare.js";
import { issueStep, layDesk, onDesk, readDesk, readerStep, readers, showPlace, toggleGallery } from "./desk.js";
import { byId, fill } from "./dom.js";
import { emailView } from "./email.js";
import { everyoneView } from "./everyone.js";
import { inboxView } from "./inbox.js";
import { bind, onKey } from "./keys.js";
import { listen } from "./live.js";
import { messageView, sourceView, textView } from "./parts.js";
import { go, state, watch } from "./state.js";
import { flip, layTools, nextScheme, showTools, VIEWS, WIDTHS } from "./tools.js";
import { layTrial } from "./trial.js";
import { showLost, showTrouble } from "./trouble.js";
import { asWritten } from "./tune.js";
import { whyList } from "./why.js";
import { counted } from "./words.js";

const ALONE = ["why", "everyone", "compare"]; // views that need the whole width
let revision = 0; // the server's
let version = 0; // counts what made everything that was asked for out of date
let run = 0;
let heard = 0; // the newest that was told of
let ahead = 0; // changes whose email was asked for before they were read
/** @type {Promise<void>} */
let settled = Promise.resolve();

const address = (text) => (byId("address").textContent = text);
const hooks = { key: onKey, address, shown };
const email = emailView(hooks);
const why = whyList({ reveal, settled: () => settled });
const checks = checksPanel({ reveal, told: tell });
const views = {
  inbox: inboxView(), html: email, text: textView(), source: sourceView(), message: messageView(),
  why: { element: byId("view-why"), load: (now) => why.load(now, version) },
  everyone: everyoneView(), compare: compareView(hooks),
};

/** The new document is to be seen. */
function shown() {
  document.documentElement.dataset.revision = String(revision);
  document.dispatchEvent(new CustomEvent("shown", { detail: { revision } }));
}

function reveal(paper) {
  go({ view: "html" });
  email.reveal(paper);
}

/** Load what is to be seen: the view first, what tells of it after. */
async function refresh() {
  const mine = ++run;
  const now = state();
  const name = now.view in views ? now.view : "html";
  const view = views[name];
  const done = await within(view.element, () => view.load(now, version));
  if (mine !== run) return;
  if (!done) {
    checks.unknown();
    showPlace();
    return;
  }
  await within(byId("panel"), async () => know(now, version));
  if (mine !== run) return;
  showPlace();
  const beside = now.panel === "why" && name !== "why";
  if (beside) await within(why.element, () => why.load(now, version));
  if (mine !== run) return;
  tell();
  void within(checks.element, () => checks.load(now, version));
}

/** Say in one sentence what is shown. */
function tell() {
  const issue = about();
  if (!issue) return;
  const said = `${issue.title}: ${counted(issue.papers, "paper")}${checks.verdict() ? `, ${checks.verdict()}` : ""}`;
  if (byId("status").textContent !== said) byId("status").textContent = said;
  document.title = `${issue.title} · ${onDesk().newsletter.name} studio`;
}

function lay(now) {
  const name = now.view in views ? now.view : "html";
  document.documentElement.dataset.view = name;
  showTools({ ...now, view: name });
  const beside = now.panel === "why" && name !== "why";
  const home = beside ? byId("panel-why") : byId("view-why");
  if (why.element.parentElement !== home) home.append(why.element);
  const open = (now.panel === "checks" || beside) && !ALONE.includes(name);
  byId("panel").hidden = !open;
  byId("panel-checks").hidden = beside;
  byId("panel-why").hidden = !beside;
  byId("verdict-chip").setAttribute("aria-expanded", String(open && !beside));
  for (const each of ["checks", "why"])
    byId(`panel-tab-${each}`).setAttribute("aria-pressed", String(open && (each === "why") === beside));
  showPlace();
}

function openPanel(name) {
  const panel = byId("panel");
  const unseen = !panel.hidden && panel.getBoundingClientRect().top > window.innerHeight - 80; // below, in a narrow window
  if (unseen && state().panel === name) panel.scrollIntoView({ block: "nearest" });
  else if (ALONE.includes(state().view)) go({ view: "html", panel: name });
  else go({ panel: state().panel === name ? "none" : name });
  if (!panel.hidden) panel.scrollIntoView({ block: "nearest" });
}

function keyTable() {
  const key = (group, letter, says, act) => ({ group, key: letter, says, run: act });
  const views_ = VIEWS.map(([name, label, letter]) => key("Views", letter, label, () => go({ view: name })));
  return [
    key("Issue and reader", "j", "Next issue, or case", () => issueStep(1)),
    key("Issue and reader", "k", "Previous issue, or case", () => issueStep(-1)),
    key("Issue and reader", "]", "Next reader", () => readerStep(1)),
    key("Issue and reader", "[", "Previous reader", () => readerStep(-1)),
    key("Issue and reader", "/", "Find a reader", () => readers.input.focus()),
    key("Issue and reader", "g", "Gallery of edge cases and letters", toggleGallery),
    key("Issue and reader", "w", "Settings as written", asWritten),
    ...views_,
    ...WIDTHS.map(([width, label], at) => key("The email", String(at + 1), width === "full" ? "Full width" : `${label} px wide`, () => go({ w: width }))),
    key("The email", "d", "Light, dark, inverted", nextScheme),
    key("The email", "x", "Images", () => flip("images")),
    key("The email", "n", "Styles", () => flip("styles")),
    key("The rest", "c", "Checks", () => openPanel("checks")),
    key("The rest", "r", "Load again", reload),
    key("The rest", "Escape", "Close what is open", closeAny),
    key("The rest", "?", "These keys", () => /** @type {HTMLDialogElement} */ (byId("keys")).showModal()),
  ];
}

function closeAny() {
  if (document.activeElement instanceof HTMLElement && document.activeElement.matches("input, select")) document.activeElement.blur();
  else if (!byId("gallery").hidden) toggleGallery();
  else if (state().paper) go({ paper: "" });
  else if (!byId("panel").hidden) go({ panel: "none" });
}

function reload() {
  version++;
  settled = refresh();
  void again();
}

async function again() {
  try {
    await readDesk();
    byId("refused").hidden = true;
    if (onDesk().revision < heard) return; // an answer from before the last change
    showTrouble(onDesk().trouble);
    reached(onDesk().revision);
  } catch (problem) {
    if (problem instanceof Dropped) return;
    byId("refused").hidden = false;
    fill(byId("refused"), problem.message);
  }
}

/** Something was saved, and is read now: an email that is asked for meanwhile is answered with it. */
function changing() {
  if (state().view !== "html") return;
  ahead++;
  version++;
  settled = refresh();
}

/** The server is at a revision: the first that is heard of is the one that was loaded. */
function reached(told) {
  if (told === revision) return;
  const first = revision === 0;
  revision = told;
  if (first) return;
  version++;
  settled = refresh();
}

/** While there is trouble the server answers with the last good state, and so nothing is asked for. */
function changed({ revision: told, trouble, what = [] }) {
  heard = told;
  if (ahead) {
    ahead--;
    if (!trouble) document.documentElement.dataset.revision = String((revision = told));
  } else if (!trouble) reached(told);
  showTrouble(trouble);
  if (!trouble && what.some((each) => each !== "template")) void again();
}

layDesk();
layTools();
layTrial();
byId("panel-checks").append(checks.element);
byId("verdict-chip").addEventListener("click", () => openPanel("checks"));
byId("panel-tab-checks").addEventListener("click", () => go({ panel: "checks" }));
byId("panel-tab-why").addEventListener("click", () => go({ panel: "why" }));
byId("panel-close").addEventListener("click", () => go({ panel: "none" }));
byId("tried").addEventListener("click", asWritten);
bind(keyTable());
watch((now, what) => {
  lay(now);
  settled = refresh();
  if (what.has("view")) {
    byId("view").scrollTop = 0;
    if (now.view === "why") why.focus();
  }
});
lay(state());
if (state().view !== "html") void again();
settled = refresh();
if (state().view === "html") void again();
if (state().view === "why") why.focus();
listen({
  changing,
  changed,
  lost: () => showLost(true),
  back(data) {
    showLost(false);
    ahead = 0;
    heard = data.revision;
    revision = data.revision;
    reload();
  },
});
