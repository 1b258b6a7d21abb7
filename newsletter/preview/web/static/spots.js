// Where things stand in an email's document: its papers, what is at the top of the window, where Gmail clips it.

/** @typedef {{href: string, nth: number, below: number}} Spot */

/**
 * Return the first link under a height, and how far: what to come back to when the document is another.
 * @param {Document} page
 * @param {number} height in the document, CSS pixels
 * @returns {Spot | null}
 */
export function spotAt(page, height) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  for (const link of page.links) {
    const nth = seen.get(link.href) ?? 0;
    seen.set(link.href, nth + 1);
    const box = link.getBoundingClientRect();
    if (box.height && box.top >= height) return { href: link.href, nth, below: box.top - height };
  }
  return null;
}

/**
 * Return the height at which a spot stands now; null when it is gone.
 * @param {Document} page
 * @param {Spot} spot
 */
export function heightOf(page, spot) {
  const alike = [...page.links].filter((link) => link.href === spot.href);
  const link = alike[Math.min(spot.nth, alike.length - 1)];
  return link ? link.getBoundingClientRect().top - spot.below : null;
}

/**
 * Return the place of a paper: the link with its title, else one that leads to it.
 * @param {Document} page
 * @param {{id: string, title: string, url?: string}} paper
 * @returns {Element | null}
 */
export function paperIn(page, paper) {
  const links = [...page.links].filter((link) => link.getBoundingClientRect().height);
  const title = plain(paper.title);
  const key = paper.id.slice(paper.id.indexOf(":") + 1);
  return (
    links.find((link) => plain(link.textContent ?? "") === title) ??
    links.find((link) => paper.url && link.getAttribute("href") === paper.url) ??
    links.find((link) => key && link.href.includes(key)) ??
    null
  );
}

/**
 * Return the height at which `<!--clip-->` stands, null where there is none.
 * @param {Document} page
 */
export function clipOf(page) {
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    if (walker.currentNode.nodeValue?.trim() === "clip") return heightAfter(page, walker.currentNode);
  }
  return null;
}

/**
 * @param {Document} page
 * @param {Node} comment
 */
function heightAfter(page, comment) {
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  walker.currentNode = comment;
  const range = page.createRange();
  while (walker.nextNode()) {
    range.selectNode(walker.currentNode);
    const box = range.getBoundingClientRect();
    if (box.height > 1) return box.top;
  }
  return null;
}

/** @param {string} text */
const plain = (text) => text.replace(/\s+/g, " ").trim();
