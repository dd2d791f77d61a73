"""The merge law: what leaves the buffer equals what went in, each change in its time."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Change, Exit, Identity, Result, Upsert, Value
from destination_salesforce_intro.writing.buffer import Buffer
from unit_tests.destination.builders import exit_, upsert

Held = dict[str, Value] | None
BEFORE: dict[str, Value] = {"a": 0, "b": 0, "c": 0}


def apply(change: Change, held: Held) -> Held:
    """Do to one Salesforce record, or to none, what *change* asks for."""
    if isinstance(change, Upsert):
        return {**(held or {}), **change.fields}
    if held is None or change.action == "delete":
        return None
    return {**held, **change.fields}


def applied(changes: Sequence[Change], held: Held) -> Held:
    for change in changes:
        held = apply(change, held)
    return held


def ends_with_exit(changes: Sequence[Change]) -> Sequence[Change]:
    """Drop what came before the last exit: a person who left has left, whatever was before."""
    exits = [place for place, change in enumerate(changes) if isinstance(change, Exit)]
    return changes[exits[-1] :] if exits else changes


UNIQUE = {0: frozenset({0}), 1: frozenset({0})}
BY_EMAIL = {0: frozenset({1})}  # the keys are an e-mail, then an External ID


def batches(*changes: Change, unique: Any = UNIQUE) -> list[list[Change]]:
    buffer = Buffer(1000, unique)
    for change in changes:
        assert buffer.add(change) is None
    return buffer.drain()


def drained(*changes: Change, unique: Any = UNIQUE) -> list[Change]:
    (batch,) = batches(*changes, unique=unique) or [[]]
    return batch


def numbers(changes: Sequence[Change]) -> list[int]:
    return sorted(received.number for change in changes for received in change.received)


FIELDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([None, 1, 2, 3]), max_size=3)
STEPS = st.lists(st.tuples(st.sampled_from("xyz"), st.none() | FIELDS), max_size=8)
EXITS = st.sampled_from([None, {"a": None}])  # delete, or clear


def script(steps: list[Any], exit_fields: Any, *, timed: bool = True) -> list[Change]:
    """Make a change of each step; None stands for an exit. Time goes with the number."""
    times = [f"2026-01-01T00:00:{n:02d}.000Z" if timed else None for n in range(len(steps))]
    return [
        exit_(key, fields=exit_fields, at=at, number=n)
        if fields is None
        else upsert(key, fields=fields, at=at, number=n)
        for n, ((key, fields), at) in enumerate(zip(steps, times, strict=True))
    ]


@given(steps=STEPS, exit_fields=EXITS, held=st.sampled_from([None, BEFORE]), timed=st.booleans())
def test_drained_changes_do_what_the_single_ones_did(
    steps: list[Any], exit_fields: Any, held: Held, *, timed: bool
) -> None:
    changes = script(steps, exit_fields, timed=timed)
    merged = drained(*changes)

    for key in "xyz":
        single = [c for c in changes if c.identity.keys == (key,)]
        together = [c for c in merged if c.identity.keys == (key,)]
        assert applied(together, held) == applied(ends_with_exit(single), held)
        assert len(together) <= 2


@given(steps=STEPS, exit_fields=EXITS, data=st.data())
def test_order_of_arrival_does_not_matter_where_times_are_known(
    steps: list[Any], exit_fields: Any, data: st.DataObject
) -> None:
    changes = script(steps, exit_fields)
    shuffled = data.draw(st.permutations(changes))

    in_order, out_of_order = drained(*changes), drained(*shuffled)

    for key in "xyz":
        assert [(type(c), c.fields) for c in in_order if c.identity.keys == (key,)] == [
            (type(c), c.fields) for c in out_of_order if c.identity.keys == (key,)
        ]


@given(steps=STEPS, exit_fields=EXITS)
def test_every_record_ends_in_exactly_one_change(steps: list[Any], exit_fields: Any) -> None:
    changes = script(steps, exit_fields)

    assert numbers(drained(*changes)) == list(range(len(changes)))


def test_exit_then_upsert_stay_two_in_that_order() -> None:
    """A deleted record must not come back with the fields it had."""
    merged = drained(exit_("x", number=1), upsert("x", fields={"a": 1}, number=2))

    assert [type(change) for change in merged] == [Exit, Upsert]


def test_late_change_fits_between_two_that_were_there_before_it() -> None:
    first, second, third = script([("x", {"a": 1}), ("x", {"a": 2}), ("x", {"b": 3})], None)

    (merged,) = drained(first, third, second)

    assert merged.fields == {"a": 2, "b": 3}
    assert merged.changed_at == third.changed_at


def test_people_who_share_a_later_key_stay_apart() -> None:
    assert len(drained(upsert("x", "e"), upsert("y", "e"))) == 2


def test_person_is_looked_for_by_the_key_salesforce_still_holds() -> None:
    (chain,) = drained(
        upsert("x", "e2", previous=(None, "e1")), upsert("x", "e3", previous=(None, "e2"))
    )
    (unsaid,) = drained(upsert("x", "e1"), upsert("x", "e2"))
    (back,) = drained(upsert("x", "e2", previous=(None, "e1")), upsert("x", "e1"))
    (left,) = drained(upsert("x", "e2", previous=(None, "e1")), exit_("x", "e2"))
    (partial,) = drained(upsert("x", "e1"), upsert("x", None))

    assert (chain.identity.keys, chain.identity.previous) == (("x", "e3"), (None, "e1"))
    assert (unsaid.identity.keys, unsaid.identity.previous) == (("x", "e2"), (None, "e1"))
    assert (back.identity.keys, back.identity.previous) == (("x", "e1"), (None, "e2"))
    assert (left.identity.keys, left.identity.previous) == (("x", "e2"), (None, "e1"))
    assert (partial.identity.keys, partial.identity.previous) == (("x", "e1"), (None, None))


def test_mappings_do_not_mix() -> None:
    assert len(drained(upsert("x", mapping=0), upsert("x", mapping=1))) == 2


def test_older_change_after_a_drain_changes_nothing() -> None:
    buffer = Buffer(10, UNIQUE)
    older, same, newer = (f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3))
    buffer.add(exit_("x", at=same))
    buffer.drain()

    late = buffer.add(upsert("x", fields={"a": 1}, at=older))

    assert late is not None
    assert late.result is Result.UNCHANGED
    assert buffer.add(upsert("x", at=same)) is None
    assert buffer.add(upsert("x", at=newer)) is None
    assert buffer.add(upsert("x", at=None)) is None
    assert buffer.add(upsert("y", at=older)) is None
    assert len(buffer) == 4


def test_buffer_is_full_at_its_size_and_empty_after_a_drain() -> None:
    buffer = Buffer(2, UNIQUE)
    filling = []
    for key in "xy":
        filling.append(buffer.is_full)
        buffer.add(upsert(key))
    filling.append(buffer.is_full)
    buffer.drain()

    assert filling == [False, False, True]
    assert (len(buffer), buffer.is_full, buffer.drain()) == (0, False, [])


def test_of_changes_with_one_time_the_later_arrival_wins() -> None:
    """One sync of the source may give one time to all it found."""
    at = "2026-01-01T00:00:00.000Z"

    (change,) = drained(upsert("x", fields={"a": 1}, at=at), upsert("x", fields={"a": 2}, at=at))

    assert change.fields == {"a": 2}


def test_an_exit_under_a_new_email_ends_what_was_told_under_the_old() -> None:
    (by_previous,) = drained(
        upsert("old@", None, number=1),
        exit_("new@", None, previous=("old@", None), number=2),
        unique=BY_EMAIL,
    )
    (by_id,) = drained(upsert("old@", "c1", number=1), exit_("new@", "c1"), unique=BY_EMAIL)

    assert isinstance(by_previous, Exit)
    assert isinstance(by_id, Exit)
    assert by_id.identity.previous == ("old@", None)


def test_a_key_that_links_two_people_makes_them_one() -> None:
    (one,) = drained(
        upsert("e@", None, fields={"a": 1}),
        upsert(None, "c1", fields={"b": 2}),
        upsert("e@", "c1", fields={"c": 3}),
        unique=BY_EMAIL,
    )

    assert one.fields == {"a": 1, "b": 2, "c": 3}
    assert one.identity.keys == ("e@", "c1")


def test_somebody_without_the_first_key_is_known_by_the_next() -> None:
    (left,) = drained(upsert("x", "e@"), exit_(None, "e@"))

    assert isinstance(left, Exit)
    assert left.identity.keys == ("x", "e@")


def test_an_address_that_changed_hands_begins_a_new_batch() -> None:
    left = upsert("e2@", "c1", previous=("e1@", None))
    took = exit_("e1@", "c2")

    assert batches(left, took, unique=BY_EMAIL) == [[left], [took]]


def test_an_older_word_of_the_former_holder_joins_theirs() -> None:
    times = [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2)]
    (one,) = drained(
        upsert("e2@", None, previous=("e1@", None), at=times[1]),
        upsert("e1@", None, fields={"a": 1}, at=times[0]),
        unique=BY_EMAIL,
    )

    assert one.identity == Identity(("e2@", None), ("e1@", None))
    assert one.fields == {"a": 1}


def test_a_return_after_a_move_is_looked_for_under_the_old_key() -> None:
    (left, back) = drained(
        upsert("e2@", previous=("e1@",)), exit_("e2@", fields={"a": None}), upsert("e2@")
    )

    assert isinstance(left, Exit)
    assert back.identity.previous == ("e1@",)


def test_an_exit_that_is_ignored_ends_nothing() -> None:
    ignored = exit_("x")._replace(action="ignore")

    merged = drained(upsert("x", fields={"a": 1}), ignored, upsert("x", fields={"b": 2}))

    assert [change.fields for change in merged if isinstance(change, Upsert)] == [{"a": 1, "b": 2}]
    assert len(merged) == 2


def test_what_was_told_under_a_former_key_is_remembered_too() -> None:
    older, newer = (f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2))
    buffer = Buffer(10, BY_EMAIL)
    buffer.add(exit_("new@", "c1", previous=("old@", None), at=newer))
    buffer.drain()

    assert buffer.add(upsert("old@", None, at=older)) is not None
    assert buffer.add(upsert("other@", "c1", at=older)) is not None
    assert buffer.add(upsert("other@", "c2", at=older)) is None
