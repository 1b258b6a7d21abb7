// Light colours for source: one pass over the text, pieces with a class, never markup.

const HTML =
  /(<!--[\s\S]*?-->|\{#[\s\S]*?#\})|(\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\})|(<\/?[a-zA-Z][\w:-]*|\/?>)|([\w:@-]+)(?==["'])|("[^"]*"|'[^']*')|(&[#\w]+;)/g;
const HTML_CLASSES = ["c-comment", "c-jinja", "c-tag", "c-name", "c-string", "c-entity"];
const JSON_TEXT = /("(?:[^"\\]|\\.)*")(?=\s*:)|("(?:[^"\\]|\\.)*")|(\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)/g;
const JSON_CLASSES = ["c-name", "c-string", "c-jinja"];

/** @typedef {[style: string, text: string]} Piece */

/**
 * Return each line of a text as pieces with their classes, "" for plain ones.
 * @param {string} text
 * @param {"html" | "json" | "text"} language
 * @returns {Piece[][]}
 */
export function coloured(text, language) {
  if (language === "text") return text.split("\n").map((line) => [["", line]]);
  const [pattern, classes] = language === "json" ? [JSON_TEXT, JSON_CLASSES] : [HTML, HTML_CLASSES];
  /** @type {Piece[][]} */
  const lines = [[]];
  const put = (style, piece) => {
    piece.split("\n").forEach((line, at) => {
      if (at) lines.push([]);
      if (line) lines[lines.length - 1].push([style, line]);
    });
  };
  let done = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > done) put("", text.slice(done, found.index));
    put(classes[found.slice(1).findIndex((group) => group !== undefined)], found[0]);
    done = found.index + found[0].length;
  }
  put("", text.slice(done));
  return lines;
}
