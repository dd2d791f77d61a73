"""The checkpoint law: a STATE that came back is a promise that holds, whatever happens after."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Checkpoint, Received, Records, Row
from destination_salesforce_intro.config import FlagMapping, RecordMapping
from destination_salesforce_intro.errors import Verdict
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.salesforce.answers import LOST, Answer
from destination_salesforce_intro.writing import writer
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.rounds import Org
from destination_salesforce_intro.writing.writer import Writer
from unit_tests.destination.builders import CONTACT
from unit_tests.destination.small_org import Keep, SmallOrg

MAPPING = RecordMapping.model_validate(
    {
        "stream": "people",
        "kind": "record",
        "object": "Contact",
        "identity": [{"source": "id", "target": "CustomerIO_Id__c"}],
        "fields": [
            {"source": "name", "target": "LastName"},
            {"source": "phone", "target": "MobilePhone"},
        ],
        "on_exit": {"action": "clear", "fields": ["MobilePhone"]},
    }
)
MAPPER = Mapper([MAPPING], {"Contact": CONTACT})
FIELDS = ("LastName", "MobilePhone")

Held = dict[str, tuple[Any, ...]]
Event = Records | Checkpoint


class Died(Exception):  # noqa: N818  (what happened to the process)
    """The process ended in the middle of a write."""


class ShakyOrg(SmallOrg):
    """Dies at the write numbered *dies_at*, and loses the answers numbered in *lost*."""

    def __init__(self, dies_at: int | None, lost: frozenset[int]) -> None:
        super().__init__()
        self.dies_at = dies_at
        self._lost = lost
        self._writes = count()

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        for row in rows:
            number = next(self._writes)
            if number == self.dies_at:
                raise Died
            if number in self._lost and number % 2:
                yield Answer(row, Verdict.LOOK_AGAIN, refusal=LOST)  # it was never written
                continue
            self.do(row)
            lost = number in self._lost
            yield Answer(row, Verdict.LOOK_AGAIN if lost else None, refusal=LOST)

    def people(self) -> Held:
        rows = self.held["Contact"]
        held = {r["CustomerIO_Id__c"]: tuple(r.get(name) for name in FIELDS) for r in rows}
        assert len(held) == len(rows), "duplicates"
        return held


def agrees(held: Held, events: Sequence[Event]) -> bool:
    """Whether *held* is what *events* amount to.

    Of a person who left only this is promised: that the phone is cleared where they exist. Who
    came and left while waiting need not be created for it.
    """
    wanted, members = told(events)
    left = {key: fields for key, fields in held.items() if key not in members}
    return (
        {key: held.get(key) for key in members} == {key: wanted[key] for key in members}
        and left.keys() <= wanted.keys()
        and all(phone is None for _, phone in left.values())
    )


def told(events: Sequence[Event]) -> tuple[Held, set[str]]:
    """Apply *events* one by one: everybody's fields, and who has not left."""
    wanted: Held = {}
    members: set[str] = set()
    records = (each for e in events if isinstance(e, Records) for each in e.received)
    for _, _, data in records:
        key = data["id"]
        name, phone = wanted.get(key, (None, None))
        if "_ab_cdc_deleted_at" in data:
            wanted[key] = (name, None)
            members.discard(key)
        else:
            wanted[key] = (data["name"], data.get("phone", phone))
            members.add(key)
    return wanted, members


def record(key: str, name: str, phone: str | None, *, says_phone: bool) -> dict[str, Any]:
    return {"id": key, "name": name, **({"phone": phone} if says_phone else {})}


KEYS = st.sampled_from(["a", "b", "c", "d"])
RECORDS = st.one_of(
    st.builds(
        record,
        KEYS,
        st.sampled_from(["N1", "N2"]),
        st.sampled_from([None, "1", "2"]),
        says_phone=st.booleans(),
    ),
    KEYS.map(lambda key: {"id": key, "_ab_cdc_deleted_at": "2026-01-01"}),
)
STEPS = st.lists(RECORDS | st.just("state"), max_size=25)


def events_of(steps: Sequence[Any]) -> list[Event]:
    numbers = count(1)
    return [
        Checkpoint("people", {"state": {"at": place + 1}})
        if step == "state"
        else Records("people", [Received("people", next(numbers), step)])
        for place, step in enumerate(steps)
    ]


