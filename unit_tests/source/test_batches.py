"""Memberships written by template are what orjson writes for their dicts."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_customerio_segments.changes import Batch, Log, Record
from source_customerio_segments.protocol import encode, lines
from source_customerio_segments.snapshot.persons import Person, Persons
from source_customerio_segments.streams.batches import apart, memberships
from source_customerio_segments.streams.records import EXITED, MEMBER, membership

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ['"', "\\", "%", "%b", "%(x)s", "\0", "\x7f", "\u2028", "ä", "😀", "{}", "\n"]
)
present = names.filter(bool)
people = st.builds(Person, present, *[st.none() | present] * 4)
instants = st.integers(0, 2**41)
NOBODY = Persons([], [], [], [], [])
segments = st.tuples(st.integers(1, 2**40), names)


@given(segments, st.lists(st.tuples(people, instants)), st.sampled_from([MEMBER, EXITED]), instants)
def test_a_batch_is_byte_for_byte_what_orjson_writes(
    segment: tuple[int, str], rows: list[tuple[Person, int]], status: str, changed_at: int
) -> None:
    columns = Persons(*map(list, zip(*[who for who, _ in rows], strict=True))) if rows else NOBODY

    written = memberships(segment, columns, [at for _, at in rows], status, changed_at)

    expected = [membership(segment, who, status, at, changed_at) for who, at in rows]
    assert written == [orjson.dumps(each) for each in expected]


@given(st.lists(st.dictionaries(names, st.none() | names), min_size=1, max_size=5), names, instants)
def test_lines_of_a_batch_are_those_of_its_records(
    records: list[dict[str, Any]], stream: str, at_ms: int
) -> None:
    together = lines(stream, [orjson.dumps(each) for each in records], at_ms)

    alone = [orjson.dumps(encode(Record(stream, each), at_ms)) for each in records]
    assert together.splitlines(keepends=True) == [line + b"\n" for line in alone]


def test_an_identifier_that_is_no_unicode_is_refused_like_in_a_dict() -> None:
    who = Persons(["a1"], ["\ud800"], [None], [None], [None])

    with pytest.raises(orjson.JSONEncodeError):
        memberships((7, "Cart"), who, [0], MEMBER, 1)


def test_batches_come_apart_in_their_place() -> None:
    before, after = Log("INFO", "before"), Record("segments", {"id": 7})
    batch = Batch("s", [b'{"a":null}', b'{"a":"b"}'])

    singles = list(apart([before, batch, after]))

    assert singles == [before, Record("s", {"a": None}), Record("s", {"a": "b"}), after]
