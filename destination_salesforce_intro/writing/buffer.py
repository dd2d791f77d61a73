"""Changes waiting to be written: as few as possible, none lost, none out of its time.

Theory of operation. A person is known here by the first key of their identity (and the scope,
where a mapping tells several things about one person). The changes of one person wait in the
order of their ``changed_at`` where both have one, else in order of arrival, and become one when
drained (not sooner, or a late one could no longer take its place between two merged ones):

- upsert, upsert: one upsert with the fields of both, the later one's over the earlier one's;
- anything, exit: the exit alone, since it ends whatever was before;
- exit, upsert: both, in order. They cannot be one change: a deleted record must not come back
  with its old fields, and a cleared one must be cleared where the upsert says nothing.

So a person leaves here with at most two changes, an exit and an upsert. Two people who share a
later key (an e-mail that moved) stay apart; ``decide`` writes them one after the other.

What has been drained is remembered, within a bound, by the time it changed: some runners send
records again and in another order, and an older one must not undo a newer one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from functools import reduce
from itertools import chain

from destination_salesforce_intro.changes import (
    Change,
    Exit,
    Identity,
    Outcome,
    Result,
    Upsert,
)

REMEMBERED = 100_000  # people; about 25 MB

Person = tuple[int, int, str, str | None]  # mapping, place of the key, key, scope


class Buffer:
    """Changes waiting, in order of their person's first arrival; counted as they came."""

    def __init__(self, max_changes: int, remembered: int = REMEMBERED) -> None:
        self._max_changes = max_changes
        self._waiting: dict[Person, list[Change]] = {}
        self._size = 0
        self._written = Memory(remembered)

    def __len__(self) -> int:
        return self._size

    @property
    def is_full(self) -> bool:
        """Whether it should be drained before more is added."""
        return self._size >= self._max_changes

    def add(self, change: Change) -> Outcome | None:
        """Take *change* in; or return its outcome, if a newer one has been drained already."""
        who = person(change)
        if self._written.is_newer(who, change.changed_at):
            return Outcome(change, Result.UNCHANGED)
        waiting = self._waiting.setdefault(who, [])
        waiting.insert(_place(waiting, change) if waiting else 0, change)
        self._size += 1
        return None

    def drain(self) -> list[Change]:
        """Empty the buffer; a person's exit comes before the upsert that followed it."""
        drained: list[Change] = []
        for who, waiting in self._waiting.items():
            for change in merged(waiting):
                drained.append(change)
                self._written.note(who, change.changed_at)
        self._waiting, self._size = {}, 0
        return drained


class Memory:
    """When the last change of a person was; the longest unused is forgotten first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._times: OrderedDict[Person, str] = OrderedDict()

    def is_newer(self, who: Person, changed_at: str | None) -> bool:
        """Whether what is remembered of *who* changed after *changed_at*."""
        last = self._times.get(who)
        return last is not None and changed_at is not None and last > changed_at

    def note(self, who: Person, changed_at: str | None) -> None:
        """Remember *changed_at*, if it says anything and nothing later is known."""
        if changed_at is None:
            return
        self._times[who] = max(changed_at, self._times.pop(who, changed_at))
        if len(self._times) > self._limit:
            self._times.popitem(last=False)


def person(change: Change) -> Person:
    """Name the person of *change* by the first key it has."""
    place, key = first_key(change.identity)
    return change.mapping, place, key, change.identity.scope


def first_key(identity: Identity) -> tuple[int, str]:
    """Return the place and value of the first key there is."""
    for place, key in enumerate(identity.keys):
        if key is not None:
            return place, key
    raise ValueError("an identity has at least one key")


def in_time(changes: Iterable[Change]) -> list[Change]:
    """Sort *changes* by time where they have one; the others keep their arrival."""
    ordered: list[Change] = []
    for change in changes:
        ordered.insert(_place(ordered, change), change)
    return ordered


def _place(waiting: list[Change], new: Change) -> int:
    """Return where *new* goes: before what is later than it; equal times keep their arrival."""
    place = len(waiting)
    while place and _is_later(waiting[place - 1], new):
        place -= 1
    return place


def _is_later(change: Change, new: Change) -> bool:
    if change.changed_at is None or new.changed_at is None:
        return False
    return change.changed_at > new.changed_at


def merged(in_time: list[Change]) -> list[Change]:
    """Return the fewest changes equal to all of *in_time*, one after the other."""
    if len(in_time) == 1:
        return in_time
    return reduce(then, in_time, list[Change]())


def then(before: list[Change], change: Change) -> list[Change]:
    """Add *change* behind *before*, as one change with the last where that is the same."""
    if not before:
        return [change]
    if isinstance(change, Exit):
        return [ended(before, change)]
    last = before[-1]
    if isinstance(last, Upsert):
        return [*before[:-1], joined(last, change)]
    return [*before, change]


def joined(first: Upsert, second: Upsert) -> Upsert:
    """Return the one upsert equal to *first* then *second*."""
    return second._replace(
        identity=moved(first.identity, second.identity),
        fields={**first.fields, **second.fields},
        changed_at=second.changed_at or first.changed_at,
        received=first.received + second.received,
        truncated=first.truncated + second.truncated,
    )


def ended(before: list[Change], last: Exit) -> Exit:
    """Return *last* for all that went before it."""
    identity = last.identity
    for change in reversed(before):
        identity = moved(change.identity, identity)
    times = [change.changed_at for change in [*before, last] if change.changed_at]
    return last._replace(
        identity=identity,
        changed_at=max(times, default=None),
        received=tuple(chain.from_iterable(c.received for c in [*before, last])),
    )


def moved(first: Identity, second: Identity) -> Identity:
    """Return who the merged change is about: known by the latest keys, found by the earliest.

    Salesforce still holds what was true before *first*, so its previous key is the one to look
    for; without one, the key of *first* that *second* replaced.
    """
    keys = tuple(b if b is not None else a for a, b in zip(first.keys, second.keys, strict=True))
    previous = tuple(
        _previous(key, was, old, new)
        for key, was, old, new in zip(
            keys, first.keys, first.previous, second.previous, strict=True
        )
    )
    return Identity(keys, previous, second.scope)


def _previous(key: str | None, was: str | None, old: str | None, new: str | None) -> str | None:
    return next((found for found in (old, was, new) if found not in {None, key}), None)
