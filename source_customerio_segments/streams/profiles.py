"""The ``profiles`` stream: who is in the audience, with attributes. No I/O of its own.

What is announced, and when. People who enter, leave, change segments or identifiers are announced
before anything is told of them. People who are only read again are told when their attributes
changed, which nobody knows before they are read: their records wait in a small buffer, are
announced together and then told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.changes import Estimate, Message, Record
from source_customerio_segments.errors import ConnectorError
from source_customerio_segments.segments.comparison import Comparison
from source_customerio_segments.snapshot.gaps import named
from source_customerio_segments.snapshot.meeting import narrowed
from source_customerio_segments.snapshot.memory import Snapshot
from source_customerio_segments.snapshot.people import Identity, People, distinct, find
from source_customerio_segments.snapshot.persons import Person, persons
from source_customerio_segments.streams.audience import MINUTE_MS, Plan, digest
from source_customerio_segments.streams.checkpoints import Checkpoints, Clock
from source_customerio_segments.streams.profile_reads import Found, read
from source_customerio_segments.streams.progress import Progress
from source_customerio_segments.streams.records import columns, profile, profile_exit

STREAM = "profiles"
BUFFER_RECORDS = 2_000


@dataclass(frozen=True, slots=True)
class Shape:
    """What a profile record looks like: selected attributes, selected segments, all names."""

    attributes: tuple[str, ...]
    segment_columns: tuple[int, ...]
    names: Mapping[int, str]

    def record(self, found: Found, who: Person, changed_at: int) -> Record:
        """Return the record of a person in the audience."""
        segments = [(key, self.names.get(key, "")) for key in found.segment_ids]
        data = profile(who, found.profile, segments, self.attributes, changed_at)
        return Record(STREAM, data | columns(data, self.attributes, self.segment_columns))

    def exit(self, who: Person, changed_at: int) -> Record:
        """Return the record of a person who left the audience."""
        data = profile_exit(who, changed_at)
        return Record(STREAM, data | columns(data, (), self.segment_columns))


class Telling:
    """One sync of the stream: what has been told so far, and the records that wait.

    Args:
        comparison: Snapshot against reading.
        plan: Whose profile is read and told.
        shape: What a record looks like.
        checkpoints: Where states come from.
        clock: Epoch milliseconds.
    """

    def __init__(
        self,
        comparison: Comparison,
        plan: Plan,
        shape: Shape,
        checkpoints: Checkpoints,
        clock: Clock,
    ) -> None:
        self._comparison = comparison
        self._plan = plan
        self._shape = shape
        self._checkpoints = checkpoints
        self._clock = clock
        self._people = comparison.meeting.people
        self._was = comparison.meeting.was
        self._told = plan.told
        self._changed_at = comparison.announced_at  # until something is announced
        self._waiting: list[Found] = []
        self._filled: dict[int, Identity] = {}  # not in the table yet

    def tell(self, client: Customerio) -> Iterator[Message]:
        """Yield everyone's changes with the states that cover them.

        Raises:
            ConnectorError: Attributes cannot be read; the state of what was told goes out first.
        """
        yield Estimate(STREAM, len(self._plan.news) + len(self._plan.leaving))
        yield from self._overtaken(client)
        if len(self._plan.news) or len(self._plan.leaving):
            yield from self._announce()
        yield from self._exits()
        try:
            yield from self._profiles(client)
        except ConnectorError:
            yield from self._checkpoints.now(self._snapshot())
            raise
        yield from self._checkpoints.now(self._snapshot())

    def _announce(self) -> Iterator[Message]:
        self._changed_at = max(self._clock(), self._changed_at + 1)
        yield from self._checkpoints.now(self._snapshot())

    def _exits(self) -> Iterator[Message]:
        leaving = self._plan.leaving
        for who in persons(self._people, self._was, leaving):
            yield self._shape.exit(who, self._changed_at)
        self._told.known[leaving] = False
        self._told.uncertain[leaving] = False

    def _profiles(self, client: Customerio) -> Iterator[Message]:
        places = np.concatenate([self._plan.news, self._plan.due])
        progress = Progress(STREAM, len(places), self._clock)
        for found in read(client, self._people, self._was, places, self._plan.segments_of):
            if self._told.uncertain[found.place]:
                yield self._shape.record(found, found.as_announced(), self._changed_at)
                self._settle(found)
            self._fill(found)
            self._weigh(found)
            yield from progress.step()
            yield from self._checkpoint()
        yield from self._flush()

    def _weigh(self, found: Found) -> None:
        """Let a person wait whose profile is not the one last told."""
        if found.is_corrected or self._digest(found) != self._told.digests[found.place]:
            self._waiting.append(found)
        else:
            self._told.read_at[found.place] = self._minute()

    def _fill(self, found: Found) -> None:
        """Remember what attributes add to the identifiers that are known."""
        if found.filled != found.announced:
            self._filled[found.place] = found.filled

    def _checkpoint(self) -> Iterator[Message]:
        if len(self._waiting) >= BUFFER_RECORDS:
            yield from self._flush()
        elif self._checkpoints.is_due():
            yield from self._flush() if self._waiting else self._checkpoints.now(self._snapshot())

    def _flush(self) -> Iterator[Message]:
        """Announce the records that wait, then tell them."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        self._rename([found for found in waiting if found.current != found.announced])
        self._told.uncertain[[found.place for found in waiting]] = True
        yield from self._announce()
        for found in waiting:
            yield self._shape.record(found, found.as_corrected(), self._changed_at)
            self._settle(found)

    def _settle(self, found: Found) -> None:
        self._told.uncertain[found.place] = False
        self._told.learned[:, found.place] &= [value is not None for value in found.current]
        self._told.digests[found.place] = self._digest(found)
        self._told.read_at[found.place] = self._minute()

    def _minute(self) -> int:
        return self._clock() // MINUTE_MS * MINUTE_MS  # few different times pack to few bytes

    def _digest(self, found: Found) -> int:
        return digest(found.profile, self._shape.attributes)

    def _rename(self, others: Sequence[Found]) -> None:
        if not others:
            return
        self._take_in()
        places = np.array([found.place for found in others])
        tables = [self._was, self._people.take(places)]
        last, _ = distinct(np.concatenate([table.cio_ids for table in tables]))
        self._was = People.picked(tables, last)
        self._filled.update({found.place: found.current for found in others})

    def _overtaken(self, client: Customerio) -> Iterator[Message]:
        """Tell announced renamings that another one has overtaken, as they were announced."""
        overtaken = self._comparison.meeting.overtaken
        if not len(overtaken):
            return
        places, _ = find(self._people.cio_ids, overtaken.cio_ids)
        people = self._people.with_identities(places, list(overtaken.identities()))
        was = self._comparison.was_announced
        for found in read(client, people, was, places, self._plan.segments_of):
            yield self._shape.record(found, found.as_announced(), self._comparison.announced_at)

    def _take_in(self) -> None:
        """Put what was remembered into the table, which is copied for that: so not every time."""
        if self._filled:
            places, identities = np.array([*self._filled]), [*self._filled.values()]
            self._filled.clear()
            self._people, learned = named(self._people, self._told.learned, places, identities)
            self._told = replace(self._told, learned=learned)

    def _snapshot(self) -> Snapshot:
        self._take_in()
        was = narrowed(self._was, self._people, self._told.uncertain)
        return Snapshot(self._people, self._plan.segments, was, self._changed_at, self._told)
