"""The loop: what Salesforce holds whenever a STATE comes back, whatever happens on the way."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from destination_salesforce_intro.errors import Fault
from destination_salesforce_intro.writing import buffer
from sandbox.serve import Running
from unit_tests.destination.harness import (
    CONTACTS,
    contacts,
    gone,
    person,
    record,
    state,
    sync,
)

PEOPLE = [person(n, plan="pro") for n in range(12)]


def test_long_records_are_written_before_they_fill_the_memory(box: Running) -> None:
    note = "x" * (buffer.MAX_BYTES // 3)
    sync(box, [person(n, plan="pro", note=note) for n in range(4)])

    assert box.salesforce_control.writes()["calls"] == 2  # three records of a third, and the last
    assert len(contacts(box)) == 4


def test_people_are_created_updated_cleared_and_left_alone(box: Running) -> None:
    first = sync(box, [person(1, plan="pro"), person(2, plan="pro"), person(3), state(1)])
    again = sync(box, [person(1, plan="free"), person(2, plan="pro"), gone(3), gone(9), state(2)])

    assert first.counts == [(3.0, 0.0)]
    assert again.counts == [(4.0, 0.0)]
    assert {key: row["Plan__c"] for key, row in contacts(box).items()} == {
        "p1": "free",
        "p2": "pro",
        "p3": None,
    }


def test_an_exit_clears_what_the_mapping_says(box: Running) -> None:
    sync(box, [person(1, plan="pro", email="a@x.example")])
    result = sync(box, [gone(1), state(1)])

    assert result.acknowledged == [1]
    assert (contacts(box)["p1"]["Plan__c"], contacts(box)["p1"]["Email"]) == (None, "a@x.example")


def test_an_exit_deletes_when_the_mapping_says_so(box: Running) -> None:
    deleting = {**CONTACTS, "on_exit": {"action": "delete"}}
    sync(box, [person(1), person(2)], deleting)
    result = sync(box, [gone(1), state(1)], deleting)

    assert list(contacts(box)) == ["p2"]
    assert "1 deleted" in result.logs


def test_null_clears_and_absent_leaves(box: Running) -> None:
    sync(box, [person(1, plan="pro", email="a@x.example")])
    sync(box, [person(1, plan=None)])

    assert contacts(box)["p1"]["Plan__c"] is None
    assert contacts(box)["p1"]["Email"] == "a@x.example"


def test_what_is_already_so_is_not_written(box: Running) -> None:
    sync(box, [*PEOPLE, state(1)])
    box.salesforce_control.reset_writes()
    result = sync(box, [*PEOPLE, state(2)])

    assert result.counts == [(12.0, 0.0)]
    assert not any(box.salesforce_control.writes().values())


def test_a_refused_record_is_kept_before_its_state_goes_back(box: Running, tmp_path: Path) -> None:
    storage = {"storage_type": "File", "url": f"file://{tmp_path}/refused"}
    nameless = record(cio_id="p9", plan="pro")
    result = sync(box, [person(1), nameless, state(1)], object_storage_config=storage)

    assert result.counts == [(1.0, 1.0)]
    (part,) = (tmp_path / "refused").iterdir()
    (line,) = map(orjson.loads, part.read_bytes().splitlines())
    assert {
        "stream": "profiles",
        "kind": "record",
        "object": "Contact",
        "key": {"CustomerIO_Id__c": "p9"},
        "code": "REQUIRED_FIELD_MISSING",
        "record": nameless["record"]["data"],
    }.items() <= line.items()
    assert "1 rejected with REQUIRED_FIELD_MISSING" in result.logs


def test_refusals_that_cannot_be_kept_stop_the_sync(box: Running) -> None:
    storage = {"storage_type": "File", "url": "file:///proc/nowhere"}
    result = sync(box, [record(cio_id="p9"), state(1)], object_storage_config=storage)

    assert result.acknowledged == []
    assert result.error is not None
    assert "object_storage_config" in result.error.message


def test_a_refusal_fails_the_sync_when_asked_to(box: Running) -> None:
    result = sync(box, [person(1), record(cio_id="p9"), state(1)], on_rejected="fail")

    assert result.acknowledged == []
    assert result.error is not None
    assert Fault.CONFIG is result.error.fault
    assert list(contacts(box)) == ["p1"]


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("unavailable", {"status": 503}),
    ("reset before the write", {"reset": "before"}),
    ("reset after the write", {"reset": "after"}),
    ("half an answer", {"truncate": True}),
    ("a page instead of JSON", {"garbage": "<html>maintenance</html>"}),
    ("too many requests", {"status": 429}),
]


@pytest.mark.parametrize(("_name", "action"), FAULTS)
def test_trouble_that_passes_loses_and_doubles_nothing(
    box: Running, _name: str, action: dict[str, Any]
) -> None:
    box.salesforce_control.fault(action, times=2, method="POST", path="/composite$", body="records")
    result = sync(box, [*PEOPLE, state(1)])

    assert result.counts == [(12.0, 0.0)]
    assert {f"p{n}" for n in range(12)} == set(contacts(box))
    assert box.salesforce_control.faults() == []


def test_a_lost_answer_to_a_create_without_a_key_is_looked_up(box: Running) -> None:
    """Airbyte and Segment destinations retried here, and made duplicates."""
    by_phone = {**CONTACTS, "identity": [{"source": "phone", "target": "MobilePhone"}]}
    box.salesforce_control.fault({"reset": "after"}, method="POST", path="/composite$", body="POST")
    result = sync(box, [person(1, phone="+12125550100"), state(1)], by_phone)

    assert result.acknowledged == [1]
    assert [row["LastName"] for row in box.salesforce_control.records("Contact")] == ["N1"]


def test_an_expired_session_is_renewed_in_the_middle(box: Running) -> None:
    box.salesforce_control.do({"expire_sessions": {"after_requests": 2}})
    result = sync(box, [*PEOPLE, state(1), *(person(n, plan="free") for n in range(12)), state(2)])

    assert result.acknowledged == [1, 2]
    assert {"free"} == {row["Plan__c"] for row in contacts(box).values()}


def test_a_lock_that_passes_delays_only_its_rows(box: Running) -> None:
    sync(box, PEOPLE)
    box.salesforce_control.do(
        {"lock": {"object": "Contact", "where": {"CustomerIO_Id__c": "p3"}, "times": 3}}
    )
    result = sync(box, [*(person(n, plan="free") for n in range(12)), state(1)])

    assert result.counts == [(12.0, 0.0)]
    assert {"free"} == {row["Plan__c"] for row in contacts(box).values()}


def test_a_lock_that_stays_stops_the_sync_unacknowledged(box: Running) -> None:
    sync(box, PEOPLE)
    box.salesforce_control.do({"lock": {"object": "Contact", "where": {"CustomerIO_Id__c": "p3"}}})
    result = sync(box, [*(person(n, plan="free") for n in range(12)), state(1)])

    assert result.acknowledged == []
    assert result.error is not None
    assert Fault.TRANSIENT is result.error.fault
    assert "UNABLE_TO_LOCK_ROW" in result.error.message
    assert contacts(box)["p4"]["Plan__c"] == "free"


def test_an_undecodable_line_stops_after_what_came_before(box: Running) -> None:
    result = sync(box, [person(1), state(1), person(2), b"{ not json", person(3), state(2)])

    assert result.acknowledged == [1]
    assert {"p1", "p2"} == set(contacts(box))
    assert result.error is not None
    assert "Line 4" in result.error.message
    assert "not json" not in result.error.message


def test_states_of_two_streams_count_their_own_records(box: Running) -> None:
    leads = {
        **CONTACTS,
        "stream": "leads",
        "object": "Lead",
        "fields": [
            {"source": "name", "target": "LastName"},
            {"constant": "Unknown", "target": "Company"},
        ],
        "on_exit": {"action": "ignore"},
    }
    lead = record("leads", cio_id="l1", name="L1")
    result = sync(
        box, [person(1), lead, state(1), lead, state(2, "leads"), state(3)], CONTACTS, leads
    )

    assert result.counts == [(1.0, 0.0), (2.0, 0.0), (0.0, 0.0)]


def test_no_personal_data_and_no_secret_reach_the_log(box: Running) -> None:
    box.salesforce_control.fault({"status": 503}, times=3)
    bad = record(cio_id="secret-person", email="ann@x.example", vip="perhaps")
    result = sync(box, [bad, person(1, email="bob@x.example"), b"ann@x.example {"])

    said = orjson.dumps(result.messages).decode()
    assert result.error is not None
    for private in ("secret-person", "x.example", "perhaps", "sandbox-client-secret", "5Aep861"):
        assert private not in said


def jobs_made(box: Running) -> int:
    counts: dict[str, int] = box.salesforce_control.requests()["counts"]
    return counts.get("POST /services/data/v{version}/jobs/ingest", 0)


def test_bulk_writes_what_rest_would(box: Running) -> None:
    sync(box, PEOPLE)
    changed = [
        person(1, plan=None),
        person(2, plan="#N/A"),
        person(3, plan='a "b",\nc'),
        person(20, plan="pro", email="new@x.example"),
        gone(4),
        record(cio_id="p21"),
        state(1),
    ]
    result = sync(box, changed, write_api="bulk")

    held = contacts(box)
    assert jobs_made(box) >= 1
    assert result.counts == [(5.0, 1.0)]
    assert [held[key]["Plan__c"] for key in ("p1", "p2", "p3", "p20", "p4")] == [
        None,
        "#N/A",
        'a "b",\nc',
        "pro",
        None,
    ]
    assert held["p20"]["Email"] == "new@x.example"
    assert "p21" not in held


def test_a_record_of_an_unmapped_stream_stops_the_sync(box: Running) -> None:
    result = sync(box, [person(1), state(1), record("orders", cio_id="p2"), state(2)])

    assert result.acknowledged == [1]
    assert result.error is not None
    assert result.error.fault is Fault.CONFIG
    assert '"orders"' in result.error.message
