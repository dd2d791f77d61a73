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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from itertools import chain
from typing import Any, NamedTuple, Protocol, TypeGuard

from destination_salesforce_intro.changes import (
    Change,
    Checkpoint,
    Complete,
    Create,
    Delete,
    Exit,
    Outcome,
    Records,
    Refused,
    Row,
    Update,
)
from destination_salesforce_intro.errors import ConnectorError, Fault, TooLarge
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.org.lookup import Match
from destination_salesforce_intro.protocol import Event, UndecodableLineError
from destination_salesforce_intro.salesforce.answers import EDITED, LOST, Answer
from destination_salesforce_intro.salesforce.outcomes import refuse, settle
from destination_salesforce_intro.storage.spool import Spool
from destination_salesforce_intro.writing.books import Books, Sealed
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.parked import Parked

FEW_PARKED = 2_000  # records; looking for their people once more takes two API calls
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


class Keeps(Protocol):
    """Where outcomes go."""

    def note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        """Take outcomes; a refusal need not be durable yet."""

    def secure(self) -> None:
        """Return when every refusal noted so far is where a person can find it."""


class Writer:
    """Applies a stream of events to one org.

    Args:
        mapper: Turns records into changes.
        order: The places of the mappings, in the order they are written.
        buffer: Holds changes until they are written.
        org: Looks up and writes.
        guard: Holds removals back that are over budget.
        keep: Takes every outcome.
    """

    def __init__(
        self,
        mapper: Mapper,
        order: Sequence[int],
        buffer: Buffer,
        org: Org,
        guard: Guard,
        keep: Keeps,
    ) -> None:
        self._mapper = mapper
        self._order = order
        self._buffer = buffer
        self._org = org
        self._guard = guard
        self._keep = keep
        self._books = Books()
        self._parked = Parked(mapper.kinds)
        self._gained = 0  # people written since the parked changes were last tried
        self._held = Spool()  # states that cover parked changes, or come after such

    def run(self, events: Iterable[Event]) -> Iterator[Map[str, Any]]:
        """Apply *events* in order; yield each STATE once everything before it is settled.

        Raises:
            ConnectorError: The sync cannot go on; nothing after the last STATE counts.
        """
        try:
            for event in events:
                match event:
                    case Records():
                        self._take(event)
                    case Checkpoint():
                        sealed = self._books.seal(event)
                        self._flush()
                        yield from self._give_back([sealed])
                    case Complete():
                        pass
        except UndecodableLineError:
            self._flush()  # what came before it is sound
            raise
        self._flush(is_last=True)
        yield from self._give_back([])

    def end(self, exits: Iterable[Exit]) -> None:
        """Settle *exits* that the input did not tell, once it has ended.

        Raises:
            ConnectorError: As `run`; or removals were held back.
        """
        for change in exits:
            self._wait([change])
            if self._buffer.is_full:
                self._flush()
        self._flush(is_last=True)
        self._guard.check()

    def _take(self, records: Records) -> None:
        if records.stream not in self._mapper.streams:
            raise _unmapped(records.stream)
        self._books.receive(records)
        self._wait(self._mapper.changes(records))
        if self._buffer.is_full:
            self._flush()

    def _wait(self, changes: Iterable[Change | Refused]) -> None:
        """Let *changes* wait to be written, but for those whose outcome is known."""
        told = [one if isinstance(one, Refused) else self._buffer.add(one) for one in changes]
        self._note([outcome for outcome in told if outcome is not None])

    def _give_back(self, arrived: Sequence[Sealed]) -> Iterator[Map[str, Any]]:
        """Give back the states, in order; keep them while they may cover what is parked."""
        if self._parked:
            for sealed in arrived:
                self._held.add([[*sealed.checkpoint], sealed.received, sealed.last])
            return
        held = (Sealed(Checkpoint(*state), *counts) for state, *counts in self._held.take())
        for sealed in chain(held, arrived):
            if not self._guard.covers(sealed.checkpoint.stream):
                yield self._books.acknowledge(sealed)

    def _flush(self, *, is_last: bool = False) -> None:
        """Settle what waits.

        Changes of people who are not in Salesforce yet are parked while their people may still be
        written. Few of them are tried again at once, many only when as many people have been
        written, and all at the end.
        """
        self._settle_all(park=bool(self._org.people))
        if self._parked and (is_last or len(self._parked) <= max(FEW_PARKED, self._gained)):
            self._try_again(is_last=is_last)
        self._keep.secure()

    def _try_again(self, *, is_last: bool) -> None:
        self._gained = 0
        for change in self._parked.take():
            self._buffer.put(change)
            if self._buffer.is_full:
                self._settle_all(park=not is_last)
        self._settle_all(park=not is_last)

    def _settle_all(self, *, park: bool) -> None:
        """Settle the buffer; *park* the changes that find nobody, or end them."""
        for batch in self._buffer.drain():
            ready, behind = self._parted(batch)
            unmatched = list(self._write(ready))
            if not park:
                self._note(unmatched)
                continue
            for change in [*(outcome.change for outcome in unmatched), *behind]:
                self._parked.add(change)

    def _parted(self, batch: list[Change]) -> tuple[list[Change], list[Change]]:
        """Part the changes that can be written now from those of people who are parked."""
        if not self._parked:
            return batch, []
        is_behind = [self._parked.is_ahead_of(change) for change in batch]
        ready = [change for change, late in zip(batch, is_behind, strict=True) if not late]
        return ready, [change for change, late in zip(batch, is_behind, strict=True) if late]

    def _write(self, batch: Sequence[Change]) -> Iterator[Outcome]:
        """Settle *batch*: exits of all mappings first, then by priority; yield the unmatched."""
        for exits in (True, False):
            for place in self._order:
                theirs = [c for c in batch if c.mapping == place and isinstance(c, Exit) is exits]
                yield from self._settle(place, theirs)

    def _settle(self, place: int, changes: Sequence[Change]) -> list[Outcome]:
        """Look up, decide and write until all *changes* are settled; return the unmatched."""
        kind, unmatched, looks = self._mapper.kinds[place], list[Outcome](), Counter[int]()
        while changes:
            matches = self._find(kind, changes)
            decision = kind.decide(matches)
            outcomes, unclear = settle(self._org.send(self._allowed(place, decision, matches)))
            again, given_up = _part(unclear, looks)
            self._note([*decision.outcomes, *outcomes, *map(_give_up, given_up)])
            unmatched += decision.unmatched
            self._gained += len(outcomes) if place in self._org.people else 0
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

    def _note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                self._books.refuse([outcome.received])
            elif outcome.rejection:
                self._books.refuse(outcome.change.received)
        self._keep.note(outcomes)


def is_removal(row: Row) -> TypeGuard[Update | Delete]:
    """Whether *row* takes something away: an exit writes to records that are there."""
    return isinstance(row.change, Exit) and not isinstance(row, Create)


def _unmapped(stream: str) -> ConnectorError:
    return ConnectorError(
        f'A record of the stream "{stream}" came, which no mapping is for. Add a mapping, or '
        "deselect the stream; nothing after the last acknowledged state counts.",
        Fault.CONFIG,
    )


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
