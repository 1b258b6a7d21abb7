"""PubMed, by a search of its own grammar: https://www.ncbi.nlm.nih.gov/books/NBK25499/

    esearch (JSON) ──► ids ──► efetch (XML) ──► PubmedArticle ──► Entry
            └──► the next page of ids

Which of the two a body is, it says itself; `articles` reads the papers.
"""

from newsletter.sources.pubmed.search import PubMed

__all__ = ["PubMed"]
