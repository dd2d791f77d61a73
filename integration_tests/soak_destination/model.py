"""The org as it should be: records of the few fields that the soak looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integration_tests.soak_destination.values import BOOLEANS, folded, instant, is_blank

Record = dict[str, Any]
PERSON_FIELDS = (
    "CustomerIO_Id__c",
    "Customer_No__c",
    "Intent_Type__c",
    "Email",
    "LastName",
    "Plan__c",
    "LTV_Tier__c",
    "Cart_Value__c",
    "Marketing_Opt_In__c",
    "MobilePhone",
    "Last_Intent_At__c",
    "Notes__c",
    "LeadSource",
    "Status__c",
    "Is_VIP__c",
    "Is_Cart_Abandoner__c",
    "Segments__c",
    "CustomerIO_Changed_At__c",
)
ROW_FIELDS = (
    "Key__c",
    "Segment_Id__c",
    "Segment_Name__c",
    "Active__c",
    "Entered_At__c",
    "Exited_At__c",
)
TIMES = {"Last_Intent_At__c", "CustomerIO_Changed_At__c", "Entered_At__c", "Exited_At__c"}
PEOPLE, MEMBER, ROW = ("Contact", "Lead"), "CampaignMember", "CustomerIO_Membership__c"
Contents = dict[str, "Counter[tuple[Any, ...]]"]


class Org:
    """Live records by object and a number of their own, which also tells their age."""

    def __init__(self) -> None:
        self.records: dict[str, dict[int, Record]] = {name: {} for name in (*PEOPLE, MEMBER, ROW)}
        self._last = 0

    def create(self, name: str, fields: Mapping[str, Any]) -> int:
        """Add a record and return its number."""
        self._last += 1
        self.records[name][self._last] = dict(fields)
        return self._last

    def find(self, name: str, field: str, key: str | None) -> list[int]:
        """Return the records with *key* in *field*, oldest first."""
        if key is None:
            return []
        return [
            number
            for number, record in sorted(self.records[name].items())
            if folded(field, record.get(field)) == key
        ]

    def delete(self, name: str, number: int) -> None:
        """Delete a record; a person's memberships go along, rows lose their person."""
        self.records[name].pop(number)
        if name in PEOPLE:
            members = self.records[MEMBER]
            for member in [n for n, m in members.items() if m["person"] == (name, number)]:
                del members[member]
            for row in self.records[ROW].values():
                if row["person"] == (name, number):
                    row["person"] = None

    def contents(self) -> Contents:
        """Return everything, comparable with what ``read`` found in the sandbox."""
        held: Contents = {
            name: Counter(person(record) for record in self.records[name].values())
            for name in PEOPLE
        }
        held[MEMBER] = Counter(
            (m["campaign"], self._of(m), m["Status"]) for m in self.records[MEMBER].values()
        )
        held[ROW] = Counter((*row(r), self._of(r)) for r in self.records[ROW].values())
        return held

    def _of(self, record: Record) -> tuple[Any, ...] | None:
        if record["person"] is None:
            return None
        name, number = record["person"]
        return person(self.records[name][number])


def read(records: Mapping[str, Iterable[Record]]) -> Contents:
    """Bring the sandbox's records, by object, into the same shape."""
    people = {r["Id"]: person(r) for name in PEOPLE for r in records[name]}
    held: Contents = {name: Counter(map(person, records[name])) for name in PEOPLE}
    held[MEMBER] = Counter(
        (m["CampaignId"], people[m["ContactId"] or m["LeadId"]], m["Status"])
        for m in records[MEMBER]
    )
    held[ROW] = Counter(
        (*row(r), people.get(r["Contact__c"] or r["Lead__c"])) for r in records[ROW]
    )
    return held


def person(record: Record) -> tuple[Any, ...]:
    """Return what is compared of a Contact or Lead."""
    fields = (_normal(name, record.get(name)) for name in PERSON_FIELDS)
    return (*fields, bool(record.get("IsConverted")))


def row(record: Record) -> tuple[Any, ...]:
    """Return what is compared of a child record, but its person."""
    return tuple(_normal(name, record.get(name)) for name in ROW_FIELDS)


def _normal(name: str, value: Any) -> Any:
    if name in BOOLEANS:
        return bool(value)
    if is_blank(value):
        return None
    if name in TIMES:
        return value if isinstance(value, int) else instant(value)
    if name == "Segments__c":
        return tuple(sorted(str(value).split(";")))
    return value


def differences(wanted: Contents, held: Contents) -> Iterator[str]:
    """Say what is missing and what is too much."""
    for name in wanted:
        for extra in (held[name] - wanted[name]).elements():
            yield f"{name} should not be there: {extra}"
        for missing in (wanted[name] - held[name]).elements():
            yield f"{name} is missing: {missing}"
