"""Who a record is about, as Salesforce compares keys."""

from typing import Any

import pytest

from destination_salesforce_intro.changes import Identity
from destination_salesforce_intro.mapping.identity import Key, Known, canonical, identify
from destination_salesforce_intro.mapping.targets import fill
from destination_salesforce_intro.org.schema import FieldSchema
from unit_tests.destination.builders import CONTACT, record_mapping


def known(*records: dict[str, Any]) -> Known:
    rules = record_mapping().identity
    return identify([Key.compile(r, CONTACT.fields[r.target.lower()]) for r in rules], records)


def identity(**record: Any) -> Identity | None:
    (found,) = known(record).identities
    return found


def stamps(**record: Any) -> dict[str, Any]:
    (filled,) = fill([], [record], known(record).stamps)
    return filled.fields


def test_keys_fold_and_stamps_do_not() -> None:
    ann = {"cio_id": "A1", "email": " Ann@X.example "}

    assert identity(**ann) == Identity(("a1", "ann@x.example"), (None, None))
    assert stamps(**ann) == {"CustomerIO_Id__c": "A1", "Email": "ann@x.example"}


def test_case_sensitive_field_keeps_keys_apart() -> None:
    exact = FieldSchema(name="K__c", type="string", case_sensitive=True)

    assert canonical("aB", exact) != canonical("ab", exact)


@pytest.mark.parametrize(
    ("type_", "stored", "written"),
    [
        ("double", 42.0, 42),
        ("double", 0.5, "0.5"),
        ("datetime", "2026-01-02T03:04:05.000+0000", "2026-01-02T03:04:05.000Z"),
        ("id", "001xx000003DGb2AAG", "001xx000003DGb2"),
        ("email", "Ann@X.example", "ann@x.example "),
    ],
)
def test_key_read_back_equals_key_written(type_: str, stored: Any, written: Any) -> None:
    field = FieldSchema(name="K__c", type=type_)

    assert canonical(stored, field) == canonical(written, field)


def test_previous_key_is_taken_from_its_column() -> None:
    found = identity(cio_id="a", email="new@x.example", previous_email="OLD@x.example")

    assert found is not None
    assert found.previous == (None, "old@x.example")


def test_change_of_case_is_no_move() -> None:
    found = identity(cio_id="a", email="ann@x.example", previous_email="ANN@x.example")

    assert found is not None
    assert found.previous == (None, None)


def test_unfit_key_counts_as_none_while_another_rule_has_one() -> None:
    """An exit must not be lost because the address of the person is broken."""
    broken = {"cio_id": "a", "email": "not an address"}

    assert identity(**broken) == Identity(("a", None), (None, None))
    assert stamps(**broken) == {"CustomerIO_Id__c": "a"}


@pytest.mark.parametrize("email", [None, "", "not an address"])
def test_record_without_any_key_is_nobody(email: Any) -> None:
    assert identity(cio_id="", email=email) is None
    assert identity() is None


def test_each_of_many_records_has_its_own_identity() -> None:
    found = known({"cio_id": "a"}, {}, {"email": "b@x.example", "previous_email": "c@x.example"})

    assert found.identities == [
        Identity(("a", None), (None, None)),
        None,
        Identity((None, "b@x.example"), (None, "c@x.example")),
    ]
