"""Papers of a file of one's own: BibTeX, RIS, JSON Lines, or a saved page of huggingface.co/papers.

bytes ── text.decode ──► what it is (by its content, else by its name) ──► records ──► Entry
"""

from newsletter.sources.file.kind import File

__all__ = ["File"]
