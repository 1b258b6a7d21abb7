"""The studio: a page on this machine alone that shows any issue to whoever writes templates and settings.

    browser ── guard ──► app ──► desk            what is asked is answered from what is in hand
       ▲                          ▲
       └── events ── live ── watchfiles          what changes on the disk is read again, and told

guard  who may ask: this machine's own page, and nothing else
app    the addresses, and what answers them
lane   one question after the other
live   what changed
serve  the server, until it is stopped
"""

from newsletter.preview.web.serve import serve

__all__ = ["serve"]
