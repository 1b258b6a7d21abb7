"""Issues to look at before anybody receives them.

drawing  what each subscriber would get, as the bytes that would be sent
site     all of it as files
"""

from newsletter.preview.drawing import Previewed, draw, proofs
from newsletter.preview.site import verdict, write

__all__ = ["Previewed", "draw", "proofs", "verdict", "write"]
