// The dialog that sends the issue as a test, by the user's own mail server, to those the settings name.

import { about } from "./about.js";
import { ask, Dropped } from "./ask.js";
import { byId, fill, h } from "./dom.js";
import { onDesk } from "./desk.js";
import { PLACE, state } from "./state.js";

const LAST = "last-test-recipient";

/** Make the dialog work. */
export function layTrial() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("trial"));
  const form = /** @type {HTMLFormElement} */ (byId("trial-form"));
  byId("trial-button").addEventListener("click", open);
  byId("trial-close").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send();
  });

  function open() {
    const { recipients, no_test: none } = onDesk();
    const select = /** @type {HTMLSelectElement} */ (byId("trial-to"));
    const last = localStorage.getItem(LAST);
    fill(select, ...recipients.map((each) => h("option", { value: each, selected: each === last }, each)));
    byId("trial-what").textContent = about()?.title ?? "";
    byId("trial-none").textContent = none;
    byId("trial-none").hidden = !none;
    form.hidden = Boolean(none);
    fill(byId("trial-said"));
    dialog.showModal();
  }

  async function send() {
    const { token } = onDesk();
    const to = /** @type {HTMLSelectElement} */ (byId("trial-to")).value;
    const place = Object.fromEntries(PLACE.map((name) => [name, state()[name]]).filter(([, value]) => value));
    const button = /** @type {HTMLButtonElement} */ (byId("trial-send"));
    button.disabled = true;
    fill(byId("trial-said"), h("p", { class: "facts" }, `Handing it over to your mail server, for ${to} …`));
    try {
      const answer = await ask("test", "/api/test", {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Newsletter-Token": token },
        body: JSON.stringify({ to, place }),
      });
      localStorage.setItem(LAST, to);
      fill(byId("trial-said"), h("p", { class: "word good" }, `Sent to ${to}: the server says ${answer.detail}`));
    } catch (problem) {
      if (!(problem instanceof Dropped)) fill(byId("trial-said"), h("p", { class: "word bad" }, problem.message));
    } finally {
      button.disabled = false;
    }
  }
}
