// Everything that is shown, kept in the page's own address: a reload and a link show the same.

const DEFAULTS = {
  issue: "", as: "", case: "", max_papers: "", min_score: "", settings: "",
  view: "html", w: "full", scheme: "light", images: "on", styles: "on",
  part: "html", line: "", panel: "checks", paper: "", find: "", fate: "", gallery: "",
  with_issue: "", with_as: "", with_settings: "",
};

/** @typedef {typeof DEFAULTS} State */

/** What says which issue is meant. */
export const PLACE = ["issue", "as", "case", "max_papers", "min_score", "settings"];
const AWAY = ["issue", "as", "case", "view", "with_issue", "with_as", "with_settings"];
const WAIT = 200; // browsers allow some hundred changes of the address a minute

/** @type {((now: State, changed: Set<string>) => void)[]} */
const watchers = [];
/** @type {State} */
let now = read();
let waiting = 0;

/** @returns {State} */
function read() {
  const given = new URLSearchParams(location.search);
  return Object.fromEntries(Object.entries(DEFAULTS).map(([name, usual]) => [name, given.get(name) ?? usual]));
}

/** Return what is shown. */
export const state = () => now;

/**
 * Return the page's address for what would be shown with some changes.
 * @param {Partial<State>} [changes]
 */
export function addressOf(changes = {}) {
  const wanted = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...now, ...changes }))
    if (value !== DEFAULTS[name] && value !== "") wanted.set(name, value);
  return `/?${wanted}`.replace(/\?$/, "");
}

/**
 * Return the query that names an issue to the server.
 * @param {Partial<State>} [place]
 */
export function placeOf(place = now) {
  const wanted = new URLSearchParams();
  for (const name of PLACE) {
    if (place.case && (name === "issue" || name === "as")) continue;
    if (place[name]) wanted.set(name, place[name]);
  }
  return wanted.toString();
}

/**
 * Show something else. A new place or view is one that Back leads away from; `soon` writes the address a little later.
 * @param {Partial<State>} changes
 * @param {{soon?: boolean}} [how]
 */
export function go(changes, { soon = false } = {}) {
  if ("view" in changes && !("line" in changes)) changes = { ...changes, line: "" };
  const changed = new Set(Object.keys(changes).filter((name) => now[name] !== changes[name]));
  if (!changed.size) return;
  const pushes = AWAY.some((name) => changed.has(name));
  if (pushes) settle();
  now = { ...now, ...changes };
  if (pushes) history.pushState(null, "", addressOf());
  else if (soon) waiting ||= window.setTimeout(settle, WAIT);
  else settle();
  tell(changed);
}

/**
 * Be told of every change.
 * @param {(now: State, changed: Set<string>) => void} watcher
 */
export function watch(watcher) {
  watchers.push(watcher);
}

function settle() {
  window.clearTimeout(waiting);
  waiting = 0;
  history.replaceState(null, "", addressOf());
}

/** @param {Set<string>} changed */
function tell(changed) {
  for (const watcher of watchers) watcher(now, changed);
}

window.addEventListener("popstate", () => {
  const before = now;
  now = read();
  tell(new Set(Object.keys(now).filter((name) => now[name] !== before[name])));
});
