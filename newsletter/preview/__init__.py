"""Issues to look at before anybody receives them, as they would be sent.

    papers, settings ──► material ─┐
    templates ─────────────────────┴─► setup ──► Look ──► answers ──► web     the studio
                                                   └────► site                files

wanted     which issue is looked at          desk       what is in hand while files change; watched · trouble
material   readers, editions, groundwork     answers    what the page is told; why · compare · linked · paste
setup      one email of one configuration    trial      an issue sent as a test; inert
gallery    edge cases and letters            everybody  all of a date; site · listing · pictures
"""

from newsletter.preview.everybody import looks, proofs, setup_of
from newsletter.preview.site import write

__all__ = ["looks", "proofs", "setup_of", "write"]
