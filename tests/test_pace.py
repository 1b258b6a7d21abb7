"""The pace: by a clock that the tests move, never by waiting."""

from __future__ import annotations

import asyncio

import pytest
from leaping import at_leaping_time

from newsletter.deliver.pace import Pace


async def turns(pace: Pace, number: int) -> list[float]:
    """Return when each of so many turns came, one after the other."""
    times = []
    for _ in range(number):
        await pace.turn()
        times.append(round(asyncio.get_running_loop().time(), 6))
    return times


# ------------------------------------------------------------------ how fast


def test_without_a_limit_nobody_waits() -> None:
    """As many as the server takes."""

    async def act() -> list[float]:
        return await turns(Pace(sessions=4, per_minute=0), 1000)

    assert set(at_leaping_time(act)) == {0.0}


@pytest.mark.parametrize(("per_minute", "seconds"), [(60, 1.0), (1, 60.0), (600, 0.1)])
def test_a_limit_per_minute_is_spread_over_it(per_minute: int, seconds: float) -> None:
    """Evenly, and the first at once."""

    async def act() -> list[float]:
        return await turns(Pace(sessions=1, per_minute=per_minute), 5)

    assert at_leaping_time(act) == pytest.approx([number * seconds for number in range(5)])


def test_sessions_share_the_limit() -> None:
    """Four side by side are no faster than one."""

    async def act() -> list[float]:
        pace = Pace(sessions=4, per_minute=60)
        found = await asyncio.gather(*(turns(pace, 5) for _ in range(4)))
        return sorted(time for times in found for time in times)

    assert at_leaping_time(act) == pytest.approx([float(number) for number in range(20)])


def test_an_idle_minute_is_not_made_up_for() -> None:
    """No burst follows a pause: that is what servers watch for."""

    async def act() -> list[float]:
        pace = Pace(sessions=1, per_minute=60)
        await pace.turn()
        await asyncio.sleep(100)
        return await turns(pace, 3)

    assert at_leaping_time(act) == pytest.approx([100.0, 101.0, 102.0])


def test_the_end_of_the_list_keeps_the_pace() -> None:
    """Also of a list that is shorter than a minute's share."""

    async def act() -> list[float]:
        pace = Pace(sessions=2, per_minute=60)
        pace.finish()
        return await turns(pace, 3)

    assert at_leaping_time(act) == pytest.approx([0.0, 1.0, 2.0])


def test_who_waits_for_a_turn_is_woken_when_nothing_new_is_begun() -> None:
    """A run that is told to stop does not wait for its next minute."""

    async def act() -> float:
        pace = Pace(sessions=1, per_minute=1)
        await pace.turn()
        waiting = asyncio.create_task(pace.turn())
        await asyncio.sleep(5)
        pace.hurry()
        await waiting
        return asyncio.get_running_loop().time()

    assert at_leaping_time(act) == pytest.approx(5.0)


# ------------------------------------------------------------------ how many at once


def test_a_server_that_asks_for_patience_gets_half_as_many_after_a_pause() -> None:
    """A second, then two, then four, half a minute at most; one session is left in any case."""

    async def act() -> list[tuple[int, float]]:
        pace, found = Pace(sessions=8, per_minute=0), []
        for _ in range(7):
            before = asyncio.get_running_loop().time()
            pace.throttled()
            await pace.turn()
            found.append((pace.limit, asyncio.get_running_loop().time() - before))
        return found

    found = at_leaping_time(act)
    assert [limit for limit, _ in found] == [4, 2, 1, 1, 1, 1, 1]
    assert [pause for _, pause in found] == pytest.approx([1, 2, 4, 8, 16, 30, 30])


def test_a_message_that_is_taken_ends_the_growing_of_the_pause() -> None:
    """The next time it begins at a second."""

    async def act() -> float:
        pace = Pace(sessions=8, per_minute=0)
        for _ in range(3):
            pace.throttled()
        pace.taken()
        await pace.turn()
        before = asyncio.get_running_loop().time()
        pace.throttled()
        await pace.turn()
        return asyncio.get_running_loop().time() - before

    assert at_leaping_time(act) == pytest.approx(1.0)


def test_for_every_twenty_messages_one_session_more_is_let_in() -> None:
    """Up to as many as the settings say; being asked for patience starts the count anew."""

    async def act() -> list[int]:
        pace, found = Pace(sessions=4, per_minute=0), []
        pace.throttled()
        for number in range(1, 100):
            pace.taken()
            if number % 10 == 0:
                found.append(pace.limit)
            if number == 30:
                pace.throttled()
        return found

    assert at_leaping_time(act) == [2, 3, 3, 1, 2, 2, 3, 3, 4]


def test_a_session_beyond_the_limit_waits_until_there_is_room() -> None:
    """It takes no message meanwhile that others could send."""

    async def act() -> list[str]:
        pace, told = Pace(sessions=2, per_minute=0), []
        pace.throttled()
        await pace.admitted(0)

        async def second() -> None:
            await pace.admitted(1)
            told.append("let in")

        waiting = asyncio.create_task(second())
        await asyncio.sleep(3600)
        told.append("an hour later")
        for _ in range(20):
            pace.taken()
        await waiting
        return told

    assert at_leaping_time(act) == ["an hour later", "let in"]


@pytest.mark.parametrize("throttled_after", [False, True])
def test_every_session_comes_to_its_end(throttled_after: bool) -> None:  # noqa: FBT001 - a case
    """Also when the server asks for patience once the list is through: nobody waits for ever."""

    async def act() -> int:
        pace = Pace(sessions=8, per_minute=0)
        pace.throttled()
        waiting = [asyncio.create_task(pace.admitted(number)) for number in range(8)]
        await asyncio.sleep(1)
        pace.finish()
        if throttled_after:
            pace.throttled()
        await asyncio.gather(*waiting)
        await asyncio.gather(*(pace.admitted(number) for number in range(8)))
        return len(waiting)

    assert at_leaping_time(act) == 8


# ------------------------------------------------------------------ who is left alone


def test_a_domain_that_is_held_is_held_for_all_its_readers() -> None:
    """However it is spelled; no other is."""

    async def act() -> list[bool]:
        pace = Pace(sessions=1, per_minute=0)
        pace.hold("ada@Crowded.example")
        addresses = ("grace@crowded.EXAMPLE", "mary@example.org", "emmy@sub.crowded.example", "crowded.example@x.org")
        return [pace.is_held(address) for address in addresses]

    assert at_leaping_time(act) == [True, False, False, False]
