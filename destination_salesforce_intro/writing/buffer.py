"""Changes waiting to be written: as few as possible, none lost, none out of its time.

Theory of operation. The changes of one person (``sameness``) wait together, whatever key each of
them names the person by, and become one when drained (``merging``): not sooner, or a late one could
no longer take its place between two merged ones.

The changes of different people may be written in any order, unless a first key has changed hands
between them, such as an address that one has left and another has taken. From there on a new batch
begins; batches are written one after the other.

What has been drained is remembered, within a bound, by the time it changed (``memory``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from destination_salesforce_intro.changes import Change, Outcome, Result
from destination_salesforce_intro.writing.memory import LIMIT, Memory
from destination_salesforce_intro.writing.merging import merged, place_of
from destination_salesforce_intro.writing.sameness import RULE, Name, is_same, names, sure_names

NONE: Collection[int] = frozenset()
MAX_BYTES = 24_000_000  # of input; until it is settled it takes about four times that


class Buffer:
    """Changes waiting, in order of their person's first arrival; counted as they came.

    Args:
        max_changes: How many may wait.
        unique: The places of each mapping's identity rules whose field is unique in Salesforce.
        remembered: How many names of people are remembered at least.
    """

    def __init__(
        self,
        max_changes: int,
        unique: Mapping[int, Collection[int]],
        remembered: int = LIMIT,
    ) -> None:
        self._max_changes = max_changes
        self._unique = unique
        self._batches: list[list[Change]] = []  # all but the last, merged
        self._people: list[list[Change]] = []  # of the last batch: the changes of each, in time
        self._by_name: dict[Name, list[Change]] = {}
        self._size = self._bytes = 0
        self._written = Memory(remembered)

    def __len__(self) -> int:
        return self._size

    @property
    def is_full(self) -> bool:
        """Whether it should be drained before more is added."""
        return self._size >= self._max_changes or self._bytes >= MAX_BYTES

    def weigh(self, size_bytes: int) -> None:
        """Count so many bytes of input among what waits."""
        self._bytes += size_bytes

    def add(self, change: Change) -> Outcome | None:
        """Take *change* in; or return its outcome, if a newer one has been drained already."""
        called, unique = names(change), self._unique.get(change.mapping, NONE)
        waiting = self._of_same_person(change, called, unique)
        if self._is_outdated(change, called, unique):
            return Outcome(change, Result.UNCHANGED)
        self._insert(change, called, self._united(waiting))
        return None

    def put(self, change: Change) -> None:
        """Take *change* back, which has been drained and could not be written."""
        called, unique = names(change), self._unique.get(change.mapping, NONE)
        self._insert(change, called, self._united(self._of_same_person(change, called, unique)))

    def _insert(self, change: Change, called: Sequence[Name], waiting: list[Change]) -> None:
        waiting.insert(place_of(change, waiting) if waiting else 0, change)
        for name in called:
            self._by_name[name] = waiting
        self._size += 1

    def drain(self) -> list[list[Change]]:
        """Empty the buffer: batches in order; in each, a person's exit comes before the upsert."""
        self._begin_batch()
        drained, self._batches, self._size, self._bytes = self._batches, [], 0, 0
        return drained

    def _begin_batch(self) -> None:
        for name, waiting in self._by_name.items():
            self._written.note(name, _last_time(waiting, name))
        if self._people:
            self._batches.append([c for waiting in self._people for c in merged(waiting)])
        self._people, self._by_name = [], {}

    def _of_same_person(
        self, change: Change, called: Sequence[Name], unique: Collection[int]
    ) -> list[list[Change]]:
        """Return what waits of the person of *change*, who may have been taken for several.

        Nothing does in the batch that begins where *change* takes a first key over.
        """
        if self._by_name.keys().isdisjoint(called):
            return []
        met = [(name[RULE], self._by_name[name]) for name in called if name in self._by_name]
        if any(_is_taken_over(change, waiting, unique) for rule, waiting in met if rule == 0):
            self._begin_batch()
            return []
        return [waiting for _, waiting in met if is_same(change, waiting, unique)]

    def _is_outdated(self, change: Change, called: Sequence[Name], unique: Collection[int]) -> bool:
        for name in sure_names(called, unique):
            if self._written.is_newer(name, change.changed_at):
                return True
        return False

    def _united(self, parts: Sequence[list[Change]]) -> list[Change]:
        """Return one list for what was taken for several people, or for a new one."""
        if not parts:
            self._people.append([])
            return self._people[-1]
        first, *others = parts
        for other in others:
            if other is not first:
                self._move(other, first)
        return first

    def _move(self, waiting: list[Change], to: list[Change]) -> None:
        for change in waiting:
            to.insert(place_of(change, to), change)
            self._by_name.update(dict.fromkeys(names(change), to))
        waiting.clear()


def _is_taken_over(change: Change, waiting: Sequence[Change], unique: Collection[int]) -> bool:
    """Whether *change* is about somebody else than *waiting*, who comes after them."""
    is_last = place_of(change, waiting) == len(waiting)
    return is_last and not is_same(change, waiting, unique)


def _last_time(waiting: Sequence[Change], name: Name) -> str | None:
    """Return the time of the last of *waiting* that calls the person by *name*."""
    if len(waiting) == 1:
        return waiting[0].changed_at
    return [change for change in waiting if name in names(change)][-1].changed_at
