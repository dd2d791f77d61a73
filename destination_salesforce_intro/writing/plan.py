"""A dry run: everything is looked up and decided as ever, and what would be written is told.

One line for every change, in ``plan-<run>-00001.jsonl``::

    {"action": "update", "mapping": 0, "stream": "profiles", "kind": "record",
     "object": "Contact", "key": {"CustomerIO_Id__c": "a1"}, "records": 1,
     "rows": [{"id": "003…", "fields": {"Plan__c": {"from": "free", "to": "pro"}}}]}

A membership of a person whom the plan creates is told as a real run would end it, without rows: its
record has no Id yet.

States are of no concern to a plan, so it is made of many changes at once (``assembly``). Since
nothing is written, a person who comes again after those is planned against what Salesforce held
before the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import (
    Create,
    Delete,
    Outcome,
    Refused,
    Rejection,
    Result,
    Row,
)
from destination_salesforce_intro.config import Mapping as AnyMapping
from destination_salesforce_intro.salesforce.answers import Answer
from destination_salesforce_intro.storage.parts import Parts
from destination_salesforce_intro.storage.rejected import key_of, object_of
from destination_salesforce_intro.writing.newcomers import Newcomers
from destination_salesforce_intro.writing.summary import Summary

ACTIONS = {
    Result.CREATED: "create",
    Result.UPDATED: "update",
    Result.CLEARED: "clear",
    Result.DELETED: "delete",
    Result.REJECTED: "reject",
}
Record = Mapping[str, Any]
Query = Callable[[Sequence[str]], Iterable[Record]]


class Plan:
    """Stands where the org and the keeper of outcomes would stand, and writes nothing but lines.

    Args:
        summary: Counts outcomes.
        parts: Where lines go.
        mappings: The configured mappings, by place.
        query: Runs SOQL.
    """

    def __init__(
        self, summary: Summary, parts: Parts, mappings: Sequence[AnyMapping], query: Query
    ) -> None:
        self.summary = summary
        self._parts = parts
        self._mappings = mappings
        self._query = query
        self._held: dict[str, Record] = {}  # what the look-ups of this round returned
        self._rows: dict[int, list[Any]] = defaultdict(list)  # of this round, by change
        self._newcomers = Newcomers(mappings)

    def query(self, statements: Sequence[str]) -> Iterator[Record]:
        """Run *statements*, and remember what they return for the differences to be told."""
        for record in self._query(statements):
            if "Id" in record:
                self._held[record["Id"]] = record
            yield record

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        """Take *rows* into the plan, and answer as if they were written."""
        for row in rows:
            self._rows[id(row.change)].append(self._row(row))
            if isinstance(row, Create):
                self._newcomers.add(row)
            yield Answer(row, None, created=isinstance(row, Create))

    def note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        """Count *outcomes* and write their lines; the round that they are of has ended."""
        ended = [self._newcomers.seen(o) if isinstance(o, Outcome) else o for o in outcomes]
        self.summary.note(ended, 0)
        for outcome in ended:
            self._parts.add(self._line(outcome))
        self._held, self._rows = {}, defaultdict(list)

    def secure(self) -> None:
        """Store the lines of this flush."""
        self._parts.secure()

    def _row(self, row: Row) -> dict[str, Any]:
        if isinstance(row, Delete):
            return {"id": row.id}
        if isinstance(row, Create):
            return {"fields": {name: {"to": value} for name, value in row.fields.items()}}
        held = self._held.get(row.id, {})
        changes = {
            name: {"from": _nested(held, name), "to": value} for name, value in row.fields.items()
        }
        return {"id": row.id, "fields": changes}

    def _line(self, outcome: Outcome | Refused) -> dict[str, Any]:
        if isinstance(outcome, Refused):
            return self._head(outcome.mapping, "reject", {}, 1) | _why(outcome.rejection)
        change = outcome.change
        action = ACTIONS.get(outcome.result, outcome.result.value)
        key = key_of(change, self._mappings[change.mapping])
        head = self._head(change.mapping, action, key, len(change.received))
        rows = self._rows.get(id(change))
        return head | ({"rows": rows} if rows else {}) | _why(outcome.rejection)

    def _head(self, place: int, action: str, key: Mapping[str, str], count: int) -> dict[str, Any]:
        mapping = self._mappings[place]
        return {
            "action": action,
            "mapping": place,
            "stream": mapping.stream,
            "kind": mapping.kind,
            "object": object_of(mapping),
            "key": key,
            "records": count,
        }


def _why(rejection: Rejection | None) -> dict[str, str]:
    if rejection is None:
        return {}
    return {"code": rejection.code, "cause": rejection.cause, "hint": rejection.hint}


def _nested(record: Any, name: str) -> Any:
    for step in name.split("."):
        record = record.get(step) if isinstance(record, Mapping) else None
    return record
