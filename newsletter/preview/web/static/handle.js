// The handle at the right edge of the sheet: its width by pointer and by keyboard.

import { h } from "./dom.js";

export const NARROWEST = 240;
const STEP = 10;
const LEAP = 50;

/**
 * Make the handle of a sheet that stands in the middle of its room.
 * @param {HTMLElement} sheet
 * @param {() => number} widest of the room, CSS pixels
 * @param {(width: number) => void} onWidth
 * @returns {{element: HTMLElement, tell: () => void}} `tell` says the width anew
 */
export function handle(sheet, widest, onWidth) {
  const said = h("span", { class: "handle-word", "aria-hidden": "true" });
  const element = h(
    "div",
    {
      class: "handle", role: "separator", tabindex: "0", "data-testid": "handle",
      "aria-orientation": "vertical", "aria-label": "Width of the email", "aria-valuemin": NARROWEST,
    },
    said,
  );
  const width = () => Math.round(sheet.getBoundingClientRect().width);
  const tell = () => {
    element.setAttribute("aria-valuenow", String(width()));
    element.setAttribute("aria-valuemax", String(Math.max(NARROWEST, widest())));
    element.setAttribute("aria-valuetext", `${width()} pixels`);
    said.textContent = `${width()} px`;
  };
  const set = (wanted) => onWidth(Math.round(Math.min(Math.max(wanted, NARROWEST), widest())));
  let start = null;
  element.addEventListener("pointerdown", (event) => {
    start = { x: event.clientX, width: width() };
    element.setPointerCapture(event.pointerId);
    element.classList.add("dragged");
    event.preventDefault();
    element.focus();
  });
  element.addEventListener("pointermove", (event) => {
    if (start) set(start.width + 2 * (event.clientX - start.x));
  });
  for (const name of ["pointerup", "pointercancel"])
    element.addEventListener(name, () => {
      start = null;
      element.classList.remove("dragged");
    });
  element.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LEAP : STEP;
    const wanted = { ArrowLeft: width() - step, ArrowRight: width() + step, Home: NARROWEST, End: widest() }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    set(wanted);
  });
  return { element, tell };
}
