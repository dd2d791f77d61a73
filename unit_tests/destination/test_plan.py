"""A dry run writes nothing, tells what a real run would do, and the real run then does it."""

import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from destination_salesforce_intro.storage.parts import Parts
from destination_salesforce_intro.writing.plan import Plan
from destination_salesforce_intro.writing.summary import Summary
from sandbox.serve import Running
from unit_tests.destination.builders import record_mapping
from unit_tests.destination.harness import CONTACTS, contacts, gone, person, record, state, sync

MESSAGES = [
    person(1, plan="free"),
    person(2, plan="pro"),
    person(4, plan="pro"),
    gone(3),
    gone(9),
    record(cio_id="p8", vip="perhaps"),
    state(1),
]


def storage(path: Path) -> dict[str, str]:
    return {"storage_type": "File", "url": f"file://{path}/plans"}


def lines(path: Path) -> list[dict[str, Any]]:
    files = sorted((path / "plans").glob("plan-*.jsonl"))
    return [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]


def test_a_dry_run_writes_and_acknowledges_nothing(box: Running, tmp_path: Path) -> None:
    sync(box, [person(n, plan="pro") for n in (1, 2, 3)])
    box.salesforce_control.reset_writes()
    result = sync(box, MESSAGES, dry_run=True, object_storage_config=storage(tmp_path))

    assert not any(box.salesforce_control.writes().values())
    assert result.error is None
    assert result.acknowledged == []
    assert "nothing was written" in result.logs


def test_the_plan_tells_every_change_and_its_differences(box: Running, tmp_path: Path) -> None:
    sync(box, [person(n, plan="pro") for n in (1, 2, 3)])
    sync(box, MESSAGES, dry_run=True, object_storage_config=storage(tmp_path))

    plan = {line["key"].get("CustomerIO_Id__c"): line for line in lines(tmp_path)}
    assert {key: line["action"] for key, line in plan.items()} == {
        "p1": "update",
        "p2": "unchanged",
        "p3": "clear",
        "p4": "create",
        "p9": "not_found",
        None: "reject",
    }
    (row,) = plan["p1"]["rows"]
    assert row["fields"] == {"Plan__c": {"from": "pro", "to": "free"}}
    assert plan[None]["code"] == "INVALID_VALUE"


def test_a_real_run_fulfils_the_plan(box: Running, tmp_path: Path) -> None:
    sync(box, [person(n, plan="pro") for n in (1, 2, 3)])
    planned = sync(box, MESSAGES, dry_run=True, object_storage_config=storage(tmp_path))
    real = sync(box, MESSAGES)

    counts = [text for text in planned.logs.splitlines() if "received" in text]
    assert counts == [text for text in real.logs.splitlines() if "received" in text]
    assert set(contacts(box)) == {"p1", "p2", "p3", "p4"}


def test_removals_over_budget_are_planned_with_a_warning(box: Running, tmp_path: Path) -> None:
    sync(box, [person(n, plan="pro") for n in range(4)])
    result = sync(
        box,
        [gone(n) for n in range(4)],
        dry_run=True,
        max_removals=1,
        max_removal_percent=0,
        object_storage_config=storage(tmp_path),
    )

    assert [line["action"] for line in lines(tmp_path)] == ["clear"] * 4
    assert "mappings[0] 4 (budget 1)" in result.logs


FLAGS: dict[str, Any] = {
    "stream": "memberships",
    "kind": "flag",
    "object": "Contact",
    "identity": [{"source": "cio_id", "target": "CustomerIO_Id__c"}],
    "segments": [{"segment": 7, "field": "Is_VIP__c"}],
}


@pytest.mark.parametrize("on_no_match", ["reject", "ignore"])
def test_memberships_of_people_whom_the_plan_creates_are_planned(
    box: Running, tmp_path: Path, on_no_match: str
) -> None:
    flags = {**FLAGS, "on_no_match": on_no_match}
    vips = [record("memberships", segment_id=7, cio_id=f"p{n}") for n in (1, 2, 9)]
    messages = [*vips, state(1, "memberships"), person(1), person(2), state(2)]

    planned = sync(
        *(box, messages, CONTACTS, flags), dry_run=True, object_storage_config=storage(tmp_path)
    )
    real = sync(box, messages, CONTACTS, flags)

    counts = [text for text in planned.logs.splitlines() if "received" in text]
    assert counts == [text for text in real.logs.splitlines() if "received" in text]
    assert sum(row["Is_VIP__c"] for row in contacts(box).values()) == 2


def test_a_person_between_whose_records_a_state_comes_is_planned_once(
    box: Running, tmp_path: Path
) -> None:
    messages = [person(1, plan="free"), state(1), person(1, plan="pro"), state(2)]

    sync(box, messages, dry_run=True, object_storage_config=storage(tmp_path))

    (line,) = lines(tmp_path)
    assert (line["action"], line["records"]) == ("create", 2)
    assert line["rows"][0]["fields"]["Plan__c"] == {"to": "pro"}


def test_a_refused_membership_is_told_without_the_rows_of_others(
    box: Running, tmp_path: Path
) -> None:
    sync(box, [person(n, plan="pro") for n in range(40)])
    strangers = [record("memberships", segment_id=7, cio_id=f"q{n}") for n in range(40)]
    messages = [*(person(n, plan="free") for n in range(40)), *strangers]

    sync(*(box, messages, CONTACTS, FLAGS), dry_run=True, object_storage_config=storage(tmp_path))

    assert {(line["action"], "rows" in line) for line in lines(tmp_path)} == {
        ("update", True),
        ("reject", False),
    }


class Held(dict[str, Any]):
    """A record that can be told to be alive."""


def test_a_plan_keeps_what_salesforce_holds_for_one_round_only() -> None:
    def found(_statements: Sequence[str]) -> Iterator[Held]:
        record_ = Held(Id="003", Plan__c="pro")
        alive.append(weakref.ref(record_))
        yield record_

    alive: list[weakref.ref[Held]] = []
    mappings = [record_mapping()]
    plan = Plan(Summary(mappings), Parts(None, "plan"), mappings, found)

    assert len(list(plan.query(["SELECT Id"]))) == 1
    plan.note([])

    assert [reference() for reference in alive] == [None]
