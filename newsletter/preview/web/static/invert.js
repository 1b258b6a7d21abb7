// Forced inversion, as mail programs do it that know no dark of the author's: every colour turned over.
//
// The model of React Email's preview: in CIE LCh a light background's lightness and a dark text's is folded over 50 by
// three quarters, and all are greyed by a fifth. https://github.com/resend/react-email

/**
 * Turn every colour of a document over, by style attributes that beat all else.
 * @param {Document} document
 */
export function invert(document) {
  const view = document.defaultView;
  const white = [0.95047, 1, 1.08883];
  const known = new Map();
  const channels = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const toLab = (rgb) => {
    const [r, g, b] = rgb.map((one) => linear(one / 255));
    const [x, y, z] = [
      0.4124 * r + 0.3576 * g + 0.1805 * b, 0.2126 * r + 0.7152 * g + 0.0722 * b, 0.0193 * r + 0.1192 * g + 0.9505 * b,
    ].map((one, at) => one / white[at]).map((one) => (one > 0.008856 ? Math.cbrt(one) : 7.787 * one + 16 / 116));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  };
  const fromLab = ([l, a, b]) => {
    const y = (l + 16) / 116;
    const [X, Y, Z] = [y + a / 500, y, y - b / 200]
      .map((one) => (one ** 3 > 0.008856 ? one ** 3 : (one - 16 / 116) / 7.787))
      .map((one, at) => one * white[at]);
    return [
      3.2406 * X - 1.5372 * Y - 0.4986 * Z, -0.9689 * X + 1.8758 * Y + 0.0415 * Z, 0.0557 * X - 0.204 * Y + 1.057 * Z,
    ].map((one) => (one <= 0.0031308 ? 12.92 * one : 1.055 * Math.max(one, 0) ** (1 / 2.4) - 0.055))
      .map((one) => Math.round(255 * Math.min(1, Math.max(0, one))));
  };
  const turned = (colour, background) => {
    const key = colour + background;
    if (!known.has(key)) {
      const [r, g, b, alpha] = channels(colour);
      let [l, a_, b_] = toLab([r, g, b]);
      if (background ? l >= 50 : l < 50) l = 50 - (l - 50) * 0.75;
      known.set(key, `rgba(${fromLab([l, a_ * 0.8, b_ * 0.8]).join()},${alpha})`);
    }
    return known.get(key);
  };
  const root = document.documentElement;
  const plans = [root, ...root.querySelectorAll("body, body *")].map((element) => {
    const style = view.getComputedStyle(element);
    const plan = [["color", turned(style.color, false)]];
    for (const side of ["top", "right", "bottom", "left"])
      plan.push([`border-${side}-color`, turned(style.getPropertyValue(`border-${side}-color`), true)]);
    const bare = channels(style.backgroundColor)[3] === 0;
    const under = bare ? "rgb(255,255,255)" : style.backgroundColor;
    if (!bare || element === root) plan.push(["background-color", turned(under, true)]);
    return [element, plan];
  });
  for (const [element, plan] of plans)
    for (const [name, value] of plan) element.style.setProperty(name, value, "important");
}
