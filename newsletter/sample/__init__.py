"""One day of papers, bundled so that the newsletter can be tried with no network and no configuration.

`arxiv.atom.xml` has the form of a feed of https://rss.arxiv.org/atom and `listing.txt` that of a saved
listing page; six papers stand in both, as they do on a real day. The papers are real. Their titles,
identifiers, authors and categories are arXiv metadata of the first week of June 2026, which is CC0:
https://info.arxiv.org/help/license/index.html

The abstracts are not the authors': each is a short summary written for this project. All papers carry
one announcement day, whatever day of that week they appeared on, version 1 and arXiv's default licence;
a paper's own page says what truly holds.
"""

from __future__ import annotations

from datetime import date

ATOM_FEED = "arxiv.atom.xml"
LISTING_PAGE = "listing.txt"
DAY = date(2026, 6, 4)  # the day the feed was announced on and the page was saved
