"""Follow records that were merged in Salesforce: the loser is deleted and names the winner.

Nobody would find the loser's key any more, and the next upsert would bring back the duplicate that
somebody merged away. So upserts that found nothing are looked for among the deleted records too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from destination_salesforce_intro.changes import Found, Upsert
from destination_salesforce_intro.mapping.identity import canonical
from destination_salesforce_intro.org.lookup import Match, Place, Search, read
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from destination_salesforce_intro.org.soql import DeletedToo, Query

# On a deleted record: the one it was merged into (Object Reference, Account, Contact and Lead).
WINNER = "MasterRecordId"
ID = FieldSchema(name="Id", type="id")


def can_be_merged(schema: ObjectSchema) -> bool:
    """Whether records of the object can be merged, and say into which."""
    return schema.field(WINNER) is not None and schema.field("IsDeleted") is not None


class MergeSearch:
    """A search that goes on among merged records, for the upserts that it did not find.

    A winner is found by rule 0, though it may carry another key or none: whoever judges the match
    has to look.
    """

    def __init__(self, search: Search, place: Place) -> None:
        self._search = search
        self._place = place
        self._winners: dict[str, str] | None = None  # by the loser's key
        self._found: dict[str, Found] | None = None  # winners, by Id

    def queries(self) -> list[str]:
        """Return the SOQL of the next step; none when the search is over."""
        if self._winners is None:
            texts = self._search.queries() or self._loser_queries()
            if texts:
                return texts
            self._winners = {}
        if self._found is None and self._winners:
            query = Query(self._place.schema.name, self._place.names, ID)
            return query.texts(dict.fromkeys(self._winners.values()))
        return []

    def take(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Take in all records that those queries returned."""
        if self._search.queries():
            self._search.take(records)
        elif self._winners is None:
            self._winners = dict(self._losers(records))
        else:
            self._found = {one.id: one for one in (read(r, self._place.names) for r in records)}

    def matches(self) -> list[Match]:
        """Return what was found for each change, in their order."""
        return [self._followed(match) for match in self._search.matches()]

    def _followed(self, match: Match) -> Match:
        winner = (self._winners or {}).get(self._lost(match) or "")
        found = (self._found or {}).get(winner or "")
        return match._replace(found=(found,), rule=0) if found else match

    def _lost(self, match: Match) -> str | None:
        """Return the first key of an upsert that found nothing."""
        is_lost = isinstance(match.change, Upsert) and not match.found
        return match.change.identity.keys[0] if is_lost else None

    def _loser_queries(self) -> list[str]:
        keys: Sequence[str] = [key for m in self._search.matches() if (key := self._lost(m))]
        schema, field = self._place.schema, self._place.field
        conditions = ("IsDeleted = true", f"{WINNER} != null")
        query = Query(schema.name, ("Id", WINNER, field.name), field, conditions)
        return [DeletedToo(text) for text in query.texts(dict.fromkeys(keys))]

    def _losers(self, records: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
        for record in records:
            key = canonical(record.get(self._place.field.name), self._place.field)
            if key and record.get(WINNER):
                yield key, str(record[WINNER])
