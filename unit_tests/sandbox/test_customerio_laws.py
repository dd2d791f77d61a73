"""Laws that hold after any sequence of changes: the sandbox's truth is what others are held to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.customerio.api.answers import ApiError
from sandbox.customerio.control.endpoints import OPERATIONS, apply_all, truth
from sandbox.customerio.seed.newcomers import Cast
from sandbox.customerio.seed.plant import plant
from sandbox.customerio.workspace import memberships
from sandbox.customerio.workspace.segments import listed
from sandbox.customerio.workspace.store import Workspace

NOW = 1_800_000_000.0
PEOPLE = 4
VISITED = {"event": {"name": "visited"}, "within": 3_600}

persons = st.integers(1, PEOPLE).map(lambda number: {"id": f"u-{number}"})
emails = st.one_of(st.none(), st.integers(1, 4).map("Mail{}@example.com".format))
amounts = st.sampled_from([None, "", 0, 900, 1_100, "1500.5", "many"])
attributes = st.dictionaries(st.sampled_from(["ltv", "cart_value", "plan"]), amounts)


def operation(op: str, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"op": st.just(op), **fields})


operations = st.one_of(
    operation("create_person", id=persons.map(lambda one: one["id"]), attributes=attributes),
    operation("update_person", person=persons, attributes=attributes),
    operation("update_person", person=persons, email=emails),
    operation("delete_person", person=persons),
    operation("suppress_person", person=persons),
    operation("merge_people", primary=persons, secondary=persons),
    operation("track_event", person=persons, name=st.just("visited")),
    operation("purchase", person=persons),
    operation("abandon_cart", person=persons),
    operation("add_members", segment=st.just(11), percent=st.integers(0, 100)),
    operation("remove_members", segment=st.just(11), percent=st.integers(0, 100)),
)
changes = st.lists(operations, max_size=30)


@contextmanager
def workspace() -> Iterator[Workspace]:
    made = Workspace.open(":memory:", lambda: NOW)
    try:
        plant(made, Cast(PEOPLE))
        make = {"op": "create_segment", "name": "Visited", "conditions": VISITED}
        carry_out(made, make)
        yield made
    finally:
        made.db.close()


def carry_out(made: Workspace, change: dict[str, Any]) -> bool:
    try:
        apply_all(made, OPERATIONS.validate_json(json.dumps([change])))
    except ApiError:
        return False
    return True


def members(made: Workspace) -> dict[str, set[str]]:
    return {number: set(ids) for number, ids in truth(made)["segments"].items()}


@settings(max_examples=40, deadline=None)
@given(changes)
def test_segments_that_follow_each_change_are_those_worked_out_anew(
    sequence: list[dict[str, Any]],
) -> None:
    with workspace() as made:
        for change in sequence:
            carry_out(made, change)
        followed = members(made)
        with made.transaction():
            memberships.reevaluate_all(made)

        assert members(made) == followed


@settings(max_examples=40, deadline=None)
@given(changes, st.integers(1, 5))
def test_pages_of_any_size_tell_the_truth(sequence: list[dict[str, Any]], limit: int) -> None:
    with workspace() as made:
        for change in sequence:
            carry_out(made, change)
        read: dict[str, list[str]] = {}
        for segment in listed(made):
            ids, token = read.setdefault(str(segment["id"]), []), None
            while token != "":
                page = memberships.read_page(made, segment, token or "", limit)
                ids += [cio_id for _, cio_id, _, _ in page.members]
                token = page.next

        assert {number: sorted(ids) for number, ids in read.items()} == {
            number: sorted(ids) for number, ids in members(made).items()
        }


@settings(max_examples=40, deadline=None)
@given(changes)
def test_a_cio_id_is_never_given_twice_and_a_refused_change_leaves_no_trace(
    sequence: list[dict[str, Any]],
) -> None:
    with workspace() as made:
        ever = set(truth(made)["people"])
        for change in sequence:
            before = truth(made)
            done = carry_out(made, change)
            people = set(truth(made)["people"])
            if change["op"] == "create_person" and done:
                assert len(people - ever) == 1
            if not done:
                assert truth(made) == before
            ever |= people
