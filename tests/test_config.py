"""`subscribers.yaml` → Config: what a right file gives."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from settings_files import ADA, HEAD, loaded, saved

from newsletter.config import Config, kind_of, load
from newsletter.config.document import resolve
from newsletter.errors import ConfigError
from newsletter.models import Encryption, Interest, InterestKind, Pick, Status, Subscriber

SMTP = "smtp: {host: smtp.example.org, username: papers@example.org, password: secret%s}\n"


def test_the_least_file_gives_every_default(tmp_path: Path) -> None:
    """Four lines are enough for a newsletter."""
    config = loaded(tmp_path, HEAD + ADA)

    assert (config.schedule.send_at, config.schedule.timezone) == (time(7, 0), "UTC")
    assert (config.issue.max_papers, config.issue.abstract, config.issue.send_when_empty) == (
        12,
        "summary",
        False,
    )
    assert (config.smtp, config.templates, config.warnings) == (None, None, ())
    assert [source.label for source in config.sources] == ["arxiv cs.LG"]


def test_a_subscriber_without_wishes_has_the_defaults_of_the_record(tmp_path: Path) -> None:
    """The grammar and the record agree on what holds when nothing is said."""
    [ada] = loaded(tmp_path, HEAD + ADA).subscribers

    assert ada == Subscriber(
        "ada@example.org", (Interest(InterestKind.PHRASE, "diffusion models", ("diffusion models",)),)
    )


def test_the_sender_is_split_into_name_and_address(tmp_path: Path) -> None:
    """`from` is written as in an email."""
    newsletter = loaded(tmp_path, HEAD + ADA).newsletter

    assert (newsletter.sender_name, newsletter.sender_email) == ("Daily Papers", "papers@example.org")


def test_a_bare_sender_address_takes_the_name_of_the_newsletter(tmp_path: Path) -> None:
    """Nobody receives an email from a nameless address."""
    text = HEAD.replace('"Daily Papers <papers@example.org>"', "papers@example.org")

    assert loaded(tmp_path, text + ADA).newsletter.sender_name == "Daily Papers"


def test_who_may_be_sent_a_test_is_read(tmp_path: Path) -> None:
    """Each address once, as it is spelled first; nobody unless somebody is named."""
    text = HEAD + "preview: {test_recipients: [Ada@example.org, grace@example.org, ada@EXAMPLE.org]}\n" + ADA

    assert loaded(tmp_path, text).test_recipients == ("Ada@example.org", "grace@example.org")
    assert loaded(tmp_path, HEAD + ADA).test_recipients == ()


def test_the_rest_of_the_newsletter_section_is_read(tmp_path: Path) -> None:
    """Byline and answers reach the record."""
    text = HEAD.replace("}\n", ", editor: Ada, reply_to: ada@example.org}\n", 1)
    newsletter = loaded(tmp_path, text + ADA).newsletter

    assert (newsletter.editor, newsletter.reply_to) == ("Ada", "ada@example.org")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("diffusion models", Interest(InterestKind.PHRASE, "diffusion models", ("diffusion models",))),
        ("cs.PL", Interest(InterestKind.CATEGORY, "cs.PL", ("cs.PL",))),
        ("cs.pl", Interest(InterestKind.CATEGORY, "cs.PL", ("cs.PL",))),
        ("hep-th", Interest(InterestKind.CATEGORY, "hep-th", ("hep-th",))),
        ("{category: astro-ph.ga}", Interest(InterestKind.CATEGORY, "astro-ph.GA", ("astro-ph.GA",))),
        ("{category: neuroscience}", Interest(InterestKind.CATEGORY, "neuroscience", ("neuroscience",))),
        ("{author: Grace Hopper, weight: 3}", Interest(InterestKind.AUTHOR, "Grace Hopper", ("Grace Hopper",), 3.0)),
        (
            "{name: compilers, description: Optimising compilers, keywords: [MLIR, LLVM], weight: 2}",
            Interest(InterestKind.PHRASE, "compilers", ("compilers", "Optimising compilers", "MLIR", "LLVM"), 2.0),
        ),
        ('"2401.10020"', Interest(InterestKind.PAPER, "arxiv:2401.10020", ("arxiv:2401.10020",))),
        ("arxiv:2401.10020v2", Interest(InterestKind.PAPER, "arxiv:2401.10020", ("arxiv:2401.10020",))),
        ("hep-th/9901001", Interest(InterestKind.PAPER, "arxiv:hep-th/9901001", ("arxiv:hep-th/9901001",))),
        (
            "https://arxiv.org/abs/2401.10020",
            Interest(InterestKind.PAPER, "arxiv:2401.10020", ("arxiv:2401.10020",)),
        ),
        ("10.1145/3586037", Interest(InterestKind.PAPER, "doi:10.1145/3586037", ("doi:10.1145/3586037",))),
        (
            '{paper: "PMID: 31452104", weight: 3}',
            Interest(InterestKind.PAPER, "pmid:31452104", ("pmid:31452104",), 3.0),
        ),
        ("{venue: NeurIPS, weight: 0.5}", Interest(InterestKind.VENUE, "NeurIPS", ("NeurIPS",), 0.5)),
        ("input/output", Interest(InterestKind.PHRASE, "input/output", ("input/output",))),
        ("3D Gaussian splatting", Interest(InterestKind.PHRASE, "3D Gaussian splatting", ("3D Gaussian splatting",))),
        (
            "{name: 扩散模型, keywords: [diffusion models]}",
            Interest(InterestKind.PHRASE, "扩散模型", ("diffusion models",)),
        ),
        ("A* search", Interest(InterestKind.PHRASE, "A* search", ("A* search",))),
        ("physics", Interest(InterestKind.PHRASE, "physics", ("physics",))),
        ("no", Interest(InterestKind.PHRASE, "no", ("no",))),
    ],
)
def test_each_form_of_an_interest_is_understood(tmp_path: Path, written: str, expected: Interest) -> None:
    """A text is a phrase, or a category or paper where it has the form of one; a mapping says more."""
    [ada] = loaded(tmp_path, HEAD + ADA.replace("diffusion models", written)).subscribers

    assert ada.interests == (expected,)


def test_the_kind_of_a_text_can_be_asked_for() -> None:
    """`check` tells what it took for what."""
    found = [
        kind_of(text) for text in ("cs.PL", "math.AG", "astro-ph.GA", "hep-th", "quant-ph", "graph learning", "maths")
    ]

    assert found == [InterestKind.CATEGORY] * 5 + [InterestKind.PHRASE] * 2
    assert kind_of("arxiv:2401.10020") is InterestKind.PAPER


def test_origins_name_the_line(tmp_path: Path) -> None:
    """`explain` can say which line decided."""
    [ada] = loaded(
        tmp_path, HEAD + ADA.replace("[diffusion models]", "\n      - cs.LG\n      - name: compilers")
    ).subscribers

    assert ada.origin == "subscribers.yaml:5"
    assert [interest.origin for interest in ada.interests] == ["subscribers.yaml:7", "subscribers.yaml:8"]


def test_exclusions_of_everyone_are_added_to_those_of_one(tmp_path: Path) -> None:
    """A default exclusion is not lost when a reader has their own."""
    [ada] = loaded(
        tmp_path, HEAD + "defaults: {exclude: [survey]}\n" + ADA + "    exclude: [cs.CR, survey]\n"
    ).subscribers

    assert [interest.name for interest in ada.exclude] == ["survey", "cs.CR"]


def test_the_nearest_wish_wins(tmp_path: Path) -> None:
    """A subscriber's own word comes before the defaults, and these before schedule and issue."""
    text = "schedule: {time: '06:00', timezone: Asia/Tokyo, days: [sun]}\nissue: {max_papers: 5}\n"
    text += "defaults: {send_at: '7:30', max_papers: 6, status: paused}\n"
    [ada] = loaded(tmp_path, HEAD + text + ADA + "    max_papers: 7\n").subscribers

    assert (ada.max_papers, ada.send_at, ada.timezone) == (7, time(7, 30), "Asia/Tokyo")
    assert (ada.weekdays, ada.status) == (frozenset({7}), Status.PAUSED)


