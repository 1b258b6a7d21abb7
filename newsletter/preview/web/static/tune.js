// The sliders of how many papers and how near: what is tried is drawn at once, and written down as YAML to paste.

import { about, whenKnown } from "./about.js";
import { byId, fill, h } from "./dom.js";
import { copy } from "./parts.js";
import { go, state } from "./state.js";

const SLIDERS = [
  { name: "max_papers", label: "Papers at most", least: 1, most: 50, step: 1, shown: (value) => String(value) },
  { name: "min_score", label: "Score at least", least: 0, most: 1, step: 0.01, shown: (value) => Number(value).toFixed(2) },
];

/**
 * Make the sliders. One try is drawn at a time; of those that come meanwhile the last.
 * @param {() => Promise<void>} settled resolves when what is tried is shown
 */
export function tuning(settled) {
  const yaml = h("pre", { class: "yaml", tabindex: "0", "aria-label": "The settings to paste" });
  const copying = h("button", { class: "button", type: "button", "data-testid": "copy-yaml", onclick: () => copy(yaml.textContent ?? "", copying) }, "Copy");
  const origin = h("code", { class: "origin" });
  const paste = h("div", { class: "paste" }, h("div", { class: "paste-head" }, h("span", {}, "To keep it, write into ", origin), copying), yaml);
  const reset = h("button", { class: "button", type: "button", "data-testid": "as-written", onclick: asWritten }, "As written");
  const sliders = SLIDERS.map(slider);
  const element = h(
    "section",
    { class: "tune", hidden: true, "aria-label": "Try other settings", "data-testid": "tune" },
    h("div", { class: "tune-head" }, h("h2", {}, "Try other settings"), reset),
    ...sliders.map((each) => each.element),
    paste,
  );

  let pending = null;
  let running = false;

  async function run() {
    if (running) return;
    running = true;
    while (pending) {
      const changes = pending;
      pending = null;
      await new Promise(requestAnimationFrame);
      go(changes, { soon: true });
      await settled();
    }
    running = false;
  }

  function slider({ name, label, least, most, step, shown }) {
    const id = `tune-${name}`;
    const output = h("output", { for: id });
    const input = /** @type {HTMLInputElement} */ (
      h("input", { id, type: "range", min: least, max: most, step, "data-testid": name, oninput: moved })
    );
    const mark = h("span", { class: "written", "aria-hidden": "true" });
    function moved() {
      output.textContent = shown(input.value);
      pending = { ...pending, [name]: shown(input.value) };
      void run();
    }
    return {
      element: h("div", { class: "slider" }, h("label", { for: id }, label), output, h("div", { class: "track" }, input, mark)),
      show(settings) {
        const written = settings.written[name];
        if (!pending?.[name]) {
          input.value = String(state()[name] || settings[name]);
          output.textContent = shown(input.value);
        }
        mark.style.left = `calc(8px + (100% - 16px) * ${(Math.min(Math.max(written, least), most) - least) / (most - least)})`;
        mark.title = `written: ${shown(written)}`;
        input.setAttribute("aria-description", `written is ${shown(written)}`);
      },
    };
  }

  whenKnown(({ settings }) => {
    element.hidden = !settings;
    if (!settings) return;
    sliders.forEach((each) => each.show(settings));
    const tried = Boolean(state().max_papers || state().min_score);
    /** @type {HTMLButtonElement} */ (reset).disabled = !tried;
    paste.hidden = !settings.yaml;
    fill(yaml, settings.yaml);
    fill(origin, settings.origin);
    document.documentElement.style.setProperty("--least-score", `${100 * settings.min_score}%`);
    byId("tried").hidden = !tried;
  });
  return { element };
}

/** Go back to the settings as they are written. */
export function asWritten() {
  if (about()) go({ max_papers: "", min_score: "", settings: "" });
}
