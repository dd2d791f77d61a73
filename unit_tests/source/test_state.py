"""The state: what was packed comes back, and what is damaged or unknown is refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.snapshot.columns import Texts
from source_customerio_segments.snapshot.gaps import nulls, shown
from source_customerio_segments.snapshot.members import About, Members
from source_customerio_segments.snapshot.memory import Snapshot, Told
from source_customerio_segments.snapshot.people import People, as_cio_ids, distinct, nobody
from source_customerio_segments.state.cio_ids import pack_cio_ids, unpack_cio_ids
from source_customerio_segments.state.codec import DIGESTS, IDENTIFIERS, Encoder, check, decode
from source_customerio_segments.state.packing import (
    DamagedError,
    from_planes,
    pack,
    to_planes,
    unpack,
)
from source_customerio_segments.state.texts import pack_texts, unpack_texts

plain_ids = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=60)
identifiers = st.one_of(st.none(), st.text(min_size=1, max_size=30))


def varint_hex(parts: list[int]) -> str:
    """Write numbers as hex of LEB128 varints, byte by byte."""
    written = bytearray()
    for part in parts:
        rest = part
        while rest >= 0x80:
            written.append(rest & 0x7F | 0x80)
            rest >>= 7
        written.append(rest)
    return written.hex()


real_ids = st.lists(st.integers(0, 2**40), min_size=1, max_size=5).map(varint_hex)
any_ids = st.lists(st.one_of(plain_ids, real_ids), max_size=20, unique=True)


@given(any_ids)
def test_any_cio_ids_come_back(cio_ids: list[str]) -> None:
    raw, order = pack_cio_ids(as_cio_ids(cio_ids))

    found = [each.decode("utf-8", "surrogatepass") for each in unpack_cio_ids(raw).tolist()]

    assert found == [cio_ids[row] for row in order]
    assert sorted(found) == sorted(cio_ids)


@pytest.mark.parametrize(
    "cio_ids",
    [
        ["03000010", "0300", "30e00001", "000000", "00"],
        ["e2be060e8f38b0891a", "eea50d000102", "E2BE06", "e2be0", "cio_03000010", "8000"],
        ["ffffffffffffffffff01", "80808080808080808001", "ff" * 20, "ff" * 30],
        ["é", "\ud800", "x" * 300, " "],
    ],
)
def test_awkward_cio_ids_come_back(cio_ids: list[str]) -> None:
    raw, _ = pack_cio_ids(as_cio_ids(cio_ids))

    found = [each.decode("utf-8", "surrogatepass") for each in unpack_cio_ids(raw).tolist()]

    assert sorted(found) == sorted(cio_ids)


@given(st.lists(st.integers(0, 2**64 - 1)), st.binary(max_size=5))
def test_numbers_come_back_and_leave_what_follows(numbers: list[int], tail: bytes) -> None:
    found, rest = from_planes(to_planes(np.array(numbers, np.uint64)) + tail)

    assert found.tolist() == numbers
    assert rest == tail


@given(st.binary())
def test_bytes_come_back(raw: bytes) -> None:
    assert unpack(pack(raw)) == raw


addresses = st.text("ab@.\0ä", min_size=1, max_size=8)  # few, so that they end alike


@given(st.lists(st.one_of(st.none(), st.text(min_size=1), addresses), max_size=20))
def test_texts_come_back_zero_bytes_included(values: list[str | None]) -> None:
    assert unpack_texts(pack_texts(Texts.of(values))).tolist() == values


def test_a_column_without_domains_of_its_own_is_read() -> None:
    """As states had them before addresses were cut."""
    assert unpack_texts(b"eann@a.com\0\0b\0").tolist() == ["ann@a.com", None, "b"]


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    cio_ids = draw(any_ids)
    columns = [
        draw(st.lists(identifiers, min_size=len(cio_ids), max_size=len(cio_ids))) for _ in "ab"
    ]
    people = People.of(cio_ids, *columns)
    people = people.take(distinct(people.cio_ids)[0]) if cio_ids else nobody()
    everyone = np.arange(len(people))
    segments = {
        key: Members(
            places=everyone[mask],
            entered_at=np.array(draw(_of_length(int(mask.sum()), st.integers(0, 2**45))), np.int64),
            uncertain=np.array(draw(_of_length(int(mask.sum()), st.booleans())), np.bool_),
            about=About(draw(st.text(max_size=5)), "h", draw(st.integers(0, 2**45))),
        )
        for key in draw(st.sets(st.integers(1, 99), max_size=3))
        for mask in [np.array(draw(_of_length(len(people), st.booleans())), np.bool_)]
    }
    was = people.take(everyone[:1])
    told = draw(st.sampled_from([None, _told(people)]))
    return Snapshot(people, segments, was, draw(st.integers(0, 2**45)), told)


def _of_length(count: int, values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=count, max_size=count)


def _told(people: People) -> Told:
    numbers = np.arange(len(people))
    digests = (numbers * 7919 % 0xFFFFFF).astype(np.uint32)
    learned = np.stack([numbers % 5 == 0, numbers % 3 == 0]) & ~nulls(people)
    times = 1_795_662_000_000 + numbers % 4
    return Told(numbers % 2 == 0, numbers % 3 == 0, digests, times, learned)


def meaning_of_told(snapshot: Snapshot) -> dict[str, list[Any]]:
    """Return what is remembered of each person whose record is out."""
    told = snapshot.told
    if told is None:
        return {}
    columns = (told.uncertain, told.digests, told.read_at, told.learned.T)
    names = snapshot.people.names()
    rows = zip(names, told.known.tolist(), *(c.tolist() for c in columns), strict=True)
    return {name: rest for name, known, *rest in rows if known}


def meaning(snapshot: Snapshot, *, identities: bool = True) -> dict[str, Any]:
    """Return a snapshot as plain values, by cio_id."""
    names = snapshot.people.names()
    segments = {
        key: (
            each.about,
            {
                names[place]: (at, uncertain)
                for place, at, uncertain in zip(
                    each.places.tolist(),
                    each.entered_at.tolist(),
                    each.uncertain.tolist(),
                    strict=True,
                )
            },
        )
        for key, each in snapshot.segments.items()
    }
    used = {name for _, members in segments.values() for name in members}
    told = meaning_of_told(snapshot)
    who = dict(zip(names, snapshot.people.identities(), strict=True)) if identities else {}
    was = dict(zip(snapshot.was.names(), snapshot.was.identities(), strict=True))
    return {
        "segments": segments,
        "told": told,
        "changed_at": snapshot.changed_at,
        "who": {name: who.get(name) for name in used | set(told)},
        "was": was if identities else {},
        "digests": {
            name: mark
            for name, mark in zip(
                names, shown(snapshot.people, snapshot.learned).digests().tolist(), strict=True
            )
            if name in used | set(told)
        },
    }


@settings(max_examples=60, deadline=None)
@given(snapshots())
def test_a_snapshot_comes_back_with_identifiers(snapshot: Snapshot) -> None:
    value = json.loads(json.dumps(Encoder(2).encode(snapshot)))

    assert value["form"] == IDENTIFIERS
    assert meaning(decode(value)) == meaning(snapshot)


@settings(max_examples=40, deadline=None)
@given(st.lists(snapshots(), min_size=1, max_size=3), st.lists(st.integers(0, 2), max_size=4))
def test_states_of_one_sync_are_what_each_would_be_alone(
    some: list[Snapshot], order: list[int]
) -> None:
    encoder = Encoder(2)

    for number in order:
        snapshot = some[number % len(some)]
        fewer = replace(snapshot, segments={})
        assert encoder.encode(snapshot) == Encoder(2).encode(snapshot)
        assert encoder.encode(fewer) == Encoder(2).encode(fewer)


@settings(max_examples=40, deadline=None)
@given(snapshots().filter(lambda snapshot: len(snapshot.people)))
def test_above_the_limit_everything_but_identifiers_comes_back(snapshot: Snapshot) -> None:
    value = Encoder(0.000_001).encode(snapshot)

    assert value["form"] == DIGESTS
    assert meaning(decode(value), identities=False) == meaning(snapshot, identities=False)


def test_no_state_is_an_empty_snapshot() -> None:
    assert meaning(decode({})) == meaning(Snapshot())


def test_an_unknown_version_is_refused_in_words() -> None:
    with pytest.raises(ConnectorError, match=r"version 9 is not 1.*reset the stream") as refused:
        check({"version": 9})

    assert refused.value.fault is Fault.CONFIG


def _state() -> dict[str, Any]:
    members = Members(np.arange(2), np.array([0, 5]), np.array([True, False]), About("VIP", "h", 1))
    people = People.of(["a1", "a2"], ["ann@example.com", None], ["u-1", "u-2"])
    return Encoder(2).encode(Snapshot(people, {7: members}, changed_at=9))


@pytest.mark.parametrize(
    "name", ["cio_ids", "emails", "segments", "changed_at", "form", "checksum"]
)
def test_a_state_without_one_of_its_parts_is_refused(name: str) -> None:
    value = _state()
    del value[name]

    with pytest.raises(ConnectorError, match="state is damaged") as refused:
        decode(value)

    assert "example.com" not in str(refused.value)


def test_a_state_with_one_character_changed_is_refused() -> None:
    value = _state()
    value["emails"] = value["emails"].swapcase()

    with pytest.raises(ConnectorError, match="state is damaged"):
        check(value)


@pytest.mark.parametrize("text", ["", "z", "q123", "zAAAA", "bAAAA", None])
def test_what_was_never_packed_is_damage(text: object) -> None:
    with pytest.raises(DamagedError):
        unpack(text)


@pytest.mark.parametrize("raw", [b"", b"\1\0\0\0", b"\1\0\0\0\2a", b"\1\0\0\0\0", b"\0\0\0\0\x09"])
def test_numbers_cut_short_are_damage(raw: bytes) -> None:
    with pytest.raises(DamagedError):
        from_planes(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"x",
        b"eab",
        b"m\1\0\0\0\1\5ab",
        pack_texts(Texts.of(["a@b"]))[:-2],
        b"t" + to_planes([1]) + to_planes([4]) + b"e@b\0ea\0",  # the second of one domain
        b"t" + to_planes([0, 0]) + to_planes([4]) + b"e@b\0ea\0",  # two domains for one person
    ],
)
def test_texts_cut_short_are_damage(raw: bytes) -> None:
    with pytest.raises(DamagedError):
        unpack_texts(raw)


def test_people_of_ordinary_names_take_few_bytes() -> None:
    """The targets: 16 bytes a person with identifiers, 5 without."""
    count = 20_000
    cio_ids = [varint_hex([106338, number % 3, 427_000 + number]) for number in range(count)]
    emails = [
        f"{['kim', 'ann', 'lee', 'bo', 'tom'][number % 5]}.{['lee', 'ono', 'roe'][number * 7 % 3]}"
        f"{number * 7919 % 10_000}@example.com"
        for number in range(count)
    ]
    people = People.of(cio_ids, emails, [f"u-{number * 31 % 99_991}" for number in range(count)])
    people = people.take(distinct(people.cio_ids)[0])
    everyone = Members(np.arange(count), np.zeros(count, np.int64), np.zeros(count, np.bool_))
    some = Members(np.arange(0, count, 3), everyone.entered_at[::3], everyone.uncertain[::3])
    one, two = Snapshot(people, {7: everyone}), Snapshot(people, {7: everyone, 8: some})

    assert size(one, 2) <= 16 * count
    assert size(one, 0.001) <= 5 * count
    assert size(two, 2) - size(one, 2) <= 2 * len(some)


def size(snapshot: Snapshot, max_megabytes: float) -> int:
    return len(json.dumps(Encoder(max_megabytes).encode(snapshot)))
