"""What the words of a sentence say of it: something found, something made, what everybody knew, or nothing at all.

Cue phrases, words of the title and numbers weigh, after H. P. Edmundson, New Methods in Automatic Extracting, 1969.
The weights were set by reading summaries of papers of all fields; they are coarse, and meant to be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from newsletter.words import STOP_WORDS, stem

_ADVERB = (
    r"(?:(?:have |has |had )?(?:\w+ly |also |further |then |first |thus |therefore |here |hence |now |next |even )?)"
)
MADE = (
    r"(?:propos|introduc|present|develop|design|build|built|releas|construct|creat|devis|formulat|establish|curat|"
    r"unveil)"
)
GIVEN = r"(?:describ|provid|offer|contribut|collect|implement|train|extend|combin|showcas|deriv|report)"
_FOUND = r"(?:show|find|found|demonstrat|prov(?!id)|reveal|discover|conclud\w+ that|identif|uncover|confirm|establish)"
_GOT = (
    r"(?:report|illustrat|observ|obtain|deriv|achiev|detect|measur|infer|determin|constrain|estimat|characteri[sz]|solv|"
    r"resolv|improv|reduc|predict|plac|exclud|rul\w+ out|set (?!up|out)|put forward|suggest|argue that)"
)
_WORK = r"(?:paper|work|article|study|letter|thesis|report|note|survey|review)"

_SAYS_MADE, _SAYS_FOUND, _SAYS_GOT, _CHANGES, _RESULTS, _EMPTY = 2.2, 2.4, 1.7, 1.2, 1.1, -3.0
# Matched on small letters; each counts once. The named weights also say which cue it was.
_CUES = tuple((weight, re.compile(pattern)) for weight, pattern in (
    # found or made
    (_SAYS_MADE, (rf"\b(?:we|i) {_ADVERB}{MADE}|\bwe [^;.]{{4,140}}? and {MADE}|\b{_WORK} {_ADVERB}(?:{MADE}|{GIVEN})"
                 r"(?:e?s|ed)\b")),
    (_SAYS_FOUND, (rf"\b(?:we|i) {_ADVERB}{_FOUND}|\bit (?:is|was) (?:\w+ )?(?:{_FOUND}\w*|shown)\b|"
                  rf"\b{_WORK} {_ADVERB}{_FOUND}(?:e?s|ed)\b|\b(?:result|finding|conclusion)s? (?:is|was|are) that\b")),
    (_SAYS_GOT, rf"\b(?:we|i) {_ADVERB}{_GOT}"),
    (1.2, rf"\b(?:we|i) {_ADVERB}(?!deriv|report){GIVEN}"),
    (1.3, rf"(?<!been )\b(?:is|are|was|were) (?:\w+ly |first |then )?(?:{MADE}|deriv)ed\b"),
    (1.0, rf"\b(?:we|i|our)\b|\bth(?:is|ese) (?:\w+ )?{_WORK}\b"),
    (0.8, r"\b(?:show|reveal|demonstrat|indicat|confirm|suggest|find|found|prov(?!id))(?:e?[sd]|e)?\b(?! to be)"),
    (_RESULTS, (r"\b(?:results?|experiments|evaluations?|analys[ei]s|findings|simulations|observations|data|"
          r"calculations|measurements|comparisons?|ablations|tests|trials?|models?)\b[^.;]{0,90}?"
          rf"\b(?:{_FOUND}|indicat|suggest|impl[iy]|highlight)(?:e?[sd]|e|ing|ie[sd]|y)?\b")),
    (0.4, r"\b(?:show|find|found|demonstrat|prov|reveal|indicat|suggest|conclud|establish)\w{0,4} that\b"),
    (0.5, r"\b(?:the first|new|novel)\b"),
    (_CHANGES, (r"\b(?:outperform|surpass|exceed|improv|achiev|reduc|increas|boost|accelerat|gain|attain|yield|match|"
          r"enabl|rais|decreas|eliminat|exhibit|reach|guarantee|converg|depend|correlat|associat|doubl|enhanc|declin)"
          r"(?:s|es|ed|e)?\b")),
    (0.8, (r"\b(?:state[- ]of[- ]the[- ]art|sota|higher|lower|better|faster|fewer|more than|less than|up to|compared|"
          r"times|significant(?:ly)?|than)\b")),
    (0.7, r"\d(?:[\d.,]*\d)?\s?(?:%|×|x\b|percent|per cent|-?fold\b|σ|[kmg]?(?:ev|hz|pc)\b)"),
    (0.3, r"(?<![\w.-])(?!(?:19|20)\d\d\b)\d[\d.,]*(?![\w-])"),
    # only looked at, or only announced
    (-0.9, (rf"\b(?:we|{_WORK}) {_ADVERB}(?:stud(?:y|ies)|investigat|consider|explor|examin|analy[sz]|address|focus|"
           r"discuss|review|aim|revisit|ask|survey)\w*")),
    (-1.2, (r"\bwe (?:have |will |\w+ly |also |further |first )?(?:discuss|evaluat|conduct|perform|validat|test|"
           r"appl(?:y|ied)|compar|employ|use\b|used\b|hope|review|believe|anticipat|outlin|highlight|assum|adopt|ran\b|"
           r"run\b|select|explain|need|benchmark|begin|start)")),
    (-0.5, r"\bwe (?:\w+ly |also |further |first )?(?:comput|calculat|simulat|model|scale|treat|examin|leverag)"),
    (-4.0, (r"\b(?:will|publicly|openly|freely|we|to) (?:release|share|open-source)d? |"
           r"\bwill be (?:made|released|shared)\b")),
    (-2.0, (r"\b(?:present|provid|offer|perform|conduct|report|describ)\w* (?:an? |the |our )?(?:[\w-]+ ){0,4}(?:study|"
            r"analys[ie]s|investigations?|overview|evaluations?|comparisons?|review|survey|observations|measurements|results)\b")),
    (-1.5, r"\ba (?:new|novel) (?:\w+ )?(?:strategy|approach|method|framework|technique|solution|paradigm)\.$"),
    (-0.8, r"\bwe also\b|\balso (?:show|present|provide|propose|introduce|discuss)"),
    (_EMPTY, (r"\b(?:two|three|four|five|several|main|key|following) (?:\w+ ){0,2}(?:findings|contributions|insights|"
           r"observations|lessons|aspects)\b")),
    (-1.3, (r"\b(?:two|three|four|five|several) (?:\w+ ){0,2}(?:components|designs|problems|parts|steps|stages|modules|"
           r"questions)[.,]")),
    (-0.9, (r"\b(?:superior|competitive|strong|promising|excellent|good|sota|state-of-the-art) (?:\w+ )?"
           r"(?:performance|results)\b")),
    (-2.1, r"\b(?:effectiveness|superiority|efficacy|extensive experiments|comprehensive experiments)\b"),
    # before and after
    (-2.6, r"\bwe (?:have )?(?:recently|previously|earlier)\b|\bin (?:a|our) (?:previous|companion|forthcoming)\b"),
    (-1.6, r"\bwill (?:benefit|enable|help|be|show|require|allow|deliver|present|discuss)\b|\bin paper [iv]+\b"),
    # everybody's background
    (-1.8, (r"\bha(?:s|ve) (?:become|emerged|been|shown|gained|attracted|made|achieved|revolutioni[sz]ed|demonstrated|"
           r"led|enabled|significantly|recently|long|received|seen)\b|\brecent(?:ly)? (?:advance|progress|work|year|"
           r"develop|stud|method)|\bin recent years\b|\bremains? (?:an? |largely |poorly |under|un|challeng|difficult|"
           r"elusive|limited|open|the )|\b(?:is|are|plays?|poses?) (?:an? )?(?:\w+ly )?(?:crucial|key|important|vital|"
           r"fundamental|pivotal|central|essential|critical|challeng\w+|significant challeng\w*|long-?standing|"
           r"well known|known|difficult|limited|ubiquitous|expected|needed|necessary|desirable|of great)\b")),
    (-1.5, (r"\b(?:existing|current|previous|prior|traditional|conventional|most) (?:\w+ ){0,3}?(?:methods|approaches|"
           r"works?|models|techniques|studies|benchmarks|systems|research|literature|solutions|evaluations?|efforts|"
           r"frameworks)\b")),
    (-1.2, (r"\b(?:typically|often|usually|commonly|widely|suffers?|lacks?|struggles?|hinder|hamper|rely on|relies on|"
           r"fails? to|little is known|challenges|bottleneck|growing|crucial|need for|need to|despite|overlook|neglect|"
           r"limitations?\b|attention\b|today\b)")),
    (-1.3, (r"\b(?:pav(?:es?|ing) the way|future (?:work|research|direction|stud)|implications|"
           r"open(?:s|ing)? (?:up )?(?:new|the)|insights? (?:into|for)|potential (?:of|to|for)|promising|promise|"
           r"valuable|highlights? the|underscor|new (?:standard|paradigm)|advances? the|versatile|foundation for|"
           r"step toward|should\b|importance of|may\b)")),
    (-0.6, (r"\b(?:our|the proposed|the) (?:proposed )?(?:method|approach|framework|model|algorithm|system|"
           r"architecture|technique|scheme|results?)\b")),
    # words whose meaning stands elsewhere
    (-1.3, (rf"\b(?:this|these|those|such) (?!{_WORK}|as\b|that\b)|\b(?:two|three)fold\b|\b(?:afore|above-?)mentioned|"
           r"\b(?:of|from|by|for|between) both[.,]|(?<= )\bmentioned\b|"
           r"\ball (?:two|three|four|five)\b|\bthe (?:first|last) (?:two|three)\b")),
    (-1.4, r"\b(?:that|how|why|whether) (?:they|it|this|these) (?:is|are|was|were|can|\w+s)\b"),
    (-0.8, (r"^the (?:\w+ )?(?:failure|gains?|improvements?|effects?|benefits?|advantages?|system|platform|results?|"
           r"findings|analysis|study|model|method|graph)\b")),
    (-2.5, r"\?[\"'”’)]*$"),
    (-2.0, r"[:,;]$|\bthe (?:rest|remainder) of (?:this|the)|\bas follows\b|\bcontributions are\b"),
    # never
    (-7.0, (r"\bhttps?:|\bwww\.|\bgithub|\bgitlab|\bzenodo|\bhuggingface\.co|\b(?:code|data|datasets?|"
           r"models?|weights|page|demo|videos?|implementation|software|benchmark|checkpoints|work|package|resources)\b[^.]{0,60}"
           r"\b(?:is|are|be|made) (?:\w+ly |all |made ){0,3}(?:available|released|found|open[- ]?sourced?|accessible)|"
           r"\b(?:accepted|submitted) (?:at|in|to|by|for)\b|\bto appear (?:at|in)\b|\bpublished (?:at|in)\b|"
           r"(?<=\d )\b(?:pages|figures|tables)\b|\bcopyright|\barxiv:|\ball rights")),
))  # fmt: skip


# ------------------------------------------------------------------ which cues a text may hold

# Most cues are tried only where a word stands that may begin them: a search for each took half of all the time.


def _openings(pattern: str) -> set[str] | None:
    """Return how words begin of which a text has one wherever a pattern is found; None where any text may hold it.

    A blank ends a word that is whole; a sign alone is one that the text ends with.
    """
    each = [_beginnings(re.sub(r"^\(\?<[^()]*\)", "", one)) for one in _alternatives(pattern)]
    return None if None in each else set().union(*filter(None, each))


def _beginnings(pattern: str) -> set[str] | None:
    if signs := re.fullmatch(r"\[([:,;]+)\]\$", pattern):
        return set(signs[1])
    if pattern.startswith(r"\b(?:"):
        end = _closing(pattern, 2)
        each = [_beginnings(rf"\b{one}{pattern[end + 1 :]}") for one in _alternatives(pattern[5:end])]
        return None if None in each else set().union(*filter(None, each))
    letters = re.match(r"\\b([a-z]+(?: |\\b)|[a-z]+(?![a-z?*{]))", pattern) or re.match(
        r"\\b([a-z]+)(?=[a-z][?*{])", pattern
    )
    return {letters[1].replace(r"\b", " ")} if letters else None


def _alternatives(pattern: str) -> list[str]:
    """Return the parts of a pattern between the bars that stand in no group."""
    depth, start, parts = 0, 0, []
    for at, sign in enumerate(pattern):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and not depth:
            parts.append(pattern[start:at])
            start = at + 1
    return [*parts, pattern[start:]]


def _closing(pattern: str, start: int) -> int:
    """Return where the group ends that begins at `start`."""
    depth = 0
    for at, sign in enumerate(pattern[start:], start):
        depth += (sign == "(") - (sign == ")")
        if not depth:
            return at
    return len(pattern)


_ANYWHERE: list[int] = []  # places of cues that are searched for in every text
_OPENED_BY: dict[str, list[int]] = {}
for _place, (_, _cue) in enumerate(_CUES):
    if (_begun_by := _openings(_cue.pattern)) is None:
        _ANYWHERE.append(_place)
    for _letters in _begun_by or ():
        _OPENED_BY.setdefault(_letters, []).append(_place)


@lru_cache(maxsize=20_000)
def _opened_by(word: str) -> tuple[int, ...]:
    """Return the places of the cues that may begin with a word."""
    return tuple({place for end in range(1, len(word) + 2) for place in _OPENED_BY.get(f"{word} "[:end], ())})


# ------------------------------------------------------------------ what a text holds

_REPORTS = frozenset({_SAYS_FOUND, _RESULTS})
_TELLING = frozenset({_SAYS_MADE, _SAYS_FOUND, _SAYS_GOT})
# Beside a telling cue, words of the background only name what it is about.
_BACKGROUND = frozenset({-1.8, -1.5, -1.2})
_EXCUSED = 0.4

_WORD = re.compile(r"[a-z0-9]+")
_NAME = re.compile(r"([^\s:]{2,30}(?: [^\s:]{1,20})?): ")
_OWN = re.compile(
    rf"\b(?:we|our|here|i)\b|\b(?:this|the present) (?:\w+ )?{_WORK}\b|\b(?:is|are|was|were|been) (?:\w+ly )?"
    rf"(?:{MADE}|{GIVEN}|studi|investigat|explor|examin|analy[sz]|calculat|comput|measur|observ|perform|found)(?:ed)?\b"
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a text holds, each with the place where it ends: cues with their weights, and words that carry meaning."""

    text: str
    cues: tuple[tuple[int, float], ...]
    words: tuple[tuple[int, str], ...]

    def made(self, length: int) -> bool:
        """Return whether the first `length` characters say what was made."""
        return any(end <= length and weight == _SAYS_MADE for end, weight in self.cues)

    def announces(self) -> float:
        """Return what the sentence promises the next: findings (0.5), or nothing but findings (1.2)."""
        weights = {weight for _, weight in self.cues}
        return 1.2 if _EMPTY in weights else 0.5 if weights & _REPORTS else 0.0

    def tells(self, length: int) -> bool:
        """Return whether the first `length` characters say that something was made, found or changed."""
        return any(end <= length and weight >= _CHANGES for end, weight in self.cues)


