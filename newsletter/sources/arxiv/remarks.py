"""What authors remark about a paper: where it is accepted, and where its code is."""

from __future__ import annotations

import re

# ------------------------------------------------------------------ venues

_ACCEPTED = re.compile(
    r"""(?<!not\ )(?<!yet\ )(?<!if\ )\b
    (?i:accepted|(?:to|will)\ appear|appeared|appears|published|presented)
    (?i:,?\ (?:as|for|to\ be|and|publication|published|presented|presentation|appear|an?|the|full|long|short|regular
        |conference|journal|workshop|oral|poster|spotlight|paper|article|contribution|talk|demo|chapter)\b){0,8}
    \ (?i:at|in|to|by|for)\ (?i:the\ )?(?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\S*\ [0-9])
    (?=(?:[0-9]+[a-z]*\ )?\S*[A-Z])(?P<venue>[A-Z0-9][^()\[\]{}<>,;:\n]{0,200})""",
    re.VERBOSE,
)
_CONFERENCES = """AAAI AAMAS ACL AISTATS ASE BMVC CAV CCS CHI CIKM COLING COLM COLT CVPR CoNLL CoRL EACL ECAI ECCV ECIR
    EMNLP FAccT FOCS FSE ICALP ICASSP ICCAD ICCV ICDE ICDM ICLR ICML ICRA ICSE IJCAI IJCNN INTERSPEECH IPDPS IROS
    ISCA ISIT ISMIR ISSTA ITCS IUI Interspeech KDD LICS LREC MICCAI MIDL NAACL NDSS NSDI NeurIPS OOPSLA OSDI PLDI
    PODC PODS POPL RecSys SIGGRAPH SIGIR SIGMOD SODA SOSP STACS STOC SoCG UAI UIST VLDB WACV WSDM WWW""".split()
_CONFERENCE = re.compile(
    rf"""\b(?:Findings\ of\ (?:the\ )?)?(?:{"|".join(_CONFERENCES)})[ -]?(?:20[0-9]{{2}}|['’][0-9]{{2}})\b
    (?:\ (?:Findings|Workshops?|Demo|Industry\ Track)\b)?""",
    re.VERBOSE,
)
# What else a conference is named for.
_ONLY_HOPED = re.compile(
    r"(?i)\b(?:not|submi\w+|review\w*|reject\w*|withdr\w+|extend\w*|extension|preliminary|templates?|style|challenges?"
    r"|competitions?|winn\w+|place|tutorial|previous\w*|earlier)\b"
)
_SHORTENED = re.compile(  # words of journals' names that end in a full stop, and initials
    r"""(?:(?:[A-Z]|Acad|Adv|Am|Amer|Anal|Ann|Annu|Appl|Astron|Astrophys|Autom|Bull|Chem|Class|Comm|Commun|Comp|Comput
    |Conf|Eng|Electron|Eur|Geom|Grav|Inf|Inform|Inst|Int|Intell|Intl|Jour|Lang|Lett|Mach|Mag|Mater|Math|Mech|Mod|Mon
    |Nat|Natl|Netw|Not|Nucl|Opt|Phil|Phys|Probab|Proc|Program|Quant|Rep|Res|Rev|Robot|Roy|Sci|Ser|Soc|Softw|St|Stat
    |Symp|Syst|Theor|Top|Trans)\.)+""",
    re.VERBOSE,
)
_AFTERTHOUGHT = re.compile(
    r"""\s(?:as|with|on\s(?=[0-9])|https?://|doi\b|[-–—]+\s|[0-9]+\s(?=pages|pp|figures|tables)
    |and\s(?=(?:the\s|all\s|our\s)?(?:accepted|available|code|data|has|is|models?|presented|published|was|will)\b)
    |(?<=\.\s)(?:Accepted|Added|All|Code|Comments|Data|It|Minor|Our|Project|Published|Revised|Source|The|This|We)\b
    ).*""",
    re.DOTALL | re.VERBOSE,
)
_LONGEST_COMMENT = 2_000
_LONGEST_VENUE = 120  # characters: more is a sentence


def venue_in(comment: str) -> str:
    """Return where a comment says that the paper is accepted or published, in its own words, or "".

    Only what is said outright counts: "Submitted to ICML 2026" names no venue of this paper.
    """
    text = " ".join(comment[:_LONGEST_COMMENT].split())
    for match in _ACCEPTED.finditer(text):
        if venue := _first_sentence(_AFTERTHOUGHT.sub("", match["venue"])):
            return venue
    for sentence in re.split(r"[.;](?:\s|$)", text):
        if (found := _CONFERENCE.search(sentence)) and not _ONLY_HOPED.search(sentence):
            return found[0]
    return ""


def _first_sentence(text: str) -> str:
    """Return `text` up to its first full stop that ends a sentence; "" where that is no name any more."""
    words = [""]
    for word in text.split():
        words.append(word)
        if word.endswith(("!", "?")) or (word.endswith(".") and not _SHORTENED.fullmatch(word)):
            break
    venue = " ".join(words).strip("!?'\" ")
    venue = venue if _SHORTENED.fullmatch(words[-1]) else venue.rstrip(".")
    return venue if re.search(r"[A-Z]", venue) and len(venue) <= _LONGEST_VENUE else ""


# ------------------------------------------------------------------ code

_CODE = re.compile(
    r"""(?:(?i:https?)://|(?<![\w.@/-]))(?:www\.)?
    (?:[Gg]it[Hh]ub\.com|[Gg]it[Ll]ab\.com|(?:[Hh]ugging[Ff]ace\.co|hf\.co)(?!/(?:papers|blog|docs)\b)|codeberg\.org|bitbucket\.org)
    /[\w.~-][^\s"<>{}|^`]{0,300}""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\([_%#&~])")
_LONGEST_ADDRESS = 300  # characters


def code_in(*texts: str) -> str:
    """Return the address of the first repository (GitHub, GitLab, Hugging Face, …) that stands in the texts, or ""."""
    for text in texts:
        hosts_are_possible = ".co" in text or ".org" in text  # looking for them in every abstract costs 0.1 ms
        for match in _CODE.finditer(text) if hosts_are_possible else ():
            found = _without_punctuation(_ESCAPED.sub(r"\1", match[0]).partition("\\")[0])
            if len(match[0]) <= _LONGEST_ADDRESS and found.count("/") > found.count("://") * 2:
                return found if "://" in found else f"https://{found}"
    return ""


def _without_punctuation(found: str) -> str:
    """Return an address without what follows it in a sentence; a bracket stays if it was opened in the address."""
    while found and (found[-1] in ".,;:!?'\"*$’”" or _closes_nothing(found)):
        found = found[:-1]
    return found


def _closes_nothing(found: str) -> bool:
    opening = {")": "(", "]": "["}.get(found[-1])
    return opening is not None and found.count(found[-1]) > found.count(opening)
