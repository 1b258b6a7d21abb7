"""One question after the other, and none for ever."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from threading import get_ident

import pytest
from studio import a_desk, a_folder

from newsletter.errors import TemplateError
from newsletter.preview.trouble import What
from newsletter.preview.web.lane import Lane, TookTooLong, aside


def for_ever() -> None:
    """Do what a template may do."""
    while True:
        pass


def test_questions_are_answered_in_order_by_one_thread() -> None:
    """However many ask at once; what one raises is raised where it was asked."""
    answered: list[int] = []

    def answer(number: int) -> int:
        answered.append(number)
        if number == 3:
            raise ValueError("three")
        return get_ident()

    async def ask() -> list[int | BaseException]:
        lane = Lane(longest_seconds=60)
        return await asyncio.gather(*(lane.ask(partial(answer, number)) for number in range(6)), return_exceptions=True)

    found = asyncio.run(ask())

    assert answered == list(range(6))
    assert isinstance(found[3], ValueError)
    assert len({each for each in found if isinstance(each, int)}) == 1


def test_a_question_that_never_ends_is_given_up_and_the_next_one_answered() -> None:
    """Those that waited behind it too."""

    async def ask() -> tuple[int, int]:
        lane = Lane(longest_seconds=0.2)
        stuck = asyncio.ensure_future(lane.ask(for_ever))
        behind = asyncio.ensure_future(lane.ask(lambda: 1))
        with pytest.raises(TookTooLong, match="a loop that never ends"):
            await stuck
        return await behind, await lane.ask(lambda: 2)

    assert asyncio.run(ask()) == (1, 2)


def test_a_template_that_never_ends_is_told_with_its_line(tmp_path: Path) -> None:
    """The loop itself is where it is given up."""
    path = a_folder(tmp_path)
    desk = a_desk(path)
    own = tmp_path / "templates" / "issue" / "byline.j2"
    own.write_text(
        "by\n{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}\n", encoding="utf-8"
    )

    async def ask() -> None:
        lane = Lane(longest_seconds=1.5)
        await lane.ask(partial(desk.reload, {What.TEMPLATE}))

    asyncio.run(ask())
    desk.close()

    assert desk.trouble
    assert desk.trouble.problems[0].file == str(own)
    assert desk.trouble.problems[0].line == 2
    assert "took too long" in desk.trouble.problems[0].message


def test_who_waits_for_somebody_else_holds_nobody_up() -> None:
    """A mail server that does not answer is asked beside the lane, and nobody waits for it at the end."""

    async def ask() -> int:
        with pytest.raises(TemplateError, match="no"):
            await aside(_refuse)
        return await aside(get_ident)

    assert asyncio.run(ask()) != get_ident()


def _refuse() -> None:
    raise TemplateError("no", template="x")
