// What is known of the issue that is shown: asked once for everybody who tells of it.

import { ask } from "./ask.js";
import { placeOf } from "./state.js";

/** @type {((about: any) => void)[]} */
const told = [];
let key = "";
/** @type {any} */
let last = null;

/** Return the server's last answer of /api/issue, null before the first. */
export const about = () => last;

/**
 * Be told of each answer.
 * @param {(about: any) => void} listener
 */
export function whenKnown(listener) {
  told.push(listener);
}

/**
 * Ask about the issue of a place, unless that is known of this revision.
 * @param {import("./state.js").State} now
 * @param {number} revision
 */
export async function know(now, revision) {
  const wanted = `${placeOf(now)}#${revision}`;
  if (wanted === key) return;
  const answer = await ask("issue", `/api/issue?${placeOf(now)}`);
  key = wanted;
  last = answer;
  for (const listener of told) listener(answer);
}

/** Forget the last answer, so that it is asked for again. */
export function forget() {
  key = "";
}
