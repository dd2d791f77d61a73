"""People whom one sync brought into a suppression audience and into a growth audience alike.

Suppression is what has the lower ``priority`` of two membership mappings. It is written first, so
nothing goes wrong in Salesforce; but the segments contradict each other, and that is worth a line.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations

from destination_salesforce_intro.changes import Change, Upsert
from destination_salesforce_intro.config import ChildRecordMapping, RecordMapping
from destination_salesforce_intro.config import Mapping as AnyMapping


class Overlaps:
    """Keys of members by mapping and column: eight bytes each, so that a million fit."""

    def __init__(self, mappings: Sequence[AnyMapping]) -> None:
        self._priorities = [mapping.priority for mapping in mappings]
        self._columns = _columns(mappings) if len(set(self._priorities)) > 1 else {}
        self._members: dict[tuple[int, str], array[int]] = defaultdict(lambda: array("q"))

    def note(self, changes: Iterable[Change]) -> None:
        """Take memberships that are in Salesforce now; exits and records are of no concern."""
        if self._columns:
            for change in changes:
                self._note(change)

    def _note(self, change: Change) -> None:
        columns = self._columns.get(change.mapping)
        if columns is None or not isinstance(change, Upsert):
            return
        # The row's own key of a child record comes before the keys of its person.
        keys = change.identity.keys[-len(columns) :]
        for column, key in zip(columns, keys, strict=True):
            if key is not None:
                self._members[change.mapping, column].append(hash(key))

    def lines(self) -> Iterator[str]:
        """Yield a line for each pair of mappings with people in common, without naming any."""
        for first, second in permutations(self._columns, 2):
            shared = self._shared(first, second)
            if self._priorities[first] < self._priorities[second] and shared:
                yield (
                    f"{shared} people of this sync are both in mappings[{first}], which is written "
                    f"first, and in mappings[{second}]: take them out of one of the segments if "
                    "the first is meant to keep them from the second."
                )

    def _shared(self, first: int, second: int) -> int:
        """Count people by the column that shows the most of them in both."""
        return max(
            len(set(self._members[first, column]) & set(self._members[second, column]))
            for column in self._columns[first]
        )


def _columns(mappings: Sequence[AnyMapping]) -> Mapping[int, Sequence[str]]:
    """Name the columns that identify people, for each mapping of memberships."""
    columns: dict[int, Sequence[str]] = {}
    for place, mapping in enumerate(mappings):
        if isinstance(mapping, RecordMapping):
            continue
        who = mapping.person if isinstance(mapping, ChildRecordMapping) else mapping
        columns[place] = [rule.source for rule in who.identity]
    return columns
