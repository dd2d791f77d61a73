"""Rows travel by fives of two hundred, and come back one answer each or not trusted at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from destination_salesforce_intro.changes import Create, Delete, Row, Update
from destination_salesforce_intro.errors import ConnectorError, Fault, Verdict
from destination_salesforce_intro.salesforce.batches import (
    MAX_BATCH_BYTES,
    MAX_ROWS,
    Batch,
    batches,
    record,
)
from destination_salesforce_intro.salesforce.composite import composite, composites, decode
from unit_tests.destination.builders import exit_, upsert

BASE = "/services/data/v65.0/"


def create(key: str | None, **fields: Any) -> Create:
    named = {"Key__c": key, **fields} if key else fields
    return Create(upsert(), "Contact", "Key__c" if key else None, named)


def update(number: int, **fields: Any) -> Update:
    return Update(upsert(), "Contact", f"003{number:012d}AAA", fields)


def delete(number: int) -> Delete:
    return Delete(exit_(), "Contact", f"003{number:012d}AAA")


ROWS = st.lists(
    st.one_of(
        st.sampled_from(["a", "A ", "b", "c"]).map(create),
        st.integers(1, 4).map(update),
        st.integers(1, 4).map(delete),
        st.just(create(None, LastName="x")),
    ),
    max_size=30,
)


@given(ROWS, st.integers(1, 5))
def test_batches_hold_every_row_once_and_no_record_twice(rows: list[Row], size: int) -> None:
    cut = batches(rows, size)

    assert sorted(map(id, rows)) == sorted(id(row) for batch in cut for row in batch.rows)
    for batch in cut:
        keys = [
            row.fields["Key__c"] for row in batch.rows if isinstance(row, Create) if row.key_field
        ]
        ids = [row.id for row in batch.rows if not isinstance(row, Create)]
        folded = [str(key).strip().lower() for key in keys]
        assert len(batch.rows) <= size
        assert len(set(folded)) == len(folded)
        assert len(set(ids)) == len(ids)


@given(ROWS)
def test_rows_on_one_record_keep_their_order(rows: list[Row]) -> None:
    sent = [row for batch in batches(rows) for row in batch.rows if isinstance(row, Update)]
    for number in range(1, 5):
        mine = [row for row in rows if isinstance(row, Update) if row.id == update(number).id]
        assert [id(r) for r in mine] == [id(r) for r in sent if r.id == update(number).id]


def test_a_batch_stays_small_enough_to_send() -> None:
    cut = batches([update(n, Notes__c="x" * 100_000) for n in range(25)])

    assert [len(batch.rows) for batch in cut] == [9, 9, 7]
    assert all(len(b.rows) * 100_000 <= MAX_BATCH_BYTES for b in cut)


def test_a_thousand_rows_are_one_request_and_plain_creates_travel_alone() -> None:
    packs = list(composites(batches([create(f"k{n}") for n in range(MAX_ROWS * 5)])))
    mixed = list(composites(batches([create("k"), create(None, LastName="x"), update(1)])))

    assert [len(pack) for pack in packs] == [5]
    assert [composite(pack, BASE).repeatable for pack in mixed] == [True, False, True]


def test_a_request_names_objects_and_no_values() -> None:
    request = composite(batches([create("ann@x.example")]), BASE)

    assert request.what == "writing Contact"
    assert request.path == "composite"


def test_each_verb_goes_where_salesforce_wants_it() -> None:
    rows: list[Row] = [
        delete(1),
        update(2, Plan__c=None),
        create("k", LastName="x"),
        create(None, LastName="y"),
    ]
    parts = composite(batches(rows), BASE).body["compositeRequest"]

    assert [(part["method"], part["url"]) for part in parts] == [
        ("DELETE", f"{BASE}composite/sobjects?ids=003000000000001AAA&allOrNone=false"),
        ("PATCH", f"{BASE}composite/sobjects"),
        ("PATCH", f"{BASE}composite/sobjects/Contact/Key__c"),
        ("POST", f"{BASE}composite/sobjects"),
    ]
    assert {part["httpHeaders"]["Sforce-Auto-Assign"] for part in parts} == {"FALSE"}


def test_a_parents_key_is_nested_and_null_stays_null() -> None:
    row = update(1, **{"Account.Key__c": "A9", "Plan__c": None})

    assert record(row) == {
        "attributes": {"type": "Contact"},
        "id": row.id,
        "Account": {"Key__c": "A9"},
        "Plan__c": None,
    }


def answer(*bodies: Any, status: int = 200) -> dict[str, Any]:
    return {"compositeResponse": [{"httpStatusCode": status, "body": body} for body in bodies]}


OK = {"id": "003", "success": True, "created": True, "errors": []}
REFUSED = {"success": False, "errors": [{"statusCode": "STRING_TOO_LONG", "message": "m"}]}


def pack(*rows: Row) -> list[Batch]:
    return batches(rows)


def test_answers_go_to_rows_by_place() -> None:
    first, second = create("a"), create("b")
    (part,) = decode(pack(first, second), answer([OK, REFUSED]))

    assert [
        (a.row is row, a.verdict, a.created)
        for a, row in zip(part.answers, (first, second), strict=True)
    ] == [
        (True, None, True),
        (True, Verdict.REJECT, False),
    ]


@pytest.mark.parametrize("bodies", [[], [[OK]], [[OK, OK, OK]], [[OK, OK], [OK]], [{}], [None]])
def test_an_answer_of_another_length_is_not_trusted(bodies: list[Any]) -> None:
    with pytest.raises(ConnectorError) as caught:
        decode(pack(create("a"), create("b")), answer(*bodies))

    assert caught.value.fault is Fault.SYSTEM


def test_a_part_that_failed_for_now_is_sent_again_and_one_that_cannot_work_stops() -> None:
    halted = [{"errorCode": "PROCESSING_HALTED", "message": ""}]
    unknown = [{"errorCode": "INVALID_FIELD", "message": "No such column 'X'"}]
    (part,) = decode(pack(create("a")), answer(halted, status=400))

    assert [each.verdict for each in part.answers] == [Verdict.RETRY]
    with pytest.raises(ConnectorError):
        decode(pack(create("a")), answer(unknown, status=400))


def test_what_one_row_says_spoils_its_batch_until_it_is_alone() -> None:
    spoilt = [{"errorCode": "JSON_PARSER_ERROR", "message": ""}]
    (several,) = decode(pack(create("a"), create("b")), answer(spoilt, status=400))
    (single,) = decode(pack(create("a")), answer(spoilt, status=400))

    assert (several.is_spoilt, several.is_isolated) == (True, False)
    assert (single.is_spoilt, single.is_isolated) == (False, True)
    assert [each.verdict for each in single.answers] == [Verdict.REJECT]
