"""A Salesforce of dicts for the pure core: answers its SOQL and does what its rows ask.

The stand-in under ``sandbox`` is the faithful one; this one is quick and holds a handful of
records.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import Change, Create, Delete, Outcome, Refused, Row
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.salesforce.answers import Answer

SOQL = re.compile(
    r"SELECT (?P<names>.+) FROM (?P<object>\w+) WHERE (?P<field>\w+) IN \((?P<keys>.+?)\)"
    r"(?: AND (?P<also>\w+) = '(?P<value>\w+)')?(?: ORDER BY .+)?"
)
PREFIXES = {
    "Contact": "003",
    "Lead": "00Q",
    "CampaignMember": "00v",
    "Membership__c": "a00",
}


class Keep:
    """Where outcomes go of which none may be a refusal."""

    def note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        assert all(outcome.rejection is None for outcome in outcomes)

    def secure(self) -> None:
        """There is nothing to store."""


class SmallOrg:
    """Records by object, in order of creation."""

    def __init__(self, **held: Sequence[Mapping[str, Any]]) -> None:
        self.held = defaultdict[str, list[dict[str, Any]]](list)
        self.written: list[Row] = []
        for name, records in held.items():
            self.held[name] = [dict(record) for record in records]

    def query(self, statements: Sequence[str]) -> Iterator[dict[str, Any]]:
        for statement in statements:
            yield from self.answer(statement)

    def send(self, rows: Sequence[Row]) -> Iterator[Answer]:
        for row in rows:
            self.do(row)
            self.written.append(row)
            yield Answer(row, None, created=isinstance(row, Create))

    def answer(self, soql: str) -> Iterator[dict[str, Any]]:
        asked = SOQL.fullmatch(soql)
        assert asked, f"no such SOQL: {soql}"
        keys = {key.strip("'").lower() for key in asked["keys"].split(",")}
        for record in self.held[asked["object"]]:
            key = record.get(asked["field"])
            if key is None or str(key).lower() not in keys:
                continue
            if asked["also"] is None or record[asked["also"]] == asked["value"]:
                yield {name: record.get(name) for name in asked["names"].split(", ")}

    def do(self, row: Row) -> None:
        records = self.held[row.object]
        if isinstance(row, Create):
            id_ = f"{PREFIXES[row.object]}N{len(records):014d}"
            records.append({"Id": id_, **row.fields})
            return
        (record,) = [one for one in records if one["Id"] == row.id]
        if isinstance(row, Delete):
            records.remove(record)
        else:
            record.update(row.fields)

    def decide(self, kind: Kind, changes: Sequence[Change]) -> Decision:
        """Look up, and decide one round."""
        search = kind.search(changes)
        while queries := search.queries():
            search.take([record for soql in queries for record in self.answer(soql)])
        return kind.decide(search.matches())

    def write(self, kind: Kind, changes: Sequence[Change]) -> list[str]:
        """Write round after round; return what each row and outcome was, in order."""
        log: list[str] = []
        while changes:
            decision = self.decide(kind, changes)
            assert len(decision.later) < len(changes), "each round settles something"
            for row in decision.rows:
                log.append(type(row).__name__)
                self.do(row)
            log += [outcome.result.value for outcome in decision.outcomes]
            log += [f"unmatched {outcome.result.value}" for outcome in decision.unmatched]
            changes = decision.later
        return log
