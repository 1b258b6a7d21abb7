"""The shapes a sentence may take so that it fits: whole, without its lead or asides, or cut where a clause ends.

A cut that leaves a sentence ends with a full stop, any other with an ellipsis. What limits a claim ("if", "unless",
"when", "without", "on two of five") is not cut away behind a full stop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from newsletter.summary.cues import MADE, Evidence, evidence
from newsletter.summary.sentences import DEPENDENT, REPORTING, alone, brackets
from newsletter.words import heading

LONGEST = 200
"""Characters of a summary."""

WHOLE = 10_000  # a length that no sentence has
_SHORTEST = 40  # characters that a cut leaves at least

# ------------------------------------------------------------------ where a clause ends

_GO_ON = r"show|demonstrate|find|prove|provide|achieve|outperform|improve|introduce|propose|discuss|present"
_TAIL = re.compile(
    rf"""(?=[\s,;:—–])(?:(?P<strong>;\s|\s?[—–]\s|,?\s--\s|(?<=[a-z]{{3}})\s-\s(?=[a-z]+\s)|:\s(?=\(?[a-z1(])|
        ,\s(?=(?:which|while|whereas|albeit|whose|where|thereby|thus|hence|with(?!\sthe\sexception)|as\swell\sas|such\sas|
          including|e\.g\.|i\.e\.|namely|in\sparticular|especially|particularly|even|both|in\scontrast|consistent|compared|
          yielding|due\sto|in\sorder|based\son|suggesting|indicating|so\sthat|making|
          and\s(?:we|our|the|that|it|this|is|are|can|has|have|{_GO_ON}))\b|
          [a-z]{{3,}}ing\s(?:the|a|an|its|their|that|how|to|for|from|both|up|as|by|in|on|it|us|state|strong|new|more|high|
          existing|prior|all)\b))
      | (?P<weak>\s(?=(?:by\s[a-z]+ing|while|through|via|using|whereas|because|based\son|in\sorder\sto|thereby|such\sas|
          compared\s(?:to|with)|as\swell\sas|including|and\s(?:{_GO_ON}))\b))
      | (?P<open>\s(?=(?:that|which|for|to|by|with|without|across|under|where|when|from|at|on|in|and|over|against|
          during|within|after|among|between|into)\b)))""",
    re.VERBOSE,
)
_WORD = re.compile(r"\w+")
_FINITE = re.compile(
    r"(?i:(?:we|is|are|was|were|can|could|may|might|will|would|has|have|had|does|do|did|must|should|cannot|found|led|"
    r"made|gave|took|shown|built|(?:propos|introduc|present|develop|describ|provid|deriv|offer|show|find|demonstrat|prov|"
    r"observ|report|reveal|discover|establish|conclud|identif|obtain|achiev|detect|measur|suggest|indicat|confirm|"
    r"outperform|surpass|exceed|improv|reduc|increas|enabl|yield|match|depend|us|combin|learn|allow|requir|generat|"
    r"produc|captur|support|integrat|leverag|employ|mak|remain|becom|exhibit|contain|consist|form|occur|lead|result|giv|"
    r"tak|play|highlight|address|investigat|stud|explor|examin|analy[sz]|consider|focus|compris|span|cover|extend|"
    r"generali[sz]|scal|run|grow|decreas|vanish|emerg|aris|hold|satisf|impl|admit|converg|attain|maintain|preserv|"
    r"eliminat|solv|correlat|differ|vari|rang|reach|operat|act|perform|work)(?:e|es|s|ed|ies|ied|y)?))"
)
_RELATIVE = re.compile(r" (?:that|which) [a-z]+s\b.{12}")
_INTRODUCES = re.compile(
    r"(?:By|Using|While|Although|Though|When|If|To|With|Given|As|Through|For|In|On|Under|At|From|Unlike|Since|Because|"
    r"Based|Compared|Despite|Across|After|Beyond|Among|Here|[A-Z][a-z]+(?:ing|ed))\b"
)
# "We introduce X, a framework" and "X outperforms all others" say enough without what follows.
_ENOUGH = re.compile(rf"\b{MADE}\w* [^,]{{2,60}}, (?:an?|the) (?:(?! that | which )[^,]){{30,80}}$")
_BEATS = re.compile(r"\b(?:outperforms?|surpass(?:es)?|exceeds?) .{12,}$")
_UNLIMITED = re.compile(
    r"\s(?:in|on|across)\s(?!\d|(?:one|two|three|four|five|some|most|several|many|certain|few|only|at|a|the\smajority)\b)"
)
_LIST = re.compile(r", (?!which|where|while|who|\w+ing\b)[^,]{3,90}$")
_ITEM = re.compile(r"\((?:[ivx]{1,4}|\d|[a-d])\)|\b\d\)")
_VERBS = ("find", "found", "show", "demonstrate", "prove", "report", "observe")
_LOOSE_END = re.compile(
    rf"(?:\b(?:{'|'.join(_VERBS)}),[^,]*|(?<=,)\s[\w-]+|[\s,;:–—-]+|\s\(?(?:an?|the|of|and|or|in|on|to|by|for|with|from|at|as|into|that|which|is|are|was|"
    r"were|be|been|its|their|our|than|via|using|both|between|demonstrat\w*|show\w*|find|found|argu\w+|reveal\w*|prov\w+|"
    r"how|why|whether|when|while|where|we|this|these|such|not|can|has|have|up|per|over|under|about|e\.g\.|i\.e\.|only|"
    r"more|most|even|also|then|each|if|small|large|high|low|strong|significant|much|less|better|"
    r"very|highly|new|novel|[+\-−±]?[\d.,]+(?:\s?[%×])?|[-=<>≤≥≈~∼+×·/∈→±^]+))$"
)
_PENDING = re.compile(r" that,? (?:because|when|if|while|although|since|as|for|with|by|under|unlike)\b[^,]*$")
_PARTICIPLE = re.compile(r" [a-z]{3,}(?<!ne)(?<!se)(?<!spe)ed$")
_OPERATOR = re.compile(r"\s*[-=<>≤≥≈~∼+×·/∈→±^%\d]")

# ------------------------------------------------------------------ shapes

_ASIDE = re.compile(r"\s\((?!(?:[ivx\d]{1,4}|[a-h])\))[^()$]{1,120}\)")
_IF_LONG = re.compile(r"(?i:to [a-z]+ [^,;]{5,140}|motivated by [^,;]{5,100}|inspired by [^,;]{5,100}),\s(?=we\b)")
_SAYING = re.compile(
    r"(?:We|This (?:paper|work|study|article)) (?:\w+ly )?(?:show|demonstrate|find|reveal|observe|prove)s? that "
)
_SAID = 2.6  # what "we show that" counts where it has been dropped


@dataclass(frozen=True, slots=True)
class Shape:
    """A text for a summary, how much of its source it holds, what the loss counts against it, and what was dropped."""

    text: str
    source: Evidence
    length: int
    loss: float
    credit: float = 0.0


def shapes(sentence: Evidence) -> Iterator[Shape]:
    """Yield a sentence and its shorter shapes, each of at most `LONGEST` characters; at least one."""
    whole = [Shape(sentence.text, sentence, WHOLE, 0.0)]
    for pattern, loss, credit in ((_IF_LONG, 0.1, 0.0), (REPORTING, 0.3, _SAID), (_SAYING, 0.3, _SAID)):
        if found := pattern.match(sentence.text):
            _, _, rest = alone(heading(sentence.text[found.end() :]))
            whole.append(Shape(rest, evidence(rest), WHOLE, loss + 2.0 * bool(DEPENDENT.match(rest)), credit))
    bare = [replace(one, text=_ASIDE.sub("", one.text), loss=one.loss + 0.3) for one in whole if " (" in one.text]
    fits = False
    for one in whole + bare:
        if 0 < len(one.text) <= LONGEST:
            fits = True
            yield one
        for cut, lost in _cuts(one.text):
            fits = True
            yield replace(one, text=cut, length=len(cut), loss=one.loss + lost)
    if not fits:
        cut = cut_at_word(sentence.text)
        yield Shape(cut, sentence, len(cut), 2.0)


def _cuts(sentence: str) -> Iterator[tuple[str, float]]:
    """Yield a sentence's beginnings that end with a clause, and what the loss counts."""
    inside, unclosed = brackets(sentence)
    for found in _TAIL.finditer(sentence, 0, LONGEST + 20):
        at = found.start()
        head = sentence[:at].rstrip(" ,;:–—-")
        if not _SHORTEST <= len(head) < LONGEST or inside[at] or 0 <= unclosed < len(head) or _ends_loosely(head):
            continue
        if not (
            _closed(head) and not (head.endswith("ed") and _PARTICIPLE.search(head))
            if found["open"]
            else _complete(head)
        ):
            continue
        if found[0][0] == "," and sentence.startswith(("and ", "as well"), found.end()) and _LIST.search(head):
            continue
        if found["open"] and _is_enough(sentence, head, at) and _complete(head):
            mark, lost = ".", 0.3
        else:
            mark, lost = ("…", 1.5) if found["open"] else (".", 0.3 if found["weak"] else 0.0)
        lost += (
            0.3 + 1.2 * (1 - len(head) / min(len(sentence), LONGEST)) + 0.8 * bool(")" in head and _ITEM.search(head))
        )
        yield head + mark, lost


def _is_enough(sentence: str, head: str, at: int) -> bool:
    made = ", a" in head or ", the " in head  # what the patterns need is looked for first: it is rare
    beats = "outperform" in head or "surpass" in head or "exceed" in head
    return bool(
        (made and not sentence.startswith(" and", at) and _ENOUGH.search(head))
        or (beats and _UNLIMITED.match(sentence, at) and _BEATS.search(head))
    )


@lru_cache(maxsize=20_000)
def _is_finite(word: str) -> bool:
    return bool(_FINITE.fullmatch(word))


def _ends_loosely(head: str) -> bool:
    """Return whether `_LOOSE_END` is in a beginning: in its last two words, or from a verb before its last comma on."""
    comma, blank = head.rfind(","), head.rfind(" ")
    start = 0 if comma >= 0 and head.endswith(_VERBS, 0, comma) else head.rfind(" ", 0, max(blank, 0))
    return bool(_LOOSE_END.search(head, max(start, 0)))


def _complete(head: str) -> bool:
    """Return whether a beginning has a verb of its own, also after an introduction."""
    main = head
    if _INTRODUCES.match(head) or head[:1].islower():
        comma = head.find(", ")
        if comma < 0:
            return False
        main = head[comma + 2 :]
    return len(main) > 25 and any(map(_is_finite, _WORD.findall(main))) and _closed(main)


def _closed(head: str) -> bool:
    """Return whether the last "that", "which" or "how" has its verb, or at least a long beginning."""
    begin = max(head.rfind(f" {word} ") for word in ("that", "which", "how", "why", "whether"))
    if _PENDING.search(head):
        return False
    return (
        begin < 0
        or len(head) - begin > 45
        or bool(any(map(_is_finite, _WORD.findall(head, begin))) or _RELATIVE.match(head, begin))
    )


def cut_at_word(sentence: str) -> str:
    """Return the beginning of a sentence and an ellipsis, cut between words, outside brackets and formulas."""
    inside, _ = brackets(sentence)
    at = LONGEST - 1
    while at > 0 and (inside[at] or not sentence[at].isspace() or _OPERATOR.match(sentence, at)):
        at -= 1
    head = sentence[: at if at >= _SHORTEST else LONGEST - 1].rstrip()
    while (opened := brackets(head)[1]) >= 0:  # a bracket at the very beginning goes alone
        head = head[:opened].rstrip() if opened >= _SHORTEST // 2 else head[:opened] + head[opened + 1 :]
    while (loose := _LOOSE_END.search(head)) and loose.start() >= _SHORTEST:
        head = head[: loose.start()]
    return head.rstrip(" ,;:.…") + "…"
