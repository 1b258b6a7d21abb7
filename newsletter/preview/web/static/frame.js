// One email on the desk: loaded behind the scenes, dressed, put in the old one's place at the same paper, without a flash.

import { ask, Refused } from "./ask.js";
import { h } from "./dom.js";
import { dress, paint, redressable } from "./look.js";
import { clipOf, heightOf, paperIn, spotAt } from "./spots.js";

const MARGIN = 96; // over a paper that is shown, CSS pixels

/**
 * @typedef {object} Hooks
 * @property {(event: KeyboardEvent) => void} key a key was pressed inside the email
 * @property {(address: string) => void} address a link is pointed at, "" when none is
 * @property {() => HTMLElement} scroller what scrolls the sheet
 */

export class Frame {
  /**
   * @param {string} title
   * @param {Hooks} hooks
   */
  constructor(title, hooks) {
    this.title = title;
    this.hooks = hooks;
    this.clip = h("div", { class: "clip", hidden: true }, h("span", { class: "clip-word" }, "Gmail clips here (102 KB)"));
    this.flash = h("div", { class: "flash", hidden: true, onanimationend: () => (this.flash.hidden = true) });
    this.element = h("div", { class: "sheet" }, this.clip, this.flash);
    /** @type {HTMLIFrameElement | null} */
    this.shown = null;
    /** @type {HTMLIFrameElement | null} */
    this.next = null;
    /** @type {HTMLIFrameElement | null} */
    this.loading = null;
    /** @type {import("./look.js").Look | null} */
    this.look = null;
    this.url = "";
    this.size = new ResizeObserver(() => this.measure());
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.look && void this.redress(this.look));
  }

  /**
   * Load an email and show it; whoever asks for another meanwhile wins.
   * @param {string} url
   * @param {import("./look.js").Look} look
   * @param {{keep?: boolean}} [how] `keep` stays at the same paper
   * @returns {Promise<"shown" | "dropped">} rejects with an error when the server has no email to show
   */
  show(url, look, { keep = false } = {}) {
    this.loading?.remove();
    this.dropped?.();
    const frame = this.next ?? this.#made();
    this.next = null;
    this.loading = frame;
    return new Promise((resolve, reject) => {
      this.dropped = () => resolve("dropped");
      frame.addEventListener("load", () => {
        if (frame !== this.loading || frame.contentDocument?.URL === "about:blank") return;
        this.loading = null;
        this.dropped = undefined;
        if (!loaded(frame.contentDocument)) {
          frame.remove();
          void refusal(url).then(reject);
          return;
        }
        this.#swap(frame, look, keep);
        this.url = url;
        resolve("shown");
        window.setTimeout(() => (this.next ??= this.#made())); // after what waits for it
      });
      frame.style.height = this.shown?.style.height ?? ""; // most likely right: laid out once
      frame.src = url;
    });
  }

  /**
   * Dress what is shown another way; loads it anew where that is not enough.
   * @param {import("./look.js").Look} look
   */
  async redress(look) {
    if (this.look && this.shown && !this.loading && redressable(this.look, look)) {
      paint(this.shown, look.scheme === "dark");
      this.look = { ...look };
    } else if (this.url) await this.show(this.url, look, { keep: true });
  }

  /** Fit the height to what the email holds. */
  measure() {
    const page = this.shown?.contentDocument;
    if (!this.shown || !page?.documentElement) return;
    const content = /** @type {Element} */ (page.scrollingElement ?? page.documentElement);
    const now = this.shown.clientHeight;
    if (content.scrollHeight !== now || Math.abs(page.documentElement.getBoundingClientRect().height - now) > 1) {
      this.element.style.minHeight = `${this.element.offsetHeight}px`; // so that what is scrolled does not jump
      if (content.scrollHeight <= now) this.shown.style.height = "0px";
      this.shown.style.height = `${Math.max(content.scrollHeight, 80)}px`;
      this.element.style.minHeight = "";
    }
    this.wide = content.scrollWidth > content.clientWidth + 1 ? content.scrollWidth : 0;
    const clipped = clipOf(page);
    this.clip.hidden = clipped === null;
    if (clipped !== null) this.clip.style.top = `${clipped}px`;
  }

  /**
   * Scroll to a paper and light it up.
   * @param {{id: string, title: string, url?: string}} paper
   * @returns {boolean} whether it is there
   */
  reveal(paper) {
    const page = this.shown?.contentDocument;
    const found = page && paperIn(page, paper);
    if (!found) return false;
    const box = (found.closest("td, .row, article") ?? found).getBoundingClientRect();
    this.#scrollTo(box.top - MARGIN);
    this.flash.style.top = `${box.top - 8}px`;
    this.flash.style.height = `${box.height + 16}px`;
    this.flash.hidden = true;
    void this.flash.offsetWidth; // so that the animation begins anew
    this.flash.hidden = false;
    return true;
  }

  /** Return how far the email is scrolled, CSS pixels from its top. */
  scrolled() {
    return this.hooks.scroller().getBoundingClientRect().top - this.element.getBoundingClientRect().top;
  }

  #made() {
    const frame = /** @type {HTMLIFrameElement} */ (
      h("iframe", { class: "email standby loading", sandbox: "allow-same-origin", title: this.title, tabindex: "-1" })
    );
    this.element.append(frame);
    return frame;
  }

  /**
   * @param {HTMLIFrameElement} frame
   * @param {import("./look.js").Look} look
   * @param {boolean} keep
   */
  #swap(frame, look, keep) {
    const page = /** @type {Document} */ (frame.contentDocument);
    const before = this.shown?.contentDocument;
    const height = this.scrolled();
    const spot = keep && before && height > 0 ? spotAt(before, height) : null;
    frame.classList.remove("loading");
    dress(frame, look);
    this.look = { ...look };
    const old = this.shown;
    const focused = old !== null && document.activeElement === old;
    this.shown = frame;
    this.measure();
    frame.classList.remove("standby");
    frame.removeAttribute("tabindex");
    this.size.disconnect();
    old?.remove();
    if (keep && height > 0) this.#scrollTo((spot && heightOf(page, spot)) ?? height);
    else if (!keep && height > 0) this.#scrollTo(0);
    if (focused) frame.focus();
    this.size.observe(page.documentElement);
    this.#listen(page);
  }

  /** @param {number} height */
  #scrollTo(height) {
    this.hooks.scroller().scrollBy({ top: height - this.scrolled(), behavior: "instant" });
  }

  /** @param {Document} page */
  #listen(page) {
    const linkOf = (event) => event.target?.closest?.("a[href], area[href]") ?? null;
    const open = (event) => {
      const link = linkOf(event);
      if (!link) return;
      event.preventDefault();
      if (/^https?:$/.test(link.protocol)) window.open(link.href, "_blank", "noopener,noreferrer");
      this.hooks.address(link.href);
    };
    page.addEventListener("click", open);
    page.addEventListener("auxclick", open);
    page.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["pointerover", "focusin"])
      page.addEventListener(name, (event) => this.hooks.address(linkOf(event)?.href ?? ""));
    page.addEventListener("pointerleave", () => this.hooks.address(""));
    page.addEventListener("keydown", this.hooks.key);
  }
}

/**
 * Return whether an email was loaded, and not what the server says in its place, which the browser may not even show.
 * @param {Document | null} page
 */
const loaded = (page) => page !== null && page.contentType !== "application/json";

/**
 * Return why the server has no email to show.
 * @param {string} url
 * @returns {Promise<Error>}
 */
async function refusal(url) {
  try {
    await ask("refusal", url);
  } catch (problem) {
    return problem;
  }
  return new Refused("there is no email to show");
}
