"""Editions and their papers: what was collected for each day, joined when a day is collected twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from newsletter.ids import title_key
from newsletter.models import Edition, Paper, SourceHealth
from newsletter.store.arrivals import drop_arrivals
from newsletter.store.database import Database, insert
from newsletter.store.health import health_on, latest_health, save_health
from newsletter.store.papers import chunks, named_identities, paper_of, paper_row
from newsletter.store.tables import edition_papers, editions, identities, papers

_MOST_FOUND = 20
_KEPT = frozenset(("id", "first_at"))


class Editions:
    """The editions of a store, and every paper they ever had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, edition: Edition, *, collected_at: datetime) -> None:
        """Keep `edition`, or join it to what its day already has: papers are added and updated, never dropped.

        A paper of an earlier day keeps that day and what its readers saw; only its identities, entries and signals are
        brought up to date. The health of the sources is that of `edition`.
        """
        with self._database.writing() as connection:
            _save(connection, edition, collected_at)

    def merge(
        self, wanted: Iterable[str], make: Callable[[Sequence[Paper]], Edition], *, collected_at: datetime
    ) -> Edition:
        """Keep the edition that `make` makes of the stored papers with a `wanted` identity; return its whole day's.

        It is one transaction: nobody stores a paper between the question and the answer. The day's arrivals are
        forgotten, being in the edition now.
        """
        with self._database.writing() as connection:
            made = make(_known(connection, wanted))
            _save(connection, made, collected_at)
            drop_arrivals(connection, made.day)
            kept = _edition(connection, made.day)
        assert kept is not None  # noqa: S101 - just saved
        return kept

    def on(self, day: date) -> Edition | None:
        """Return the edition of `day` with the papers first seen on it, in the order they came, or None."""
        with self._database.reading() as connection:
            return _edition(connection, day)

    def papers_between(self, earliest: date, latest: date) -> tuple[tuple[Paper, datetime], ...]:
        """Return the papers first seen from `earliest` to `latest`, each with when, in the order they came."""
        asked = (
            select(papers)
            .join(edition_papers)
            .where(papers.c.first_day.between(earliest, latest), edition_papers.c.day == papers.c.first_day)
            .order_by(papers.c.first_at, edition_papers.c.day, edition_papers.c.position)
        )
        with self._database.reading() as connection:
            return tuple((paper_of(row), row["first_at"]) for row in connection.execute(asked).mappings())

    def collected_at(self, day: date) -> datetime | None:
        """Return when the edition of `day` was collected last, None where it never was."""
        with self._database.reading() as connection:
            asked = select(editions.c.collected_at).where(editions.c.day == day)
            at: datetime | None = connection.execute(asked).scalar_one_or_none()
        return at

    def latest_day(self) -> date | None:
        """Return the day of the newest edition, None before the first."""
        with self._database.reading() as connection:
            latest: date | None = connection.execute(select(func.max(editions.c.day))).scalar_one()
        return latest

    def days(self) -> tuple[date, ...]:
        """Return the days that have an edition, the newest first."""
        with self._database.reading() as connection:
            return tuple(connection.execute(select(editions.c.day).order_by(editions.c.day.desc())).scalars())

    def counts(self, earliest: date, latest: date) -> dict[date, int]:
        """Return how many papers were first seen on each day that has any."""
        asked = (
            select(papers.c.first_day, func.count())
            .where(papers.c.first_day.between(earliest, latest))
            .group_by(papers.c.first_day)
        )
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(asked)}

    def listed_between(self, earliest: date, latest: date) -> tuple[tuple[Paper, date], ...]:
        """Return the papers that any source listed on these days, whenever they came first, each with that day."""
        listed = select(edition_papers.c.paper_id).where(edition_papers.c.day.between(earliest, latest))
        asked = select(papers).where(papers.c.id.in_(listed)).order_by(papers.c.id)
        with self._database.reading() as connection:
            return tuple((paper_of(row), row["first_day"]) for row in connection.execute(asked).mappings())

    def health_on(self, day: date) -> dict[str, SourceHealth] | None:
        """Return what each source answered for `day`, None where it has no edition."""
        with self._database.reading() as connection:
            if connection.execute(select(editions.c.day).where(editions.c.day == day)).first() is None:
                return None
            return {health.source: health for health in health_on(connection, day)}

    def health_until(self, day: date) -> dict[str, SourceHealth]:
        """Return what each source answered last, up to `day`."""
        with self._database.reading() as connection:
            return latest_health(connection, day)

    def find_papers(self, query: str) -> tuple[tuple[Paper, date], ...]:
        """Return the papers that `query` names, each with the day it was first seen, the newest first.

        An id, a bare arXiv id, a DOI or an address names one paper; a title all papers of that title; failing these,
        part of a title names every paper whose title has it, at most 20.
        """
        query = query.strip()
        key = title_key(query)
        questions: list[Callable[[], ColumnElement[bool]]] = [
            lambda: papers.c.id.in_(
                select(identities.c.paper_id).where(identities.c.identity.in_(named_identities(query)))
            ),
            lambda: papers.c.url == query,
            lambda: papers.c.title_key == key,
            lambda: papers.c.title_key.contains(key, autoescape=True),
        ]
        with self._database.reading() as connection:
            for question in questions if key else ():
                if found := _found(connection, question()):
                    return found
        return ()


