"""The org as it should be: records of the few fields that the soak looks at."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integration_tests.soak_destination.values import BOOLEANS, NOW, folded, instant, is_blank

Record = dict[str, Any]
Fields = Mapping[str, Any]
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
        self.merged: dict[str, list[tuple[Record, int]]] = {name: [] for name in PEOPLE}
        self.touched: list[tuple[str, int]] = []  # what was created, changed or deleted, in order
        self._last = 0
        self._by: dict[tuple[str, str], dict[str | None, set[int]]] = {}  # object, field; key

    def create(self, name: str, fields: Fields) -> int:
        """Add a record and return its number."""
        self._last += 1
        self.records[name][self._last] = dict(fields)
        self._index(name, self._last, {}, fields)
        self.touched.append((name, self._last))
        return self._last

    def update(self, name: str, number: int, fields: Fields) -> None:
        """Change a record; it counts as touched if that makes it another."""
        record = self.records[name][number]
        self._index(name, number, record, {**record, **fields})
        if any(_normal(f, record.get(f)) != _normal(f, value) for f, value in fields.items()):
            self.touched.append((name, number))
        record.update(fields)

    def find(self, name: str, field: str, key: str | None) -> list[int]:
        """Return the records with *key* in *field*, oldest first."""
        if key is None:
            return []
        if (name, field) not in self._by:
            self._by[name, field] = defaultdict(set)
            for number, record in self.records[name].items():
                self._by[name, field][folded(field, record.get(field))].add(number)
        return sorted(self._by[name, field].get(key, ()))

    def _index(self, name: str, number: int, before: Fields, after: Fields | None) -> None:
        for (owner, field), numbers in self._by.items():
            if owner == name:
                numbers[folded(field, before.get(field))].discard(number)
                if after is not None:
                    numbers[folded(field, after.get(field))].add(number)

    def delete(self, name: str, number: int) -> None:
        """Delete a record; a person's memberships go along, rows lose their person."""
        gone = self.records[name].pop(number)
        self._index(name, number, gone, None)
        self.touched.append((name, number))
        for member in self._children(MEMBER, name, number):
            del self.records[MEMBER][member]
        for row in self._children(ROW, name, number):
            self.records[ROW][row]["person"] = None

    def merge(self, name: str, winner: int, loser: int) -> None:
        """Delete the *loser*; the winner keeps its values and takes its children over."""
        members = self.records[MEMBER]
        taken = {members[n]["campaign"] for n in self._children(MEMBER, name, winner)}
        for member in self._children(MEMBER, name, loser):
            if members[member]["campaign"] in taken:
                del members[member]
            else:
                members[member]["person"] = (name, winner)
        for row in self._children(ROW, name, loser):
            self.records[ROW][row]["person"] = (name, winner)
        for lead in self.records["Lead"].values():
            if lead.get("became") == (name, loser):
                lead["became"] = (name, winner)
        self.merged[name].append((self.records[name][loser], winner))
        self.delete(name, loser)

    def _children(self, child: str, name: str, number: int) -> list[int]:
        who = (name, number)
        return [n for n, fields in self.records[child].items() if fields.get("person") == who]

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
        return min(NOW, value if isinstance(value, int) else instant(value))
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
