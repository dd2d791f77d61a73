"""Absent leaves, null clears, text stays text: the same over REST and over Bulk."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sandbox.serve import Running, running
from unit_tests.destination.harness import CONTACTS, contacts, record, sync

MAPPING = {
    **CONTACTS,
    "fields": [
        {"source": "name", "target": "LastName"},
        {"source": "plan", "target": "Plan__c"},
        {"source": "vip", "target": "Is_VIP__c"},
        {"source": "notes", "target": "Description"},
        {"source": "cart", "target": "Cart_Value__c"},
        {"source": "account", "target": "Account.Acct_Key__c"},
    ],
}
COMPARED = ("LastName", "Plan__c", "Is_VIP__c", "Description", "Cart_Value__c", "AccountId")
ABSENT = object()
TEXT = st.sampled_from([ABSENT, None, "", "#N/A", "a,b", 'say "x"', "two\nlines", "Ünal"])
RECORDS = st.fixed_dictionaries(
    {
        "plan": TEXT,
        "notes": TEXT,
        "vip": st.sampled_from([ABSENT, None, "true", "false", True]),
        "cart": st.sampled_from([ABSENT, None, "0", "12.5", 3]),
        "account": st.sampled_from([ABSENT, None, "A9"]),
    }
)


@pytest.fixture(scope="module")
def org() -> Iterator[Running]:
    with running(people=1) as box:
        account = {"Name": "Acme", "Acct_Key__c": "A9"}
        box.salesforce_control.do({"create": {"object": "Account", "records": [account]}})
        yield box


def people(prefix: str, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        record(
            cio_id=f"{prefix}{number}",
            name="N",
            **{key: value for key, value in fields.items() if value is not ABSENT},
        )
        for number, fields in enumerate(said)
    ]


def held(box: Running, prefix: str, number: int) -> tuple[Any, ...]:
    row = contacts(box)[f"{prefix}{number}"]
    return tuple(row[name] for name in COMPARED)


@given(st.lists(st.tuples(RECORDS, RECORDS), min_size=1, max_size=5), st.uuids())
@settings(max_examples=8, deadline=None, phases=[Phase.generate])
def test_both_ways_end_in_the_same_record(
    org: Running, steps: list[tuple[dict[str, Any], dict[str, Any]]], name: Any
) -> None:
    for at in (0, 1):
        said = [step[at] for step in steps]
        for way in ("rest", "bulk"):
            result = sync(org, people(f"{way}-{name}-", said), MAPPING, write_api=way)
            assert result.error is None

    for number, (first, second) in enumerate(steps):
        rest, bulk = (held(org, f"{way}-{name}-", number) for way in ("rest", "bulk"))
        assert rest == bulk
        assert rest[1] == told(first, second, "plan")
        assert rest[3] == told(first, second, "notes")
        assert (rest[5] is None) == (told(first, second, "account") is None)


def told(first: dict[str, Any], second: dict[str, Any], field: str) -> Any:
    """What two records in turn amount to: the later one that says anything; empty is null."""
    said = [each[field] for each in (first, second) if each[field] is not ABSENT]
    return (said or [None])[-1] or None
