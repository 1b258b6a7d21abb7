"""Papers that readers name: taken from the store, asked for once, and told where nobody has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bodies_s2
import pytest
import stamina
from bodies_arxiv import an_api_entry, an_api_error, an_api_page, the_id
from makers import NOW, a_config, a_paper, a_subscriber, an_edition, an_interest
from sites import Reply, Site
from stores import a_store

from newsletter.collect.fetch import HttpAndFiles
from newsletter.config import Config
from newsletter.errors import SourceError, SourceThrottled
from newsletter.models import Interest, InterestKind, Paper, Status, Subscriber
from newsletter.pipeline.examples import collect_examples, examples_of, unknown_examples
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.crossref import Crossref
from newsletter.sources.source import Request
from newsletter.store import Store

ONE_DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Return an empty store."""
    with a_store(tmp_path) as opened:
        yield opened


class Services:
    """A fetch that answers as it is told, and remembers what it was asked."""

    def __init__(self, answer: Callable[[Request], bytes]) -> None:
        self.asked: list[Request] = []
        self._answer = answer

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Yield the one answer."""
        self.asked.append(request)
        yield request, self._answer(request)


def arxiv(*numbers: int) -> Services:
    """Return an arXiv that has some papers, and gives those it is asked for."""
    return Services(
        lambda request: an_api_page(*(an_api_entry(number) for number in numbers if the_id(number) in request.address))
    )


def raising(error: Exception) -> Services:
    """Return services none of which answers."""

    def answer(request: Request) -> bytes:
        del request
        raise error

    return Services(answer)


def example(number: int | str = 1, *, line: int = 14) -> Interest:
    """Return an interest in papers like one of arXiv's, or of any identity."""
    identity = f"arxiv:{the_id(number)}" if isinstance(number, int) else number
    return Interest(InterestKind.PAPER, identity, (identity,), origin=f"subscribers.yaml:{line}")


def settings(*readers: Subscriber) -> Config:
    """Return settings with some readers and no source."""
    return a_config(*readers)


def reader(*interests: Interest, exclude: tuple[Interest, ...] = (), status: Status = Status.ACTIVE) -> Subscriber:
    """Return a subscriber who names papers."""
    return a_subscriber(interests=interests or (an_interest(),), exclude=exclude, status=status)


def stored(store: Store, paper: Paper) -> None:
    """Keep a paper as a source's."""
    store.editions.save(an_edition(paper), collected_at=NOW)


def test_papers_that_nobody_brought_are_asked_for_and_kept(store: Store) -> None:
    """Examples and counter-examples alike, in one request."""
    config = settings(reader(example(1), an_interest(), exclude=(example(2),)))
    fetch = arxiv(1, 2)

    lines = collect_examples(config, store, fetch=fetch, now=NOW)
    papers = examples_of(store, config.subscribers)

    assert (lines, len(fetch.asked)) == ((), 1)
    assert {identity: paper.title for identity, paper in papers.items()} == {
        "arxiv:2611.00001": "Paper 1",
        "arxiv:2611.00002": "Paper 2",
    }
    assert unknown_examples(config, store) == ()


def test_what_is_known_is_not_asked_for(store: Store) -> None:
    """Neither a source's paper, by any of its ids, nor one found before; nor what only a paused reader names."""
    stored(store, a_paper(id="arxiv:2611.00001", identities=("arxiv:2611.00001", "doi:10.1234/trees")))
    paused = reader(example(7), status=Status.PAUSED)
    config = settings(reader(example(1), example("doi:10.1234/trees"), example(3)), paused)

    collect_examples(config, store, fetch=arxiv(3), now=NOW)
    fetch = arxiv(3)
    collect_examples(config, store, fetch=fetch, now=NOW + 2 * ONE_DAY)

    assert fetch.asked == []
    assert {identity: paper.id for identity, paper in examples_of(store, config.subscribers).items()} == {
        "arxiv:2611.00001": "arxiv:2611.00001",
        "doi:10.1234/trees": "arxiv:2611.00001",
        "arxiv:2611.00003": "arxiv:2611.00003",
    }


