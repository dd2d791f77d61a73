"""The merge law: the fewest changes of one person that equal all of theirs, each in its time. Pure.

The changes of one person stand in the order of their ``changed_at`` where both have one, else in
order of arrival, and are merged so:

- upsert, upsert: one upsert with the fields of both, the later one's over the earlier one's;
- anything, exit: the exit alone, since it ends whatever was before; an exit that is ignored ends
  nothing;
- exit, upsert: both, in order. They cannot be one change: a deleted record must not come back
  with its old fields, and a cleared one must be cleared where the upsert says nothing.

So at most two changes are left of a person, an exit and an upsert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from itertools import chain

from destination_salesforce_intro.changes import Change, Exit, Identity, Upsert
from destination_salesforce_intro.org.lookup import is_ignored

Person = tuple[int, int, str, str | None]  # mapping, place of the key, key, scope


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
        ordered.insert(place_of(change, ordered), change)
    return ordered


def place_of(new: Change, waiting: Sequence[Change]) -> int:
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
    ignored = [change for change in in_time if is_ignored(change)]
    others = [change for change in in_time if not is_ignored(change)] if ignored else in_time
    return [*reduce(then, ignored, list[Change]()), *reduce(then, others, list[Change]())]


def then(before: list[Change], change: Change) -> list[Change]:
    """Add *change* behind *before*, as one change with the last where that is the same."""
    if not before:
        return [change]
    if isinstance(change, Exit):
        return [ended(before, change)]
    last = before[-1]
    if isinstance(last, Upsert):
        return [*before[:-1], joined(last, change)]
    return [*before, change._replace(identity=moved(last.identity, change.identity))]


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
