"""What to write for a set of changes, given what Salesforce holds: one round of it.

Theory of operation. Rows of one round may be sent in any order and in any grouping, so no round
writes one record twice and no round creates what another row of it creates or moves. A change that
would collide goes to the next round, where the look-up sees what this one did. Each round decides
at least the first change it takes up, so the rounds end.

The order in which colliding changes are taken up matters, and is this:

1. the first change of a person before the next one of the same person;
2. people whose key moved: they leave their old key before somebody else is found by it;
3. exits;
4. records found by an earlier identity rule, since it is the better proof;
5. what was not found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from destination_salesforce_intro.changes import (
    Change,
    Delete,
    Exit,
    Identity,
    Outcome,
    Row,
    Upsert,
)
from destination_salesforce_intro.org.lookup import Match
from destination_salesforce_intro.writing.merging import Person, person


class Unmatched(NamedTuple):
    """There is nobody to write to yet; *outcome* is the end of it, if nobody comes."""

    outcome: Outcome


# Rows to write (never an empty list), an outcome that needs none, or nobody to write to.
Verdict = list[Row] | Outcome | Unmatched


class Decision(NamedTuple):
    """One round: rows to send, outcomes that need no row, and the changes of the next round.

    A change with several rows (``on_multiple_matches: all``) has one outcome for all of them.
    The changes of *unmatched* are worth another look once other mappings have written the people
    they are about; each comes with its outcome for the case that this does not help.
    """

    rows: list[Row]
    outcomes: list[Outcome]
    later: list[Change]
    unmatched: list[Outcome]


def decide(matches: Sequence[Match], judge: Callable[[Match], Verdict]) -> Decision:
    """Ask *judge* about each match that collides with none before it; leave the others for later.

    The rows come in the order of the changes taken up, *later* in the order of *matches*.
    """
    decision, taken, late = Decision([], [], [], []), _Taken(), _followers(matches)
    for place, match in sorted(enumerate(matches), key=lambda placed: _turn(placed[1])):
        if place in late:
            continue
        if taken.collides(match):
            late.add(place)
            taken.wait(match)
            continue
        verdict = judge(match)
        taken.add(match, verdict)
        _file(verdict, decision)
    decision.later.extend(matches[place].change for place in sorted(late))
    return decision


def _file(verdict: Verdict, decision: Decision) -> None:
    match verdict:
        case Outcome():
            decision.outcomes.append(verdict)
        case Unmatched(outcome):
            decision.unmatched.append(outcome)
        case rows:
            decision.rows.extend(rows)


def _followers(matches: Sequence[Match]) -> set[int]:
    """Return the places of changes whose person has an earlier change among *matches*."""
    first: dict[Person, int] = {}
    for place, match in enumerate(matches):
        first.setdefault(person(match.change), place)
    return set(range(len(matches))) - set(first.values())


def _turn(match: Match) -> tuple[bool, bool, bool, int]:
    exits = isinstance(match.change, Exit)
    return not match.found, not match.moved, not exits, match.rule or 0


class _Taken:
    """What the changes taken up so far in a round have a hand on."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._keys: dict[_ScopedKey, Change] = {}
        self._former: set[_ScopedKey] = set()  # by which a later round is going to look

    def collides(self, match: Match) -> bool:
        if self._is_former(match.change.identity):
            return True  # what has the key now may be the other's, who is yet to take it along
        if match.found:
            return any(found.id in self._ids for found in match.found)
        change, identity = match.change, match.change.identity
        now, before = (
            self._takers(identity.keys, identity),
            self._takers(identity.previous, identity),
        )
        if now and isinstance(change, Upsert):
            return True  # two may not create one record
        return any(not _is_before(change, taker) for taker in (*now, *before))

    def _takers(self, keys: Sequence[str | None], identity: Identity) -> list[Change]:
        return [self._keys[key] for key in _scoped(identity, keys) if key in self._keys]

    def _is_former(self, identity: Identity) -> bool:
        return not self._former.isdisjoint(_scoped(identity, identity.keys))

    def add(self, match: Match, verdict: Verdict) -> None:
        if not isinstance(verdict, list):
            return
        self._ids.update(found.id for found in match.found)
        if not isinstance(verdict[0], Delete):
            self.reserve(match)

    def reserve(self, match: Match) -> None:
        """Keep the keys that *match* will have for it, so that a chain of moves stays in order."""
        identity = match.change.identity
        self._keys.update(dict.fromkeys(_scoped(identity, identity.keys), match.change))

    def wait(self, match: Match) -> None:
        """Keep also the keys by which *match* will be looked for again."""
        self.reserve(match)
        self._former.update(_scoped(match.change.identity, match.change.identity.previous))


# Two segments of one person are two things to write, so their keys are kept apart.
_ScopedKey = tuple[str | None, int, str]


def _scoped(identity: Identity, keys: Iterable[str | None]) -> Iterable[_ScopedKey]:
    return [(identity.scope, rule, key) for rule, key in enumerate(keys) if key is not None]


def _is_before(change: Change, other: Change) -> bool:
    """Whether *change* is known to be no later than *other*.

    Then *other* took a key after it was given up, and is about somebody else.
    """
    if change.changed_at is None or other.changed_at is None:
        return False
    return change.changed_at <= other.changed_at
