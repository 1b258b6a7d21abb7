"""arXiv: its daily announcement, and for past days its API.

    bytes ── body.read_body ──► Body: items as written ── announcement.entries_of ──► entries, what to read next

`calendar` knows when arXiv announces, `query` how the API is asked, `remarks` what authors write into comments.
"""

from newsletter.sources.arxiv.announcement import is_arxiv, read_announcement
from newsletter.sources.arxiv.calendar import calendar_warning
from newsletter.sources.arxiv.kind import Arxiv

__all__ = ["Arxiv", "calendar_warning", "is_arxiv", "read_announcement"]
