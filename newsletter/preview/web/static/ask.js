// The one way to the server: what is no longer wanted is dropped, what goes wrong is shown where it belongs.

import { h } from "./dom.js";
import { problemsOf } from "./trouble.js";

/** The answer came too late: something else is wanted by now. */
export class Dropped extends Error {}

/** The server says no, and why; `trouble` tells the lines that broke. */
export class Refused extends Error {
  /**
   * @param {string} message
   * @param {object | null} trouble
   */
  constructor(message, trouble = null) {
    super(message);
    /** @type {any} */
    this.trouble = trouble;
  }
}

/** @type {Map<string, AbortController>} */
const going = new Map();

/**
 * Ask the server; a newer question of the same `slot` drops the older one.
 * @param {string} slot
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the answer; rejects with Dropped or Refused
 */
export async function ask(slot, path, options = {}) {
  going.get(slot)?.abort();
  const controller = new AbortController();
  going.set(slot, controller);
  try {
    const answer = await fetch(path, { ...options, signal: controller.signal, cache: "no-store" });
    const body = await answer.json().catch(() => null);
    if (controller.signal.aborted) throw new Dropped();
    if (!answer.ok || !body) throw new Refused(body?.error ?? `the studio answers ${path} with ${answer.status}`, body?.trouble ?? null);
    return body;
  } catch (problem) {
    if (controller.signal.aborted) throw new Dropped();
    if (problem instanceof Refused) throw problem;
    throw new Refused("the studio does not answer; is `newsletter preview` still running?");
  } finally {
    if (going.get(slot) === controller) going.delete(slot);
  }
}

/**
 * Do something that asks, on behalf of an element: it is busy meanwhile, and shows what went wrong.
 * @param {HTMLElement} element
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it was done
 */
export async function within(element, work) {
  element.setAttribute("aria-busy", "true");
  try {
    await work();
    element.querySelector(":scope > .refused")?.remove();
    element.removeAttribute("aria-busy");
    return true;
  } catch (problem) {
    if (problem instanceof Dropped) return false;
    element.removeAttribute("aria-busy");
    element.querySelector(":scope > .refused")?.remove();
    element.prepend(h("div", { class: "refused", role: "alert" }, h("p", {}, problem.message), ...problemsOf(problem.trouble)));
    if (!(problem instanceof Refused)) throw problem;
    return false;
  }
}
