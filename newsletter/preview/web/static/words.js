// How numbers, sizes and searches are written and read, everywhere the same.

const whole = new Intl.NumberFormat("en-GB");

/**
 * Return a number with its groups of thousands.
 * @param {number} value
 */
export const number = (value) => whole.format(value);

/**
 * Return "1 paper", "12 papers".
 * @param {number} count
 * @param {string} noun
 */
export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/**
 * Return a size for people: kilobytes of 1,024 bytes, as Gmail's limit is told.
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 1024) return `${number(bytes)} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(bytes < 10240 ? 1 : 0)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/**
 * Return how a text is compared: no case, no accents, one blank between words.
 * @param {string} text
 */
export const folded = (text) =>
  text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();

/**
 * Return whether every word that was typed stands somewhere in a folded text.
 * @param {string} within
 * @param {string} typed
 */
export const holds = (within, typed) => folded(typed).split(" ").every((word) => within.includes(word));