@pytest.mark.parametrize(("written", "expected"), [("07:30", time(7, 30)), ("7:00", time(7)), ('"00:05"', time(0, 5))])
def test_a_time_is_never_a_number(tmp_path: Path, written: str, expected: time) -> None:
    """YAML 1.1 would have made 450 minutes of 07:30."""
    [ada] = loaded(tmp_path, HEAD + ADA + f"    send_at: {written}\n").subscribers

    assert ada.send_at == expected


@pytest.mark.parametrize("written", ["[mon, fri]", "[Mon, FRI]", "mon, fri", "mon fri"])
def test_days_are_names(tmp_path: Path, written: str) -> None:
    """Monday is 1, in any spelling a person tries."""
    [ada] = loaded(tmp_path, HEAD + ADA + f"    send_on: {written}\n").subscribers

    assert ada.weekdays == frozenset({1, 5})


@pytest.mark.parametrize(
    ("written", "expected"),
    [("summary", "summary"), ("none", 0), ("1 sentence", 1), ("3 sentences", 3), ("full", None)],
)
def test_the_length_of_abstracts_is_said_in_words(tmp_path: Path, written: str, expected: int | None) -> None:
    """The record counts sentences; None is everything, and a summary is called one."""
    assert loaded(tmp_path, HEAD + ADA + f"issue: {{abstract: {written}}}\n").issue.abstract == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", (587, Encryption.STARTTLS)),
        (", encryption: tls", (465, Encryption.TLS)),
        (", port: 2525", (2525, "starttls")),
    ],
)
def test_the_port_follows_the_encryption_unless_given(tmp_path: Path, more: str, expected: tuple[int, str]) -> None:
    """RFC 8314's ports need not be known by heart."""
    smtp = loaded(tmp_path, HEAD + SMTP % more + ADA).smtp

    assert smtp
    assert (smtp.port, smtp.encryption) == expected


