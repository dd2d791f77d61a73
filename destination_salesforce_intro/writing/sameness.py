"""Whether two changes of one mapping are about one person. Pure.

A person has a key for each identity rule, and any of them may change. Changes that come together
may therefore name one person differently: an upsert under the old e-mail, an exit under the new.
What is known of a person at the time of a change is compared with it rule by rule:

- the first rule for which both have a key decides, if the keys are equal (a key from before, such
  as ``previous_email``, is as good as one of now);
- where they differ at a rule whose field is *unique* (an External ID, or unique in Salesforce: one
  record at most holds a value of it), they are two people;
- where they differ at any other rule, only an equal key of a unique field makes them one.

So two people who share an e-mail behind a ``cio_id`` of their own are two, and a person told under
two e-mails before one ``cio_id`` is one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Final

from destination_salesforce_intro.changes import Change, Identity
from destination_salesforce_intro.writing.merging import place_of

Name = tuple[int, str | None, int, str]  # mapping, scope, place of the rule, key
RULE: Final = 2  # where a name says it


def names(change: Change) -> list[Name]:
    """Return every name of the person of *change*: by each rule in order, now and then before."""
    mapping, (keys, previous, scope) = change.mapping, change.identity
    found = [(mapping, scope, rule, key) for rule, key in enumerate(keys) if key is not None]
    if any(previous):
        found += [(mapping, scope, rule, key) for rule, key in enumerate(previous) if key]
    return found


def sure_names(called: Sequence[Name], unique: Collection[int]) -> Sequence[Name]:
    """Return those of *called* that nobody else can have: the first, and the first unique one."""
    if len(called) == 1 or called[0][RULE] in unique:
        return called[:1]
    return [called[0], *[name for name in called[1:] if name[RULE] in unique][:1]]


def is_same(change: Change, waiting: Sequence[Change], unique: Collection[int]) -> bool:
    """Whether *change* is about the person of the *waiting* changes, which are in their order."""
    place = place_of(change, waiting)
    held = [_held(waiting, place, rule) for rule in range(len(change.identity.keys))]
    return agree(change.identity, held, unique) is True


def agree(identity: Identity, held: Sequence[str | None], unique: Collection[int]) -> bool | None:
    """Whether the keys *held*, one for each rule, are those of *identity*; None if unknown."""
    answer = None
    known = zip(identity.keys, identity.previous, strict=True)
    for rule, (keys, key) in enumerate(zip(known, held, strict=True)):
        if key is None or not any(keys):
            continue
        if key in keys and (answer is None or rule in unique):
            return True
        if key not in keys and rule in unique:
            return False
        answer = False
    return answer


def _held(waiting: Sequence[Change], place: int, rule: int) -> str | None:
    """Return the person's key of *rule* at *place*: by what is before it, else by what is after."""
    earlier = (waiting[at].identity.keys[rule] for at in range(place - 1, -1, -1))
    later = (_first_of(change.identity, rule) for change in islice(waiting, place, None))
    return next((key for keys in (earlier, later) for key in keys if key is not None), None)


def _first_of(identity: Identity, rule: int) -> str | None:
    return identity.previous[rule] or identity.keys[rule]