def written(org: ShakyOrg, events: Sequence[Event], buffer_size: int) -> Iterator[int]:
    """Yield the place of each STATE that comes back, until the process dies."""
    parts = Org(org.query, org.send, people=[0])
    guard = Guard(1000, 100, lambda _place: 0)
    writer = Writer(MAPPER, [0], Buffer(buffer_size, {0: frozenset({0})}), parts, guard, Keep())
    try:
        for message in writer.run(events):
            yield message["state"]["at"]
        writer.end([])
    except Died:
        return


@given(STEPS, st.integers(1, 8), st.frozensets(st.integers(0, 12), max_size=4))
@settings(max_examples=150)
def test_whenever_a_state_comes_back_all_before_it_holds(
    steps: list[Any], buffer_size: int, lost: frozenset[int]
) -> None:
    events = events_of(steps)
    org = ShakyOrg(None, lost)
    places = []
    for place in written(org, events, buffer_size):
        assert agrees(org.people(), events[:place])
        places.append(place)

    assert places == [place + 1 for place, step in enumerate(steps) if step == "state"]
    assert agrees(org.people(), events)


@given(STEPS, st.integers(1, 8), st.integers(0, 15), st.frozensets(st.integers(0, 12), max_size=4))
@settings(max_examples=150)
def test_a_rerun_after_death_ends_where_no_death_would_have(
    steps: list[Any], buffer_size: int, dies_at: int, lost: frozenset[int]
) -> None:
    events = events_of(steps)
    org = ShakyOrg(dies_at, lost)
    acknowledged = max(written(org, events, buffer_size), default=0)
    org.dies_at = None
    for _ in written(org, events[acknowledged:], buffer_size):
        pass

    assert agrees(org.people(), events)


FLAGS = FlagMapping.model_validate(
    {
        "stream": "members",
        "kind": "flag",
        "object": "Contact",
        "identity": [{"source": "id", "target": "CustomerIO_Id__c"}],
        "segments": [{"segment": 7, "field": "Is_VIP__c"}],
        "on_no_match": "ignore",
    }
)
BOTH = Mapper([MAPPING, FLAGS], {"Contact": CONTACT})
TOLD = st.lists(
    st.one_of(
        st.tuples(st.just("people"), KEYS, st.just(value=True)),
        st.tuples(st.just("members"), KEYS, st.booleans()),
        st.sampled_from([("state", "people", True), ("state", "members", True)]),
    ),
    max_size=30,
)


def membership(stream: str, key: str, number: int, *, is_in: bool) -> Records:
    left = {} if is_in else {"_ab_cdc_deleted_at": "2026-01-01"}
    data = {"id": key, "name": "N", "segment_id": 7, **left}
    return Records(stream, [Received(stream, number, data)])


@pytest.mark.parametrize("few", [0, 2, 100])
@given(told=TOLD, buffer_size=st.integers(1, 8))
@settings(max_examples=100)
def test_memberships_reach_their_people_whenever_these_come(
    few: int, told: list[tuple[str, str, bool]], buffer_size: int
) -> None:
    events: list[Event] = [
        Checkpoint(key, {"state": {"at": place}})
        if what == "state"
        else membership(what, key, place, is_in=is_in)
        for place, (what, key, is_in) in enumerate(told, 1)
    ]
    org = SmallOrg()
    unique = {place: frozenset({0}) for place in (0, 1)}
    parts, guard = Org(org.query, org.send, people=[0]), Guard(1000, 100, lambda _place: 0)
    with mock.patch.object(writer, "FEW_PARKED", few):
        run = Writer(BOTH, [0, 1], Buffer(buffer_size, unique), parts, guard, Keep()).run(events)
        places = [message["state"]["at"] for message in run]

    wanted = {key: is_in for what, key, is_in in told if what == "members"}
    people = {key for what, key, _ in told if what == "people"}
    held = {row["CustomerIO_Id__c"]: bool(row.get("Is_VIP__c")) for row in org.held["Contact"]}
    assert held == {key: wanted.get(key, False) for key in people}
    assert places == [place for place, (what, *_) in enumerate(told, 1) if what == "state"]
