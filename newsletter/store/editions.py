"""Editions and their papers: what was collected for each day, joined when a day is collected twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from newsletter.ids import arxiv_id, doi, title_key
from newsletter.models import Edition, HealthState, Paper, SourceHealth
from newsletter.store.database import Database
from newsletter.store.papers import chunks, paper_of, paper_row, seen_again, told_more
from newsletter.store.tables import edition_papers, editions, identities, papers, source_health

_MOST_FOUND = 20
_KEPT = frozenset(("id", "first_at"))


class Editions:
    """The editions of a store, and every paper they ever had."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, edition: Edition, *, collected_at: datetime) -> None:
        """Keep `edition`, or join it to what its day already has: papers are added and updated, never dropped.

        A paper of an earlier day keeps that day and what its readers saw; only its new identities and entries are
        added. A source's health is the latest one.
        """
        with self._database.writing() as connection:
            before = _edition(connection, edition.day)
            entries = max(edition.entries, before.entries if before else 0)
            _upsert_edition(connection, edition.day, collected_at, entries)
            _save_health(connection, edition.day, edition.health, before.health if before else ())
            _save_papers(connection, edition.day, edition.papers, collected_at)

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

    def known_identities(self, wanted: Iterable[str]) -> dict[str, str]:
        """Return those of `wanted` that are stored, each with the id of its paper."""
        with self._database.reading() as connection:
            return _known(connection, wanted)

    def find_papers(self, query: str) -> tuple[tuple[Paper, date], ...]:
        """Return the papers that `query` names, each with the day it was first seen, the newest first.

        An id, a bare arXiv id, a DOI or an address names one paper; a title all papers of that title; failing these,
        part of a title names every paper whose title has it, at most 20.
        """
        query = query.strip()
        key = title_key(query)
        questions: list[Callable[[], ColumnElement[bool]]] = [
            lambda: papers.c.id.in_(select(identities.c.paper_id).where(identities.c.identity.in_(_identities(query)))),
            lambda: papers.c.url == query,
            lambda: papers.c.title_key == key,
            lambda: papers.c.title_key.contains(key, autoescape=True),
        ]
        with self._database.reading() as connection:
            for question in questions if key else ():
                if found := _found(connection, question()):
                    return found
        return ()


def _identities(query: str) -> tuple[str, ...]:
    """Return the identities that `query` may mean."""
    arxiv, digital = arxiv_id(query), doi(query)
    bare = (f"arxiv:{arxiv.base}" if arxiv else "", f"doi:{digital}" if digital else "")
    return (query, *(identity for identity in bare if identity))


def _found(connection: Connection, asked: ColumnElement[bool]) -> tuple[tuple[Paper, date], ...]:
    order = (papers.c.first_day.desc(), papers.c.id)
    rows = connection.execute(select(papers).where(asked).order_by(*order).limit(_MOST_FOUND)).mappings()
    return tuple((paper_of(row), row["first_day"]) for row in rows)


def _known(connection: Connection, wanted: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in chunks(dict.fromkeys(wanted)):
        rows = connection.execute(select(identities).where(identities.c.identity.in_(chunk)))
        found.update((row.identity, row.paper_id) for row in rows)
    return found


def _edition(connection: Connection, day: date) -> Edition | None:
    kept = connection.execute(select(editions).where(editions.c.day == day)).one_or_none()
    if kept is None:
        return None
    first_seen = (
        select(papers)
        .join(edition_papers)
        .where(edition_papers.c.day == day, papers.c.first_day == day)
        .order_by(edition_papers.c.position)
    )
    return Edition(
        day=day,
        papers=tuple(paper_of(row) for row in connection.execute(first_seen).mappings()),
        health=_health(connection, day),
        entries=kept.entries,
    )


def _health(connection: Connection, day: date) -> tuple[SourceHealth, ...]:
    rows = connection.execute(
        select(source_health).where(source_health.c.day == day).order_by(source_health.c.position)
    )
    return tuple(
        SourceHealth(row.source, HealthState(row.state), row.entries, row.detail, tuple(row.warnings)) for row in rows
    )


def _upsert_edition(connection: Connection, day: date, collected_at: datetime, entries: int) -> None:
    values = {"collected_at": collected_at, "entries": entries}
    statement = insert(editions).values(day=day, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["day"], set_=values))


def _save_health(
    connection: Connection, day: date, latest: Sequence[SourceHealth], before: Sequence[SourceHealth]
) -> None:
    answered = {health.source for health in latest}
    kept = (*latest, *(health for health in before if health.source not in answered))
    connection.execute(delete(source_health).where(source_health.c.day == day))
    rows = [
        {
            "day": day,
            "position": position,
            "source": health.source,
            "state": health.state.value,
            "entries": health.entries,
            "detail": health.detail,
            "warnings": list(health.warnings),
        }
        for position, health in enumerate(kept)
    ]
    if rows:
        connection.execute(insert(source_health), rows)


def _save_papers(connection: Connection, day: date, seen: Sequence[Paper], collected_at: datetime) -> None:
    ids = _known(connection, (identity for paper in seen for identity in _all_identities(paper)))
    stored = _stored(connection, set(ids.values()))
    now: dict[str, tuple[Paper, date]] = {}
    for paper in seen:
        owner = next((ids[identity] for identity in _all_identities(paper) if identity in ids), paper.id)
        known, first_day = now.get(owner) or stored.get(owner) or (None, day)
        if known is not None:
            paper = seen_again(paper, known) if first_day == day else told_more(known, paper)  # noqa: PLW2901
        now[paper.id] = (paper, first_day)
    if now:
        _upsert_papers(connection, now.values(), collected_at)
        _append(connection, day, tuple(now))


def _all_identities(paper: Paper) -> tuple[str, ...]:
    return (paper.id, *paper.identities)


def _stored(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[Paper, date]]:
    stored: dict[str, tuple[Paper, date]] = {}
    for chunk in chunks(sorted(ids)):
        rows = connection.execute(select(papers).where(papers.c.id.in_(chunk))).mappings()
        stored.update((row["id"], (paper_of(row), row["first_day"])) for row in rows)
    return stored


def _upsert_papers(connection: Connection, kept: Iterable[tuple[Paper, date]], collected_at: datetime) -> None:
    pairs = tuple(kept)
    statement = insert(papers)
    # When a paper first came is told once; everything else is what was seen last.
    columns = {column.name: statement.excluded[column.name] for column in papers.c if column.name not in _KEPT}
    upsert = statement.on_conflict_do_update(index_elements=["id"], set_=columns)
    connection.execute(
        upsert, [paper_row(paper, first_day=first_day, first_at=collected_at) for paper, first_day in pairs]
    )
    # An identity belongs to the paper that had it first: two works never trade places.
    claims = [{"identity": identity, "paper_id": paper.id} for paper, _ in pairs for identity in _all_identities(paper)]
    connection.execute(insert(identities).on_conflict_do_nothing(), claims)


def _append(connection: Connection, day: date, ids: Sequence[str]) -> None:
    """Put papers behind those the day already has."""
    listed = select(edition_papers.c.paper_id).where(edition_papers.c.day == day)
    present = set(connection.execute(listed).scalars())
    new = [paper_id for paper_id in ids if paper_id not in present]
    rows = [{"day": day, "position": len(present) + n, "paper_id": paper_id} for n, paper_id in enumerate(new)]
    if rows:
        connection.execute(insert(edition_papers), rows)
