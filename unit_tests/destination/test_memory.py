"""What is remembered of people whose changes are written: the latest times, within a bound."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.mapping.times import as_datetime
from destination_salesforce_intro.writing.memory import Memory

DAYS = [
    as_datetime(datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(days=n)) for n in range(40)
]
NAMES = "abcdefghij"
NOTES = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(DAYS)), max_size=60)


@given(NOTES, st.integers(1, 12))
def test_the_latest_names_are_known_and_nothing_is_made_up(
    notes: list[tuple[str, str]], limit: int
) -> None:
    memory = Memory(limit)
    latest: dict[str, str] = {}
    for name, day in notes:
        memory.note(name, day)
        latest[name] = max(day, latest.pop(name, day))

    for name in NAMES:
        for day in DAYS:
            believed = memory.is_newer(name, day)
            assert not believed or latest.get(name, "") > day  # nothing made up
            if len(latest) <= limit:
                assert believed == (name in latest and latest[name] > day)


def test_what_was_noted_longest_ago_is_forgotten_first() -> None:
    memory = Memory(2)
    for name in "abcdef":
        memory.note(name, DAYS[5])

    known = [name for name in "abcdef" if memory.is_newer(name, DAYS[4])]

    assert known == ["c", "d", "e", "f"]


def test_a_change_without_a_time_is_neither_newer_nor_older() -> None:
    memory = Memory(2)
    memory.note("a", None)
    memory.note("b", DAYS[5])

    assert not memory.is_newer("a", DAYS[0])
    assert not memory.is_newer("b", None)
    assert not memory.is_newer("b", DAYS[5])
