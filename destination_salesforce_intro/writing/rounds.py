"""A batch of changes, written: look up, decide, send, and again for what had to wait.

Exits of all mappings come first, then mappings by priority. The first round writes what collides
with nothing; what is left is looked up again and sees what that round did, and so is a row about
which Salesforce was otherwise than believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any, NamedTuple, TypeGuard

from destination_salesforce_intro.changes import (
    Change,
    Create,
    Delete,
    Exit,
    Outcome,
    Row,
    Update,
)
from destination_salesforce_intro.errors import ConnectorError, Fault, TooLarge
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.org.lookup import Match
from destination_salesforce_intro.salesforce.answers import EDITED, LOST, Answer
from destination_salesforce_intro.salesforce.outcomes import refuse, settle
from destination_salesforce_intro.writing.guard import Guard

MAX_LOOKS = 4  # at one change whose record others keep changing


class Org(NamedTuple):
    """What the loop may do to Salesforce.

    *query* runs SOQL statements and returns their records, in any order. *send* writes rows and
    yields one final answer for each. *people*: the places of the mappings that create people, so
    that a change whose person is not there may find them later.
    """

    query: Callable[[Sequence[str]], Iterable[Map[str, Any]]]
    send: Callable[[Sequence[Row]], Iterable[Answer]]
    people: Collection[int]


class Rounds:
    """Writes batches of changes to one org.

    Args:
        kinds: The mappings, compiled, by place.
        order: The places of the mappings, in the order they are written.
        org: Looks up and writes.
        guard: Holds removals back that are over budget.
        note: Takes every outcome.
    """

    def __init__(
        self,
        kinds: Sequence[Kind],
        order: Sequence[int],
        org: Org,
        guard: Guard,
        note: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._kinds = kinds
        self._order = order
        self._org = org
        self._guard = guard
        self._note = note
        self.people_written = 0  # for changes to find that found nobody

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Settle *batch*: exits of all mappings first, then by priority; yield the unmatched."""
        for exits in (True, False):
            for place in self._order:
                theirs = [c for c in batch if c.mapping == place and isinstance(c, Exit) is exits]
                yield from self._settle(place, theirs)

    def _settle(self, place: int, changes: Sequence[Change]) -> list[Outcome]:
        """Look up, decide and write until all *changes* are settled; return the unmatched."""
        kind, unmatched, looks = self._kinds[place], list[Outcome](), Counter[int]()
        while changes:
            matches = self._find(kind, changes)
            decision = kind.decide(matches)
            outcomes, unclear = settle(self._org.send(self._allowed(place, decision, matches)))
            again, given_up = _part(unclear, looks)
            self._note([*decision.outcomes, *outcomes, *map(_give_up, given_up)])
            unmatched += decision.unmatched
            self.people_written += len(outcomes) if place in self._org.people else 0
            changes = [*decision.later, *(answer.row.change for answer in again)]
        return unmatched

    def _allowed(self, place: int, decision: Decision, matches: Sequence[Match]) -> list[Row]:
        """Leave removals out where they, and those of later rounds, are over budget."""
        rows = decision.rows
        removals = [(row.change, row.id) for row in rows if is_removal(row)]
        later = {id(change) for change in decision.later if isinstance(change, Exit)}
        to_come = {one.id for m in matches if id(m.change) in later for one in m.found}
        if self._guard.admits(place, removals, to_come):
            return rows
        return [row for row in rows if not is_removal(row)]

    def _find(self, kind: Kind, changes: Sequence[Change]) -> list[Match]:
        """Look *changes* up, in halves where Salesforce finds that too much at once."""
        finding = kind.search(changes)
        try:
            while statements := finding.queries():
                finding.take(self._org.query(statements))
        except TooLarge:
            if len(changes) == 1:
                raise
            half = len(changes) // 2
            return [*self._find(kind, changes[:half]), *self._find(kind, changes[half:])]
        return finding.matches()


def is_removal(row: Row) -> TypeGuard[Update | Delete]:
    """Whether *row* takes something away: an exit writes to records that are there."""
    return isinstance(row.change, Exit) and not isinstance(row, Create)


def _part(unclear: Sequence[Answer], looks: Counter[int]) -> tuple[list[Answer], list[Answer]]:
    """Part the answers whose change is worth another look from those that have had enough."""
    again = [answer for answer in unclear if looks[id(answer.row.change)] < MAX_LOOKS]
    given_up = [answer for answer in unclear if looks[id(answer.row.change)] >= MAX_LOOKS]
    looks.update(id(answer.row.change) for answer in again)
    return again, given_up


def _give_up(answer: Answer) -> Outcome:
    """Refuse a change that cannot be settled; what is not its own fault stops the sync."""
    if answer.refusal == LOST:
        raise ConnectorError(
            f"Salesforce's answers to writing {answer.row.object} were lost {MAX_LOOKS} times in a "
            "row. Check the network; the next sync sends the rows again.",
            Fault.TRANSIENT,
        )
    if answer.refusal == EDITED:
        raise ConnectorError(
            f"Others edited the same {answer.row.object} {MAX_LOOKS} times just before it was "
            "written, so it was left as they made it. The next sync sends the row again.",
            Fault.TRANSIENT,
        )
    return refuse(answer)
