"""THE loop: changes into the buffer, the buffer into Salesforce, and only then a STATE back.

Theory of operation. A STATE is a promise that every record before it is stored in Salesforce, or
refused and kept where a person finds it. So the buffer is settled whole before a STATE is given
back: look up, decide, write, and again for what had to wait or turned out otherwise than believed.
If the process dies anywhere in between, the same records come again, are found already so, and
cause nothing.

It does no I/O of its own: what looks up, sends and keeps is handed to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from typing import Any, Protocol

from destination_salesforce_intro.books import Books
from destination_salesforce_intro.buffer import Buffer
from destination_salesforce_intro.changes import (
    Change,
    Checkpoint,
    Complete,
    Exit,
    Outcome,
    Received,
    Refused,
    Row,
)
from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.errors import ConnectorError, Fault, TooLarge
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.lookup import Match
from destination_salesforce_intro.mapper import Mapper
from destination_salesforce_intro.protocol import Event, UndecodableLineError
from destination_salesforce_intro.salesforce.answers import LOST, Answer
from destination_salesforce_intro.salesforce.outcomes import refuse, settle

MAX_LOOKS = 4  # at one change whose record others keep changing


def writing_order(mappings: Sequence[Mapping]) -> list[int]:
    """Return the places of *mappings* by priority; where that is equal, people before the rest."""
    places = range(len(mappings))
    return sorted(places, key=lambda at: (mappings[at].priority, mappings[at].kind != "record"))


class Keeps(Protocol):
    """Where outcomes go."""

    def note(self, outcome: Outcome | Refused) -> None:
        """Take an outcome; a refusal need not be durable yet."""

    def secure(self) -> None:
        """Return when every refusal noted so far is where a person can find it."""


class Writer:
    """Applies a stream of events to one org.

    Args:
        mapper: Turns records into changes.
        order: The places of the mappings, in the order they are written.
        buffer: Holds changes until they are written.
        query: Runs SOQL statements and returns their records, in any order.
        send: Writes rows and yields one final answer for each.
        keep: Takes every outcome.
    """

    def __init__(
        self,
        mapper: Mapper,
        order: Sequence[int],
        buffer: Buffer,
        query: Callable[[Sequence[str]], Iterable[Map[str, Any]]],
        send: Callable[[Sequence[Row]], Iterable[Answer]],
        keep: Keeps,
    ) -> None:
        self._mapper = mapper
        self._order = order
        self._buffer = buffer
        self._query = query
        self._send = send
        self._keep = keep
        self._books = Books()

    def run(self, events: Iterable[Event]) -> Iterator[Map[str, Any]]:
        """Apply *events* in order; yield each STATE once everything before it is settled.

        Raises:
            ConnectorError: The sync cannot go on; nothing after the last STATE counts.
        """
        try:
            for event in events:
                match event:
                    case Received():
                        self._take(event)
                    case Checkpoint():
                        self._flush()
                        yield self._books.acknowledge(event)
                    case Complete():
                        pass
        except UndecodableLineError:
            self._flush()  # what came before it is sound
            raise
        self._flush()

    def _take(self, received: Received) -> None:
        self._books.receive(received)
        for change in self._mapper.changes(received):
            outcome = change if isinstance(change, Refused) else self._buffer.add(change)
            if outcome is not None:
                self._note(outcome)
        if self._buffer.is_full:
            self._flush()

    def _flush(self) -> None:
        """Settle everything that waits: exits of all mappings first, people before their flags."""
        changes = self._buffer.drain()
        for exits in (True, False):
            for place in self._order:
                theirs = [c for c in changes if c.mapping == place and isinstance(c, Exit) is exits]
                self._settle(self._mapper.kinds[place], theirs)
        self._keep.secure()

    def _settle(self, kind: Kind, changes: Sequence[Change]) -> None:
        looks: Counter[int] = Counter()
        while changes:
            decision = kind.decide(self._find(kind, changes))
            outcomes, unclear = settle(self._send(decision.rows))
            again = [answer for answer in unclear if looks[id(answer.row.change)] < MAX_LOOKS]
            given_up = [answer for answer in unclear if answer not in again]
            ends = (*decision.outcomes, *decision.unmatched)
            for outcome in (*ends, *outcomes, *map(_give_up, given_up)):
                self._note(outcome)
            looks.update(id(answer.row.change) for answer in again)
            changes = [*decision.later, *(answer.row.change for answer in again)]

    def _find(self, kind: Kind, changes: Sequence[Change]) -> list[Match]:
        """Look *changes* up, in halves where Salesforce finds that too much at once."""
        finding = kind.search(changes)
        try:
            while statements := finding.queries():
                finding.take(self._query(statements))
        except TooLarge:
            if len(changes) == 1:
                raise
            half = len(changes) // 2
            return [*self._find(kind, changes[:half]), *self._find(kind, changes[half:])]
        return finding.matches()

    def _note(self, outcome: Outcome | Refused) -> None:
        if isinstance(outcome, Refused):
            self._books.refuse([outcome.received])
        elif outcome.rejection:
            self._books.refuse(outcome.change.received)
        self._keep.note(outcome)


def _give_up(answer: Answer) -> Outcome:
    """Refuse a change that cannot be settled; a lost answer is the network's, so the sync stops."""
    if answer.refusal == LOST:
        raise ConnectorError(
            f"Salesforce's answers to writing {answer.row.object} were lost {MAX_LOOKS} times in a "
            "row. Check the network; the next sync sends the rows again.",
            Fault.TRANSIENT,
        )
    return refuse(answer)
