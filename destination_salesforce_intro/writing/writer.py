"""THE loop: changes into the buffer, the buffer into Salesforce, and only then a STATE back.

Theory of operation. A STATE is a promise that every record before it is stored in Salesforce, or
refused and kept where a person finds it. So the buffer is settled whole before a STATE is given
back: look up, decide, write, and again for what had to wait or turned out otherwise than believed.
If the process dies anywhere in between, the same records come again, are found already so, and
cause nothing.

What looks up, sends and keeps is handed to it. What has to wait for its people, and the states
that come meanwhile, lie on disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Map
from itertools import chain
from typing import Any, Protocol

from destination_salesforce_intro.changes import (
    Change,
    Checkpoint,
    Complete,
    Exit,
    Outcome,
    Records,
    Refused,
)
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.mapping.mapper import Mapper
from destination_salesforce_intro.protocol import Event, UndecodableLineError
from destination_salesforce_intro.storage.spool import Spool
from destination_salesforce_intro.writing.books import Books, Sealed
from destination_salesforce_intro.writing.buffer import Buffer
from destination_salesforce_intro.writing.guard import Guard
from destination_salesforce_intro.writing.parked import Parked
from destination_salesforce_intro.writing.rounds import Org, Rounds

FEW_PARKED = 2_000  # records; looking for their people once more takes two API calls


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
        self._buffer = buffer
        self._may_gain_people = bool(org.people)
        self._rounds = Rounds(mapper.kinds, order, org, guard, self._note)
        self._guard = guard
        self._keep = keep
        self._books = Books()
        self._parked = Parked(mapper.kinds)
        self._people_then = 0  # written when the parked changes were last tried
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
        self._buffer.weigh(records.size_bytes)
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
        held = (Sealed(Checkpoint(*state), *counts) for (state, *counts), _ in self._held.take())
        for sealed in chain(held, arrived):
            if not self._guard.covers(sealed.checkpoint.stream):
                yield self._books.acknowledge(sealed)

    def _flush(self, *, is_last: bool = False) -> None:
        """Settle what waits.

        Changes of people who are not in Salesforce yet are parked while their people may still be
        written. Few of them are tried again at once, many only when as many people have been
        written, and all at the end.
        """
        self._settle_all(park=self._may_gain_people)
        gained = self._rounds.people_written - self._people_then
        if self._parked and (is_last or len(self._parked) <= max(FEW_PARKED, gained)):
            self._try_again(is_last=is_last)
        self._keep.secure()

    def _try_again(self, *, is_last: bool) -> None:
        self._people_then = self._rounds.people_written
        for change, size_bytes in self._parked.take():
            self._buffer.weigh(size_bytes)
            self._buffer.put(change)
            if self._buffer.is_full:
                self._settle_all(park=not is_last)
        self._settle_all(park=not is_last)

    def _settle_all(self, *, park: bool) -> None:
        """Settle the buffer; *park* the changes that find nobody, or end them."""
        for batch in self._buffer.drain():
            ready, behind = self._parted(batch)
            unmatched = list(self._rounds.write(ready))
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

    def _note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Refused):
                self._books.refuse([outcome.received])
            elif outcome.rejection:
                self._books.refuse(outcome.change.received)
        self._keep.note(outcomes)


def _unmapped(stream: str) -> ConnectorError:
    return ConnectorError(
        f'A record of the stream "{stream}" came, which no mapping is for. Add a mapping, or '
        "deselect the stream; nothing after the last acknowledged state counts.",
        Fault.CONFIG,
    )