def test_a_paper_of_a_source_comes_before_what_was_asked_for(store: Store) -> None:
    """The stored one has votes, versions and the text that readers saw; also under another id of the same paper."""
    identity = f"s2:{bodies_s2.PAPER_ID}"
    config = settings(reader(example(identity)))
    collect_examples(config, store, fetch=Services(lambda _: bodies_s2.batch(bodies_s2.paper())), now=NOW)
    before = examples_of(store, config.subscribers)[identity]
    stored(store, a_paper("Gradients, as announced", id="arxiv:2611.04321"))

    assert (before.id, before.title) == ("arxiv:2611.04321", "Gradients without tapes")
    assert examples_of(store, config.subscribers)[identity].title == "Gradients, as announced"


def test_a_paper_that_nobody_knows_is_told_with_its_line_and_asked_for_once_a_day(store: Store) -> None:
    """The first of the lines that name it; the others of the same request are found."""
    config = settings(reader(example(1, line=9), example(2, line=14)), reader(example(2, line=30)))
    said = "arxiv:2611.00002 (subscribers.yaml:14): arXiv knows no such paper; correct the id; asked again tomorrow"
    fetch = arxiv(1)

    first = collect_examples(config, store, fetch=fetch, now=NOW)
    again = collect_examples(config, store, fetch=fetch, now=NOW + timedelta(hours=3))
    tomorrow = collect_examples(config, store, fetch=fetch, now=NOW + ONE_DAY)

    assert (first, again, tomorrow) == ((said,), (), (said,))
    assert len(fetch.asked) == 2
    assert unknown_examples(config, store) == (said,)
    assert list(examples_of(store, config.subscribers)) == ["arxiv:2611.00001"]


def test_a_paper_that_comes_later_is_no_longer_missing(store: Store) -> None:
    """An archive may be a day behind its own announcement."""
    config = settings(reader(example(1)))
    collect_examples(config, store, fetch=arxiv(), now=NOW)
    collect_examples(config, store, fetch=arxiv(1), now=NOW + ONE_DAY)

    assert unknown_examples(config, store) == ()
    assert store.examples.missing() == ()


def test_what_was_never_asked_for_is_told_as_not_known_yet(store: Store) -> None:
    """`check` asks nobody outside."""
    config = settings(reader(example(1)))

    assert unknown_examples(config, store) == ("arxiv:2611.00001 (subscribers.yaml:14): not known yet",)
    assert examples_of(store, config.subscribers) == {}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SourceThrottled("arXiv answers 429; asked again after that"), "arXiv answers 429; asked again tomorrow"),
        (SourceError("no answer; the next run tries again"), "no answer; asked again tomorrow"),
        (ValueError("a secret"), "unexpected ValueError; please report it with the log; asked again tomorrow"),
    ],
)
def test_a_service_that_fails_stops_nothing_and_is_told_once(store: Store, error: Exception, said: str) -> None:
    """One line for each paper; nothing raised, nothing found."""
    config = settings(reader(example(1)))

    [line] = collect_examples(config, store, fetch=raising(error), now=NOW)

    assert line.startswith("arxiv:2611.00001 (subscribers.yaml:14): ")
    assert line.endswith(said)
    assert "a secret" not in line


def test_a_service_that_asks_to_wait_is_not_asked_for_the_rest(store: Store) -> None:
    """And the others still are."""

    def answer(request: Request) -> bytes:
        if "arxiv" in request.address:
            raise SourceThrottled("arXiv asks to wait")
        return bodies_s2.batch(bodies_s2.paper())

    fetch = Services(answer)
    identity = f"s2:{bodies_s2.PAPER_ID}"
    config = settings(reader(*map(example, range(1, 151)), example(identity)))

    lines = collect_examples(config, store, fetch=fetch, now=NOW)

    assert len(lines) == 150
    assert len(fetch.asked) == 2
    assert list(examples_of(store, config.subscribers)) == [identity]