def evidence(text: str) -> Evidence:
    """Return what speaks for or against a sentence."""
    small = text.lower()
    found: dict[int, int] = {}
    words: list[tuple[int, str]] = []
    for place in (*_ANYWHERE, *_OPENED_BY.get(small[-1:], ())):
        if cue := _CUES[place][1].search(small):
            found[place] = cue.end()
    for word in _WORD.finditer(small):
        if meant := _meant(word[0]):
            words.append((word.end(), meant))
        for place in _opened_by(word[0]):
            if place not in found and (cue := _CUES[place][1].match(small, word.start())):
                found[place] = cue.end()
    return Evidence(text, tuple((found[place], _CUES[place][0]) for place in sorted(found)), tuple(words))


@lru_cache(maxsize=20_000)
def _meant(word: str) -> str:
    """Return the stem of a word that carries meaning, else ""."""
    return "" if len(word) < 2 or word in STOP_WORDS else stem(word)


def authors_speak(text: str) -> bool:
    """Return whether a sentence speaks of its own paper; those before the first that does tell what was known."""
    return bool(_OWN.search(text.lower()))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a title says: its words, and the name it gives to what was made ("X: A Method for …"), or ""."""

    words: frozenset[str]
    name: str


def subject(title: str) -> Subject:
    """Return what a title says."""
    name = _NAME.match(title)
    words = map(_meant, _WORD.findall(title.lower()))
    return Subject(frozenset(filter(None, words)), name[1] if name else "")


def weigh(held: Evidence, length: int, about: Subject) -> float:
    """Return how much the first `length` characters of a sentence tell of a paper; 3 is good, below 0 nothing."""
    cues = [weight for end, weight in held.cues if end <= length]
    telling = not _TELLING.isdisjoint(cues)
    weight = sum(cue * (_EXCUSED if telling and cue in _BACKGROUND else 1.0) for cue in cues)
    words = {word for end, word in held.words if end <= length}
    if words and about.words:
        weight += 1.8 * len(words & about.words) / len(about.words)
        weight -= 1.5 * (len(words - about.words) < 4)  # the title once more
    if about.name:
        at = held.text.find(about.name, 0, length)
        weight += 0.4 * (at >= 0) + 0.6 * (at == 0 or held.text.startswith("The " + about.name))
    return weight