def test_a_server_on_this_machine_needs_no_encryption(tmp_path: Path) -> None:
    """A local relay may be spoken to in the clear."""
    smtp = loaded(tmp_path, HEAD + "smtp: {host: 127.0.0.1, encryption: none, port: 1025}\n" + ADA).smtp

    assert smtp
    assert (smtp.encryption, smtp.port, smtp.username) == (Encryption.NONE, 1025, "")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("sqlite:///newsletter.db", "sqlite:///{folder}/newsletter.db"),
        ("sqlite:///data/n.db", "sqlite:///{folder}/data/n.db"),
        ("sqlite:////var/lib/n.db", "sqlite:////var/lib/n.db"),
    ],
)
def test_a_relative_store_begins_at_the_folder_of_the_file(tmp_path: Path, written: str, expected: str) -> None:
    """The same database is opened from whatever folder the command is called in."""
    assert loaded(tmp_path, HEAD + ADA + f"store: {written}\n").store == expected.format(folder=tmp_path)


def test_a_folder_of_templates_is_relative_to_the_file(tmp_path: Path) -> None:
    """Overrides are dropped beside the settings."""
    (tmp_path / "looks").mkdir()

    assert loaded(tmp_path, HEAD + ADA + "templates: looks\n").templates == tmp_path / "looks"


def test_an_alias_gives_two_readers_the_same_interests(tmp_path: Path) -> None:
    """Anchors are the YAML way not to say a thing twice."""
    text = ADA.replace("[diffusion", "&both [diffusion") + "  - {email: grace@example.org, interests: *both}\n"
    ada, grace = loaded(tmp_path, HEAD + text).subscribers

    assert ada.interests == grace.interests


def test_an_address_may_have_letters_of_any_script_after_the_at(tmp_path: Path) -> None:
    """Domains are international; they are kept as written."""
    [reader] = loaded(tmp_path, HEAD + ADA.replace("ada@example.org", "ada@bücher.example")).subscribers

    assert reader.email == "ada@bücher.example"


@pytest.mark.parametrize(
    ("more", "warning"),
    [
        ("    exclude: [cs.ZZ]\n", "'cs.ZZ' is no category of arXiv that is known here"),
        ("    exclude: [survey, Survey]\n", "'Survey' stands already in subscribers.yaml:7; this one is left out"),
        (
            "    exclude: ['2401.10020', {paper: 'https://arxiv.org/abs/2401.10020v2'}]\n",
            "'arxiv:2401.10020' stands already in subscribers.yaml:7; this one is left out",
        ),
        ("    exclude: [{venue: NeurIPS}, {venue: neurips}]\n", "'neurips' stands already in subscribers.yaml:7"),
        (
            "    exclude: [扩散模型]\n",
            "'扩散模型' matches no paper: only words in Latin letters are matched; say it in English, or under 'keyw",
        ),
        ("    exclude: [{name: диффузия, description: Модели диффузии}]\n", "'диффузия' matches no paper"),
        ("include: [nothing/*.yaml]\n", "include: no file matches 'nothing/*.yaml'"),
    ],
)
def test_what_works_but_is_not_meant_is_a_warning(tmp_path: Path, more: str, warning: str) -> None:
    """A warning stops nothing and is not lost."""
    [found] = loaded(tmp_path, HEAD + ADA + more).warnings

    assert found.message.startswith(warning)


def test_hundreds_of_subscribers_load_at_once(tmp_path: Path) -> None:
    """A list of readers is no special case; what it costs, `benchmarks/settings.py` measures."""
    reader = "  - email: reader%d@example.org\n    send_at: 07:30\n"
    reader += "    interests:\n      - diffusion models\n      - cs.LG\n"
    path = saved(tmp_path, HEAD + "subscribers:\n" + "".join(reader % number for number in range(500)))

    assert len(load(path, environment={}).subscribers) == 500


# ------------------------------------------------------------------ picks, trending, updates


