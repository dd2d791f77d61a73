"""When people last changed, as far as it is written: bounded, sixteen bytes a name.

Some runners send records again and in another order, and an older one must not undo a newer one.

A name is kept as its hash of 64 bits, keyed anew for each process, and a time as a number. Two
names with one hash would be taken for one, and a change for older than it is: with a million names
that happens to one sync in about ten million. In every other doubt (a name forgotten, a change
without a time) the change is written: to write an older value is put right by the next change, a
change taken for done would never be written.

Names live in two generations. When the younger one is full it becomes the older one, and what
nobody has noted since is forgotten: at least the latest *limit* names are remembered.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from mmap import mmap

LIMIT = 1 << 21  # names; two generations of them take 128 MB
BYTES = 8  # of a number
SLOTS_PER_NAME = 2  # half of a generation stays empty, so that a search soon ends


class Memory:
    """The time of the last change noted for each of many names."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._younger = Generation(limit)
        self._older: Generation | None = None

    def is_newer(self, name: Hashable, changed_at: str | None) -> bool:
        """Whether a change of *name* is known that is later than *changed_at*."""
        return changed_at is not None and self._last(_hash(name)) > _number(changed_at)

    def note(self, name: Hashable, changed_at: str | None) -> None:
        """Remember *changed_at*, if it says anything and nothing later is known."""
        if changed_at is None:
            return
        key, when = _hash(name), _number(changed_at)
        if self._last(key) < when:
            self._young().put(key, when)

    def _last(self, key: int) -> int:
        found = self._younger.get(key)
        return found if found or self._older is None else self._older.get(key)

    def _young(self) -> Generation:
        if self._younger.size == self._limit:
            self._older, self._younger = self._younger, Generation(self._limit)
        return self._younger


class Generation:
    """A table of hashes and times, open addressed; it never has more than *limit* of them."""

    def __init__(self, limit: int) -> None:
        slots = 1 << (limit * SLOTS_PER_NAME - 1).bit_length()
        self.size = 0
        self._mask = slots - 1
        self._keys = _zeros(slots)
        self._times = _zeros(slots)

    def get(self, key: int) -> int:
        """Return the time of *key*, 0 if there is none."""
        return self._times[self._slot(key)]

    def put(self, key: int, when: int) -> None:
        """Set the time of *key*."""
        slot = self._slot(key)
        self.size += not self._keys[slot]
        self._keys[slot], self._times[slot] = key, when

    def _slot(self, key: int) -> int:
        """Return where *key* is, or the empty slot where it would be."""
        keys, mask = self._keys, self._mask
        slot = key & mask
        while (held := keys[slot]) and held != key:
            slot = (slot + 1) & mask
        return slot


def _zeros(count: int) -> memoryview[int]:
    """Return that many numbers; what of it is never touched takes no memory."""
    return memoryview(mmap(-1, count * BYTES)).cast("q")


def _hash(name: Hashable) -> int:
    return hash(name) or 1  # 0 marks an empty slot


@lru_cache(maxsize=4096)  # a source stamps many changes with one time
def _number(changed_at: str) -> int:
    """Write ``2026-01-02T03:04:05.678Z`` as 20260102030405678."""
    return int("".join(filter(str.isdigit, changed_at)))
