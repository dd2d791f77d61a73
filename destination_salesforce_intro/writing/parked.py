"""Changes whose person is not in Salesforce yet, and whatever comes of the same people after them.

Of a change its records are kept, on disk, and mapped again when it is tried again; so a million of
them take no memory worth speaking of. A later change of the same person, such as an exit, is parked
behind it, or it would be undone when the earlier one is written at last.

Who is parked is known by a bit for each key, at the place of the key's hash. Two keys may share a
bit; then a change is parked that need not be, and is only written later.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from destination_salesforce_intro.changes import Change, Received, Refused
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.storage.spool import Spool
from destination_salesforce_intro.writing.sameness import names

BITS = 1 << 27  # 16 MB where all of it is in use; of a million keys one in 130 meets another's


class Parked:
    """Changes that wait, in their order.

    Args:
        kinds: The mappings, compiled, by place.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._kinds = kinds
        self._spool = Spool()
        self._bits = _no_bits()

    def __len__(self) -> int:
        """Return how many records wait."""
        return len(self._spool)

    def add(self, change: Change) -> None:
        """Park *change*.

        Raises:
            ConnectorError: The disk does not take it.
        """
        for one in self._parts(change):
            for place, mask in _places(one):
                self._bits[place] |= mask
        for received in change.received:
            self._spool.add([change.mapping, change.identity.scope, *received])

    def is_ahead_of(self, change: Change) -> bool:
        """Whether a change of the same person is parked, and maybe where there is none."""
        return len(self) > 0 and any(self._bits[place] & mask for place, mask in _places(change))

    def take(self) -> Iterator[tuple[Change, int]]:
        """Empty the place and yield the changes, each with the bytes of its record.

        What is parked meanwhile waits anew.

        Raises:
            ConnectorError: The disk does not give them back.
        """
        waiting, self._bits = self._spool.take(), _no_bits()
        for (mapping, scope, *received), size_bytes in waiting:
            for change in self._meant(mapping, scope, Received(*received)):
                yield change, size_bytes

    def _parts(self, change: Change) -> Iterator[Change]:
        """Yield *change*, and what it was joined of: several segments of one person, maybe."""
        yield change
        if len(change.received) > 1:
            for received in change.received:
                yield from self._meant(change.mapping, change.identity.scope, received)

    def _meant(self, mapping: int, scope: str | None, received: Received) -> list[Change]:
        """Return what *received* means within *scope*; all of it, if it was joined with another."""
        changes = [
            change
            for change in self._kinds[mapping].changes([received])
            if not isinstance(change, Refused)
        ]
        return [change for change in changes if change.identity.scope == scope] or changes


def _no_bits() -> memoryview[int]:
    return np.zeros(BITS // 8, dtype=np.uint8).data


def _places(change: Change) -> Iterator[tuple[int, int]]:
    for name in names(change):
        place, bit = divmod(hash(name) % BITS, 8)
        yield place, 1 << bit