def _found(connection: Connection, asked: ColumnElement[bool]) -> tuple[tuple[Paper, date], ...]:
    order = (papers.c.first_day.desc(), papers.c.id)
    rows = connection.execute(select(papers).where(asked).order_by(*order).limit(_MOST_FOUND)).mappings()
    return tuple((paper_of(row), row["first_day"]) for row in rows)


def _known(connection: Connection, wanted: Iterable[str]) -> tuple[Paper, ...]:
    found: dict[str, Paper] = {}
    for chunk in chunks(dict.fromkeys(wanted)):
        owners = select(identities.c.paper_id).where(identities.c.identity.in_(chunk))
        rows = connection.execute(select(papers).where(papers.c.id.in_(owners))).mappings()
        found.update((row["id"], paper_of(row)) for row in rows if row["id"] not in found)
    return tuple(found.values())


def _edition(connection: Connection, day: date) -> Edition | None:
    kept = connection.execute(select(editions).where(editions.c.day == day)).one_or_none()
    if kept is None:
        return None
    listed = select(papers).join(edition_papers).where(edition_papers.c.day == day)
    listed = listed.order_by(edition_papers.c.position)
    new = listed.where(papers.c.first_day == day)
    updated = listed.where(papers.c.first_day < day, edition_papers.c.updated_to.is_not(None))
    return Edition(
        day=day,
        papers=tuple(paper_of(row) for row in connection.execute(new).mappings()),
        health=health_on(connection, day),
        entries=kept.entries,
        updates=tuple(paper_of(row) for row in connection.execute(updated).mappings()),
    )


# ------------------------------------------------------------------ writing


def _save(connection: Connection, edition: Edition, collected_at: datetime) -> None:
    values = {"collected_at": collected_at, "entries": edition.entries}
    latest = insert(editions).values(day=edition.day, **values)
    new = latest.excluded.entries
    most = {**values, "entries": case((new > editions.c.entries, new), else_=editions.c.entries)}
    connection.execute(latest.on_conflict_do_update(index_elements=["day"], set_=most))
    save_health(connection, edition.day, edition.health)
    seen = {paper.id: paper for paper in (*edition.papers, *edition.updates)}
    if seen:
        _upsert_papers(connection, _as_seen_first(connection, edition.day, seen.values()), collected_at)
        _list(connection, edition.day, tuple(seen), {paper.id: paper.version for paper in edition.updates})


def _as_seen_first(connection: Connection, day: date, seen: Iterable[Paper]) -> list[tuple[Paper, date]]:
    """Return each paper with its first day; one of an earlier day as its readers saw it, with what is new about it."""
    by_id = {paper.id: paper for paper in seen}
    stored: dict[str, tuple[Paper, date]] = {}
    for chunk in chunks(by_id):
        rows = connection.execute(select(papers).where(papers.c.id.in_(chunk))).mappings()
        stored.update((row["id"], (paper_of(row), row["first_day"])) for row in rows)
    return [
        _told_more(paper, *stored[paper.id], day) if paper.id in stored else (paper, day) for paper in by_id.values()
    ]


def _told_more(paper: Paper, known: Paper, first_day: date, day: date) -> tuple[Paper, date]:
    if first_day >= day:
        return paper, first_day
    kept = replace(known, identities=paper.identities, entries=paper.entries, signals=paper.signals)
    return kept, first_day


def _upsert_papers(connection: Connection, kept: Sequence[tuple[Paper, date]], collected_at: datetime) -> None:
    statement = insert(papers)
    # When a paper first came is told once, and so is what a language model says of it, which no source knows;
    # everything else is what was seen last.
    columns: dict[str, ColumnElement[Any]] = {
        column.name: statement.excluded[column.name] for column in papers.c if column.name not in _KEPT
    }
    columns["tldr"] = case((papers.c.tldr == "", statement.excluded.tldr), else_=papers.c.tldr)
    upsert = statement.on_conflict_do_update(index_elements=["id"], set_=columns)
    rows = [paper_row(paper, first_day=first_day, first_at=collected_at) for paper, first_day in kept]
    connection.execute(upsert, rows)
    # An identity belongs to the paper that had it first: two works never trade places.
    claims = [
        {"identity": identity, "paper_id": paper.id} for paper, _ in kept for identity in (paper.id, *paper.identities)
    ]
    connection.execute(insert(identities).on_conflict_do_nothing(), claims)


def _list(connection: Connection, day: date, ids: Sequence[str], updates: Mapping[str, int]) -> None:
    """Put papers behind those the day already has, and note which of them are updates."""
    asked = select(edition_papers.c.paper_id, edition_papers.c.position).where(edition_papers.c.day == day)
    positions = {row.paper_id: row.position for row in connection.execute(asked)}
    for paper_id in ids:
        positions.setdefault(paper_id, len(positions))
    statement = insert(edition_papers)
    newer = func.coalesce(statement.excluded.updated_to, edition_papers.c.updated_to)
    upsert = statement.on_conflict_do_update(index_elements=["day", "paper_id"], set_={"updated_to": newer})
    connection.execute(
        upsert,
        [
            {"day": day, "position": positions[paper_id], "paper_id": paper_id, "updated_to": updates.get(paper_id)}
            for paper_id in ids
        ],
    )
