"""What a person asks for in words: to leave, or more or less like a paper.

A line counts only if it is the wish and nothing else: "Unsubscribe me, please" is one, "How do I unsubscribe?" and
"Do not unsubscribe me" are for a person to read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from newsletter.ids import arxiv_id, doi
from newsletter.replies.reply import ReplyVote
from newsletter.tokens import looks_like_token

_LONGEST = 120  # characters of a wish
_MOST_VOTES = 50

_TAGS = re.compile(r"(?:\[[^\]]{1,30}\]\s*)+")  # "[EXTERNAL]", as some servers mark what comes from outside
_EDGES = " .,;:!。，；：！…*_\"'“”„«»()<>"

# ------------------------------------------------------------------ to leave

_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|day|evening)|"
    r"hallo|guten (?:tag|morgen|abend)|liebe[rs]?|sehr geehrte[rs]?|moin|"
    r"bonjour|bonsoir|salut|chère?s?|您好|你好|尊敬的)(?:[ ,!.，！].{0,60})?"
)
_POLITE = re.compile(
    r"(?:please|pls|kindly|(?:can|could|would) you(?: please)?|i (?:want|wish|would like) to|i'd like to|"
    r"bitte|ich (?:möchte|moechte|will|würde gerne?)|"
    r"veuillez|merci de|svp|s'il vous plaît|je (?:veux|voudrais|souhaite|désire)|"
    r"(?:hi|hello|hey|hallo|guten tag|bonjour)(?: all| there)?,?)\s+|"
    r"(?:您好|你好|请|請|麻烦|我要|我想|帮我|给我|为我)[,，!！\s]*"
)
_THANKS = re.compile(
    r"[\s,.;!，。！-]+(?:please|pls|bitte|svp|s'il vous plaît|"
    r"(?:many )?thanks?(?: you)?|thx|(?:vielen |besten )?danke?|merci)"
    r"(?: (?:very much|in advance|schön|im voraus|d'avance))?$|"
    r"[\s,.;!，。！-]*(?:谢谢|謝謝|吧|了)$"
)
# What is left: "unsubscribe me" and then perhaps "from this list".
_OF_THE_LIST = re.compile(
    r"\s(?:(?:from|of|vom|von|aus|de|à)\s)?"
    r"(?:(?:the|this|these|your|all|my|der|dem|den|diesem|ihrem|la|votre|cette)\s)?"
    r"(?:mailing\s?)?(?:lists?|newsletters?|e-?mails?|mailings?|digest|subscription|"
    r"liste|verteiler|mailingliste|infolettre|lettre)$"
)
_WISHES = frozenset(
    {
        *("unsubscribe", "unsubscribe me", "unsubscribe us", "unsubscribe my address", "unsubscribe my email"),
        *("remove", "remove me", "take me off", "sign me off", "opt out", "opt-out", "optout", "opt me out", "stop"),
        *("cancel my", "cancel my subscription", "cancel subscription", "stop sending me", "stop sending"),
        *("abmelden", "abmeldung", "abbestellen", "abbestellung", "austragen", "mich abmelden", "mich austragen"),
        *("newsletter abmelden", "newsletter abbestellen", "den newsletter abbestellen", "den newsletter abmelden"),
        *("mich vom newsletter abmelden", "mich von der liste abmelden", "mich vom verteiler abmelden"),
        *("vom newsletter abmelden", "mich aus dem verteiler nehmen", "kündigen", "newsletter kündigen"),
        *("melden sie mich ab", "tragen sie mich aus", "nehmen sie mich aus dem verteiler", "melde mich ab"),
        *("melden sie mich vom newsletter ab", "nehmen sie mich von der liste"),
        *("désinscrire", "me désinscrire", "désinscription", "désinscrivez-moi", "désinscrivez moi", "se désinscrire"),
        *("désabonner", "me désabonner", "désabonnement", "désabonnez-moi", "désabonnez moi", "se désabonner"),
        *("退订", "退訂", "取消订阅", "取消訂閱", "停止订阅", "停止訂閱", "不再订阅", "退订邮件", "取消邮件订阅"),
    }
)
_KNOWN = _WISHES | {wish.replace("é", "e").replace("ü", "ue") for wish in _WISHES}


def asks_to_leave(line: str) -> bool:
    """Return whether a line, a subject or the first one of a mail, asks to unsubscribe and for nothing else."""
    if len(line) > _LONGEST:
        return False
    wish = _plain(line)
    while found := _POLITE.match(wish):
        wish = wish[found.end() :]
    while found := _THANKS.search(wish):
        wish = wish[: found.start()].strip(_EDGES)
    wish = wish.strip(_EDGES)
    return wish in _KNOWN or _OF_THE_LIST.sub("", wish) in _KNOWN


def is_greeting(line: str) -> bool:
    """Return whether a line only greets, so that the next one is what is wanted."""
    plain = _plain(line)
    return bool(_GREETING.fullmatch(plain)) and not asks_to_leave(line)


def leaving(subject: str) -> tuple[bool, str, str]:
    """Return whether a subject asks to unsubscribe, and the token or the address it names: our links fill it so.

    One with "Re:" goes on with a conversation, and what was settled in it is not asked for again.
    """
    subject = without_tags(subject)
    wish, _, named = subject.rpartition(" ")
    if _plain(wish) == "unsubscribe" and looks_like_token(named):
        return True, named, ""
    if _plain(wish) == "unsubscribe" and "@" in named:
        return True, "", named.strip("<>")
    return asks_to_leave(subject), "", ""


def without_tags(subject: str) -> str:
    """Return a subject without what servers put before it in brackets."""
    subject = subject.strip()
    found = _TAGS.match(subject)
    return subject[found.end() :] if found else subject


def _plain(line: str) -> str:
    line = unicodedata.normalize("NFKC", line).casefold().replace("’", "'")
    return " ".join(line.split()).strip(_EDGES)


# ------------------------------------------------------------------ votes

_VALUES = dict.fromkeys(("more", "mehr", "plus", "更多", "多"), 1) | dict.fromkeys(
    ("less", "fewer", "weniger", "moins", "更少", "少"), -1
)
_BETWEEN = frozenset("and und et 和 like this please bitte wie comme cela dies paper papers number nr no".split())
_PAUSES = re.compile(r"[\s,;，；、]+")
_GLUED = re.compile(r"(更多|更少|多|少)(?=\d)")  # Chinese writes no space
_NUMBER = re.compile(r"#?([1-9][0-9]{0,2})[.)]?", re.ASCII)
_IDENTITY = re.compile(r"(?:arxiv|doi|pmid|pmc|openreview|s2|title):[!-~]{1,300}", re.IGNORECASE)


def votes_in(line: str) -> tuple[ReplyVote, ...]:
    """Return the votes that a line is made of: "more 3, less 5", "less arxiv:2401.10020"; none if it says more."""
    found: list[ReplyVote] = []
    value = 0
    for word in filter(None, _PAUSES.split(_GLUED.sub(r"\1 ", line[:2_000]))):
        plain = _plain(word)
        if plain in _VALUES:
            value = _VALUES[plain]
        elif not value:
            return ()
        elif plain not in _BETWEEN and plain:
            vote = _vote(word, value)
            if vote is None:
                return ()
            found.append(vote)
    return tuple(found[:_MOST_VOTES])


def votes_of(lines: Sequence[str]) -> tuple[ReplyVote, ...]:
    """Return the votes of the lines a mail begins with."""
    found: list[ReplyVote] = []
    for line in lines:
        votes = votes_in(line)
        if not votes:
            break
        found += votes
    return tuple(found[:_MOST_VOTES])


def _vote(word: str, value: int) -> ReplyVote | None:
    if number := _NUMBER.fullmatch(unicodedata.normalize("NFKC", word).strip("!。")):
        return ReplyVote("", int(number[1]), value)
    if _IDENTITY.fullmatch(word):
        kind, _, name = word.partition(":")
        return ReplyVote(f"{kind.lower()}:{name}", 0, value)
    if preprint := arxiv_id(word):
        return ReplyVote(f"arxiv:{preprint.base}", 0, value)
    if named := doi(word):
        return ReplyVote(f"doi:{named}", 0, value)
    return None
