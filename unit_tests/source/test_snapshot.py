"""The snapshot: texts in columns, people once, and what changed in a segment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source_customerio_segments.snapshot.columns import Texts, differing
from source_customerio_segments.snapshot.meeting import meet
from source_customerio_segments.snapshot.members import (
    Difference,
    Members,
    announced,
    applied,
    difference,
)
from source_customerio_segments.snapshot.memory import Reading, Snapshot, collect, pruned
from source_customerio_segments.snapshot.people import Identity, People, distinct, find, merged
from source_customerio_segments.snapshot.persons import persons

texts = st.lists(st.one_of(st.none(), st.text(min_size=1, max_size=5)), max_size=12)
cio_ids = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=4)
crowds = st.dictionaries(cio_ids, st.tuples(st.sampled_from([None, "a@x", "A@x"]), st.none()))
places = st.sets(st.integers(0, 9)).map(lambda found: np.array(sorted(found), np.int64))


def people_of(crowd: dict[str, Any]) -> People:
    people = (
        People.of(list(crowd), *zip(*crowd.values(), strict=True)) if crowd else Reading().people
    )
    return people.take(distinct(people.cio_ids)[0])


def crowd_of(people: People) -> dict[str, Identity]:
    return dict(zip(people.names(), people.identities(), strict=True))


def members_of(found: np.ndarray[Any, Any], uncertain: np.ndarray[Any, Any]) -> Members:
    return Members(found, found + 100, np.isin(found, uncertain))


@given(texts)
def test_a_column_gives_back_its_texts(values: list[str | None]) -> None:
    assert values == Texts.of(values).tolist()


def test_lone_surrogates_survive_in_a_column() -> None:
    assert Texts.of(["\ud800", "", "é"]).tolist() == ["\ud800", None, "é"]


@given(texts, st.data())
def test_taking_rows_takes_their_texts(values: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, max(len(values) - 1, 0)), max_size=20))
    rows = rows if values else []

    taken = Texts.of(values).take(np.array(rows, np.int64))

    assert [values[row] for row in rows] == taken.tolist()


@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "A", "ab", "é"]), st.sampled_from(["", "a", "é"])))
)
def test_columns_differ_where_their_texts_do(pairs: list[tuple[str, str]]) -> None:
    left, right = Texts.of([one for one, _ in pairs]), Texts.of([two for _, two in pairs])

    assert [one != two for one, two in pairs] == differing(left, right).tolist()


@pytest.mark.parametrize("cio_id", ["", "a\0", "\0"])
def test_a_member_without_a_usable_cio_id_is_refused(cio_id: str) -> None:
    with pytest.raises(ValueError, match="without a usable cio_id"):
        People.of(["a1", cio_id], [None, None], [None, None])


@given(crowds, crowds)
def test_two_tables_merge_to_the_union_with_the_newer_identity(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    ours, theirs = people_of(old), people_of(new)

    latest, then, now = merged(ours.cio_ids, theirs.cio_ids)
    both = People.picked([ours, theirs], latest)

    assert {**old, **new} == {name: tuple(each) for name, each in crowd_of(both).items()}
    assert sorted(both.cio_ids.tolist()) == both.cio_ids.tolist()
    assert ours.names() == both.take(then).names()
    assert theirs.names() == both.take(now).names()


@given(crowds, crowds)
def test_a_meeting_knows_who_was_renamed_and_from_what(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    meeting = meet(Snapshot(people_of(old)), Reading(people_of(new)))

    changed = {name: old[name] for name in old.keys() & new.keys() if old[name] != new[name]}
    assert changed == {name: tuple(each) for name, each in crowd_of(meeting.was).items()}
    assert set(changed) == set(meeting.people.take(np.flatnonzero(meeting.renamed)).names())


@given(places, places, places)
def test_applying_the_difference_gives_what_was_read(
    before: np.ndarray[Any, Any], now: np.ndarray[Any, Any], uncertain: np.ndarray[Any, Any]
) -> None:
    members = members_of(before, uncertain)

    after = applied(members, difference(members, now, np.zeros(10, np.bool_)), entered_at=7)

    assert now.tolist() == after.places.tolist()
    assert not after.uncertain.any()
    stayed = np.isin(now, before)
    assert (now + 100)[stayed].tolist() == after.entered_at[stayed].tolist()
    assert {7} >= set(after.entered_at[~stayed].tolist())


@given(places)
def test_equal_members_differ_in_nothing(found: np.ndarray[Any, Any]) -> None:
    change = difference(members_of(found, found[:0]), found, np.zeros(10, np.bool_))

    assert len(change) == 0


@given(places, places, places)
def test_withheld_exits_stay_members_and_stay_uncertain(
    before: np.ndarray[Any, Any], now: np.ndarray[Any, Any], uncertain: np.ndarray[Any, Any]
) -> None:
    members = members_of(before, uncertain)
    told = difference(members, now, np.zeros(10, np.bool_)).without_exits()

    after = applied(members, told, entered_at=7)

    assert np.union1d(before, now).tolist() == after.places.tolist()
    owed = np.setdiff1d(members.places[members.uncertain], now)
    assert owed.tolist() == after.places[after.uncertain].tolist()


@given(places, places)
def test_an_announcement_names_everybody_it_is_about(
    before: np.ndarray[Any, Any], now: np.ndarray[Any, Any]
) -> None:
    members = members_of(before, before[:0])
    change = difference(members, now, np.zeros(10, np.bool_))

    during = announced(members, change, entered_at=7)

    assert np.union1d(before, now).tolist() == during.places.tolist()
    assert np.setxor1d(before, now).tolist() == during.places[during.uncertain].tolist()


@given(places, places, places)
def test_after_an_announcement_everybody_in_it_is_told_again(
    before: np.ndarray[Any, Any], now: np.ndarray[Any, Any], later: np.ndarray[Any, Any]
) -> None:
    members, calm = members_of(before, before[:0]), np.zeros(10, np.bool_)
    during = announced(members, difference(members, now, calm), entered_at=7)

    change = difference(during, later, calm)

    about = np.union1d(np.setxor1d(before, now), np.setxor1d(during.places, later))
    assert about.tolist() == np.sort(_told(change)).tolist()


def _told(change: Difference) -> np.ndarray[Any, Any]:
    return np.concatenate([change.entered, change.repeated, change.changed, change.exited])


@settings(max_examples=50)
@given(st.dictionaries(st.integers(1, 3), st.lists(st.lists(cio_ids, max_size=4), max_size=3)))
def test_a_reading_holds_everyone_once_and_every_segment_whole(
    pages: dict[int, list[list[str]]],
) -> None:
    tables = {
        key: [People.of(page, [f"{key}@x"] * len(page), [None] * len(page)) for page in each]
        for key, each in pages.items()
    }

    reading = collect(tables)

    for key, each in pages.items():
        members = {cio_id for page in each for cio_id in page}
        assert members == set(reading.people.take(reading.segments[key]).names())
    names = reading.people.names()
    assert len(names) == len(set(names))


def test_a_person_read_twice_is_called_what_was_read_last() -> None:
    first = People.of(["a", "b"], ["old@x", "b@x"], [None, None])
    second = People.of(["a"], ["new@x"], ["u"])

    reading = collect({7: [first], 8: [second]})

    assert crowd_of(reading.people) == {"a": ("new@x", "u"), "b": ("b@x", None)}


@given(crowds.filter(len), st.data())
def test_pruning_changes_no_segment(crowd: dict[str, Any], data: st.DataObject) -> None:
    people = people_of(crowd)
    inside = sorted(data.draw(st.sets(st.integers(0, len(people) - 1))))
    members = members_of(np.array(inside, np.int64), np.array(inside[:1], np.int64))

    snapshot = pruned(Snapshot(people, {7: members}))

    assert people.take(members.places).names() == snapshot.people.names()
    assert members.uncertain.tolist() == snapshot.segments[7].uncertain.tolist()


def test_persons_carry_the_identifiers_they_had() -> None:
    people = people_of({"a": ("New@x", "1"), "b": ("b@x", "2"), "c": ("c@x", None)})
    was = people_of({"a": ("new@x", "1"), "c": ("c@x", "3")})

    found = list(persons(people, was, np.array([2, 0, 1])))

    assert found == [
        ("c", "c@x", None, None, "3"),
        ("a", "New@x", "1", "new@x", None),
        ("b", "b@x", "2", None, None),
    ]


def test_finding_tells_who_is_not_there() -> None:
    people = people_of({"a": (None, None), "c": (None, None)})

    places, there = find(people.cio_ids, people_of({"b": (None, None), "c": (None, None)}).cio_ids)

    assert there.tolist() == [False, True]
    assert places[1] == 1
