"""What comes before anything is told: which segments, which of them are due, and their members.

No I/O of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.changes import Log, Message, Segment
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, SegmentGone
from source_customerio_segments.segments.comparison import Counts, SegmentChange, SegmentRead
from source_customerio_segments.segments.gates import advice
from source_customerio_segments.segments.gathering import Order, gather
from source_customerio_segments.segments.schedule import intervals, is_due
from source_customerio_segments.segments.selection import Selection, named, select
from source_customerio_segments.snapshot.members import About
from source_customerio_segments.snapshot.memory import Reading
from source_customerio_segments.state.codec import abouts
from source_customerio_segments.streams.catalog import SEGMENTS
from source_customerio_segments.streams.checkpoints import Clock
from source_customerio_segments.streams.lookup import Identifiers

States = Mapping[str, Mapping[str, Any]]


@dataclass(slots=True)
class Prepared:
    """Everything the streams are told from.

    Attributes:
        listed: The segments as listed before the read.
        selection: The segments that count.
        names: The name of every segment, listed or remembered.
        at_ms: When the sync began, epoch milliseconds.
        reading: The members read.
        reads: How the read of each of those segments went.
        failures: Segments that could not be read whole, and why.
        gone: Segments that are archived or deleted and whose members stay.
        redefined: Segments whose conditions were edited since the last sync.
        identifiers: Where to look for those that the state does not keep.
        counts: How much each stream had to tell, by segment; filled as they are told.
        partial: Segments of which each stream may have told a part only; filled likewise.
    """

    client: Customerio
    config: Config
    states: States
    clock: Clock
    listed: Sequence[Segment]
    selection: Selection
    names: Mapping[int, str]
    at_ms: int
    reading: Reading = field(default_factory=Reading)
    reads: Mapping[int, SegmentRead] = field(default_factory=dict)
    failures: Mapping[int, ConnectorError] = field(default_factory=dict)
    gone: frozenset[int] = frozenset()
    redefined: frozenset[int] = frozenset()
    identifiers: Identifiers = field(init=False)
    counts: dict[str, Mapping[int, Counts]] = field(default_factory=dict)
    partial: dict[str, Collection[int]] = field(default_factory=dict)
    _warned: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.identifiers = Identifiers(self.client)

    def warnings(self, changes: Mapping[int, SegmentChange]) -> Iterator[Log]:
        """Warn of each held segment, once for all streams."""
        for key, change in changes.items():
            if change.hold and key not in self._warned:
                self._warned.add(key)
                text = f"Exits of segment {key} are held: {advice(change.hold)}."
                yield Log("WARN", text)


def prepare(
    client: Customerio, config: Config, wanted: Sequence[str], states: States, clock: Clock
) -> Generator[Message, None, Prepared]:
    """List and select the segments, and read those that are due.

    Raises:
        ConnectorError: Segments cannot be listed, or the settings name one that is none.
    """
    listed = client.segments()
    remembered = {name: abouts(states.get(name, {})) for name in wanted if name != SEGMENTS}
    known = {key: each.name for kept in remembered.values() for key, each in kept.items()}
    selection = select(config.segments, listed, known)
    names = known | {segment.id: segment.name for segment in listed}
    prepared = Prepared(client, config, states, clock, listed, selection, names, clock())
    yield from _remarks(selection)
    if remembered:
        order = _order(prepared, list(remembered.values()))
        gathered = yield from gather(client, order, clock)
        prepared.gone = frozenset(gathered.gone) | (selection.gone - order.expelling)
        prepared.redefined = _redefined(gathered.reads, remembered.values())
        yield from _warnings(prepared)
        prepared.reading, prepared.reads = gathered.reading(), gathered.reads
        prepared.failures = gathered.failures
    return prepared


def _order(prepared: Prepared, remembered: Sequence[Mapping[int, About]]) -> Order:
    config, selection, at_ms = prepared.config, prepared.selection, prepared.at_ms
    minutes = intervals(config.cadence, prepared.names)
    by_id = {segment.id: segment for segment in prepared.listed}
    due = [
        by_id[key]
        for key in selection.ids
        if key in by_id and is_due(minutes.get(key, 0), _last_reads(key, remembered), at_ms)
    ]
    names = {**prepared.names, **selection.renamed}
    released = named(config.release_segments, names)
    return Order(due, names, released, _expelling(prepared), at_ms)


def _last_reads(key: int, remembered: Sequence[Mapping[int, About]]) -> list[int]:
    return [each[key].read_at if key in each else 0 for each in remembered]


def _expelling(prepared: Prepared) -> frozenset[int]:
    """Return the segments that are gone for sure and whose members are to leave."""
    if prepared.config.on_segment_gone == "hold":
        return frozenset()
    gone = prepared.selection.gone
    if prepared.listed:
        return gone
    # An empty list may be a failure of its own: ask for each segment.
    return frozenset(key for key in gone if _is_gone(prepared.client, key))


def _is_gone(client: Customerio, key: int) -> bool:
    try:
        client.customer_count(key)
    except SegmentGone:
        return True
    return False


def _redefined(
    reads: Mapping[int, SegmentRead], remembered: Collection[Mapping[int, About]]
) -> frozenset[int]:
    hashes = {
        key: {each[key].definition_hash for each in remembered if key in each} - {""}
        for key, read in reads.items()
        if not read.expelled
    }
    return frozenset(
        key for key, each in hashes.items() if each - {reads[key].about.definition_hash}
    )


def _remarks(selection: Selection) -> Iterator[Log]:
    for key in selection.renamed:
        yield Log(
            "WARN",
            f"Segment {key} has been renamed. It is still read; put its id or its new name into "
            "the settings, for after a reset it could not be found by the old one.",
        )


def _warnings(prepared: Prepared) -> Iterator[Log]:
    for key in sorted(prepared.gone):
        yield Log(
            "WARN",
            f"Segment {key} is archived or deleted: its members stay as last read. Set "
            "on_segment_gone to exit_all if they are to leave.",
        )
    for key in sorted(prepared.redefined):
        yield Log(
            "WARN",
            f"The conditions of segment {key} have been edited since the last sync: changes of "
            "its members may be due to that.",
        )