@pytest.mark.parametrize(
    ("written", "identity"),
    [
        ("arxiv:2401.10020v2", "arxiv:2401.10020"),
        ("2401.10020", "arxiv:2401.10020"),
        ("https://arxiv.org/abs/2401.10020", "arxiv:2401.10020"),
        ("https://huggingface.co/papers/2401.10020", "arxiv:2401.10020"),
        ("math/0309136", "arxiv:math/0309136"),
        ("DOI:10.1145/3586037", "doi:10.1145/3586037"),
        ("https://doi.org/10.1145/3586037", "doi:10.1145/3586037"),
        ("doi.org/10.1145/3586037", "doi:10.1145/3586037"),
        ("PMID: 31452104", "pmid:31452104"),
        ("pmid:0031452104", "pmid:31452104"),
        ("https://pubmed.ncbi.nlm.nih.gov/31452104/?from=x", "pmid:31452104"),
        ("https://openreview.net/forum?id=KS8mIvetg2&noteId=7", "openreview:KS8mIvetg2"),
        ("https://www.semanticscholar.org/paper/A-Title/" + "0a" * 20, "s2:" + "0a" * 20),
        ("S2:" + "0A" * 20, "s2:" + "0a" * 20),
        ("openreview:KS8mIvetg2", "openreview:KS8mIvetg2"),
        ("title:0123456789abcdef", "title:0123456789abcdef"),
    ],
)
def test_a_pick_is_any_id_or_address_of_a_paper(tmp_path: Path, written: str, identity: str) -> None:
    """In quotes; versions do not matter."""
    (pick,) = loaded(tmp_path, HEAD + f'picks: [{{paper: "{written}"}}]\n').picks

    assert (pick.paper, pick.note, pick.origin) == (identity, "", "subscribers.yaml:4")


def test_a_pick_carries_its_note_and_the_editor(tmp_path: Path) -> None:
    """Both reach the reader."""
    head = HEAD.replace("}\n", ", editor: Ada Lovelace}\n", 1)
    (pick,) = loaded(tmp_path, head + "picks:\n  - {paper: arxiv:2401.10020, note: Read section 4 first.}\n").picks

    assert pick == Pick("arxiv:2401.10020", "Read section 4 first.", "Ada Lovelace")


def test_a_paper_picked_twice_is_picked_once_with_a_warning(tmp_path: Path) -> None:
    """Also where the two are written differently."""
    text = 'picks:\n  - paper: "arxiv:2401.10020"\n  - paper: https://arxiv.org/abs/2401.10020\n'
    config = loaded(tmp_path, HEAD + text)

    assert len(config.picks) == 1
    assert [(problem.line, problem.message) for problem in config.warnings] == [
        (6, "'arxiv:2401.10020' is picked already in subscribers.yaml:5; this one is left out")
    ]


def test_picks_of_included_files_are_one_list(tmp_path: Path) -> None:
    """As sources and subscribers are."""
    saved(tmp_path, 'picks: [{paper: "arxiv:2401.10021"}]\n', "more.yaml")
    config = loaded(tmp_path, HEAD + 'include: more.yaml\npicks: [{paper: "arxiv:2401.10020"}]\n')

    assert [(pick.paper, pick.origin) for pick in config.picks] == [
        ("arxiv:2401.10020", "subscribers.yaml:5"),
        ("arxiv:2401.10021", "more.yaml:1"),
    ]


def test_a_readers_own_wish_wins_over_the_defaults_and_these_over_the_issue(tmp_path: Path) -> None:
    """Zero is a wish too."""
    readers = "".join(
        f"  - {{email: {name}@example.org, interests: [trees]{wish}}}\n"
        for name, wish in [("ada", ""), ("grace", ", trending: 0, updates: false"), ("emmy", ", trending: 9")]
    )
    text = HEAD + "issue: {trending: 5}\nsubscribers:\n" + readers
    usual, told = loaded(tmp_path, text), loaded(tmp_path, text + "defaults: {trending: 2, updates: true}\n")

    assert [(reader.trending, reader.updates) for reader in usual.subscribers] == [(5, False), (0, False), (9, False)]
    assert [(reader.trending, reader.updates) for reader in told.subscribers] == [(2, True), (0, False), (9, True)]


@given(st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_the_reading_fail_otherwise_than_by_a_problem(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    """Whatever stands in the file, a person gets places and words, never a traceback."""
    folder = tmp_path_factory.mktemp("any")
    path = folder / "subscribers.yaml"
    path.write_bytes((HEAD + ADA + text).encode("utf-8", "surrogatepass"))
    try:
        result: Config | tuple[object, ...] = load(path, environment={})
    except ConfigError as error:
        result = error.problems

    assert result


@given(st.text(alphabet="0123456789.eE+-_:xXoOaAfFnNiItTruUlL~ ", min_size=1, max_size=12))
def test_a_plain_scalar_is_never_misread_silently(written: str) -> None:
    """A number is one to Python too; everything else stays the text that was written."""
    value = resolve(written)

    if isinstance(value, str):
        assert value == written
    elif isinstance(value, int | float) and not isinstance(value, bool) and "n" not in written.lower():
        assert value == float(written)
