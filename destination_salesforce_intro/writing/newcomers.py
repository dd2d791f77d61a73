"""The people whom a plan creates, for the memberships that a real run would then find them for."""

from __future__ import annotations

from collections.abc import Sequence

from destination_salesforce_intro.changes import Change, Create, Outcome, Result, Upsert, Value
from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    Mapping,
    RecordMapping,
)
from destination_salesforce_intro.storage.rejected import key_fields, key_of


class Newcomers:
    """Keys of planned records, as far as memberships look for people by their fields.

    Args:
        mappings: The configured mappings, by place.
    """

    def __init__(self, mappings: Sequence[Mapping]) -> None:
        self._mappings = mappings
        self._fields = {
            field.lower()
            for mapping in mappings
            if not isinstance(mapping, RecordMapping)
            for field in key_fields(mapping)
        }
        self._keys: set[int] = set()

    def add(self, row: Create) -> None:
        """Note the record that *row* would create, if it is a person."""
        if isinstance(self._mappings[row.change.mapping], RecordMapping):
            named = [
                (name, value) for name, value in row.fields.items() if name.lower() in self._fields
            ]
            self._keys.update(_hash(name, value) for name, value in named)

    def seen(self, outcome: Outcome) -> Outcome:
        """Return *outcome*, or what it would be once the people of this plan are there."""
        change, mapping = outcome.change, self._mappings[outcome.change.mapping]
        if not self._is_in_vain(outcome) or not self._are_to_come(change):
            return outcome
        adds_a_record = isinstance(mapping, CampaignMemberMapping | ChildRecordMapping)
        return Outcome(change, Result.CREATED if adds_a_record else Result.UPDATED)

    def _is_in_vain(self, outcome: Outcome) -> bool:
        """Whether a membership ended because its person is not there."""
        if isinstance(self._mappings[outcome.change.mapping], RecordMapping):
            return False
        is_refused = outcome.rejection is not None and outcome.rejection.code == "NO_MATCH"
        return isinstance(outcome.change, Upsert) and (
            is_refused or outcome.result is Result.IGNORED
        )

    def _are_to_come(self, change: Change) -> bool:
        keys = key_of(change, self._mappings[change.mapping])
        return any(_hash(name, key) in self._keys for name, key in keys.items())


def _hash(name: str, value: Value) -> int:
    return hash((name.lower(), str(value).strip().lower()))