def test_one_refused_id_does_not_keep_the_others_out(store: Store) -> None:
    """A whole list is refused for one of its ids: halves of it are asked for until the bad one stands alone."""
    bad = the_id(37)

    def answer(request: Request) -> bytes:
        if bad in request.address:
            return an_api_error(f"incorrect id format for {bad}")
        return an_api_page(*(an_api_entry(number) for number in range(1, 101) if the_id(number) in request.address))

    fetch = Services(answer)
    config = settings(reader(*map(example, range(1, 101))))

    [line] = collect_examples(config, store, fetch=fetch, now=NOW)

    assert line.startswith(f"arxiv:{bad} (subscribers.yaml:14): ")
    assert len(examples_of(store, config.subscribers)) == 99
    assert len(fetch.asked) < 20


def test_a_service_that_refuses_everything_is_left_alone(store: Store) -> None:
    """Halving is for one bad id, not for a wrong address."""
    fetch = raising(SourceError("the server answered 404; correct it under sources"))
    config = settings(reader(*map(example, range(1, 301))))

    lines = collect_examples(config, store, fetch=fetch, now=NOW)

    assert len(lines) == 300
    assert len(fetch.asked) == 8


def test_more_than_one_run_can_ask_for_is_left_to_the_next(store: Store) -> None:
    """OpenReview answers one paper at a time; what is left is no failure."""
    answered = Services(lambda _: b'{"notes": [], "count": 0}')
    config = settings(reader(*(example(f"openreview:forum{number:03}") for number in range(60))))

    first = collect_examples(config, store, fetch=answered, now=NOW)
    second = collect_examples(config, store, fetch=answered, now=NOW)

    assert (len(first), len(second), len(answered.asked)) == (50, 10, 60)


def test_what_nobody_can_be_asked_for_is_told_without_asking(store: Store) -> None:
    """A paper with nothing but a title is known only where a source brings it."""
    fetch = arxiv()
    config = settings(reader(example("title:0123456789ab")))

    [line] = collect_examples(config, store, fetch=fetch, now=NOW)

    assert line == (
        "title:0123456789ab (subscribers.yaml:14): nobody can be asked for a paper by this id; "
        "write its arXiv id or its DOI"
    )
    assert fetch.asked == []


def test_the_real_fetch_asks_the_mirror_of_the_settings(store: Store, tmp_path: Path) -> None:
    """Over HTTP, as `newsletter collect` does; what a server says of an error is told."""
    with Site() as site, stamina.set_testing(testing=True, attempts=1):
        site.on("/arxiv/api/query", an_api_page(an_api_entry(1)))
        site.on("/crossref/works", Reply(b"", status=403))
        sources = (
            Arxiv(categories=("cs.CL",), api_site=f"{site.address}/arxiv"),
            Crossref(issn=("2049-3630",), site=f"{site.address}/crossref"),
        )
        config = replace(settings(reader(example(1), example("doi:10.1234/trees"))), sources=sources)
        with HttpAndFiles(tmp_path, gates=tmp_path / "gates", sleep=lambda _: None) as fetch:
            [line] = collect_examples(config, store, fetch=fetch, now=NOW)

    assert list(examples_of(store, config.subscribers)) == ["arxiv:2611.00001"]
    assert [asked.query["id_list"] for asked in site.asked_for("/arxiv/api/query")] == ["2611.00001"]
    assert line.startswith("doi:10.1234/trees (subscribers.yaml:14): http://127.0.0.1:")
    assert "the server answered 403" in line


def test_progress_counts_the_papers(store: Store) -> None:
    """The last of what is told is all of them."""
    told: list[tuple[str, int, int]] = []
    config = settings(reader(example(1), example(2), example("title:0123456789ab")))

    collect_examples(config, store, fetch=arxiv(1), now=NOW, progress=lambda *part: told.append(part))

    assert told == [("examples", 3, 3)]


def test_readers_without_examples_cost_nothing(store: Store) -> None:
    """The usual case: nobody is asked."""
    fetch = arxiv()

    assert collect_examples(settings(reader()), store, fetch=fetch, now=NOW) == ()
    assert (fetch.asked, examples_of(store, settings(reader()).subscribers)) == ([], {})
