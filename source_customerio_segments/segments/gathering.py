"""Reading the segments of one sync, each once for all streams. No I/O of its own.

A segment that cannot be read whole is left out: it is unknown, and its members stay.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.changes import Log, Message, Segment
from source_customerio_segments.errors import ConnectorError, Fault, SegmentGone
from source_customerio_segments.segments.comparison import SegmentRead
from source_customerio_segments.snapshot.members import About
from source_customerio_segments.snapshot.memory import Reading, collect
from source_customerio_segments.snapshot.people import People
from source_customerio_segments.streams.checkpoints import Clock
from source_customerio_segments.streams.records import definition_hash


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be read.

    Attributes:
        segments: As listed before.
        names: The name under which each segment is remembered.
        released: Segments whose exits the operator lets out.
        expelling: Segments that are gone and whose members are to leave.
        at_ms: When the sync began, epoch milliseconds.
    """

    segments: Sequence[Segment]
    names: Mapping[int, str]
    released: frozenset[int]
    expelling: frozenset[int]
    at_ms: int


@dataclass(slots=True)
class Gathered:
    """What was read, and what could not be.

    Attributes:
        pages: The members of each segment that was read whole.
        reads: How that went.
        gone: Segments that Customer.io did not know any more when they were to be read.
        failures: Segments that could not be read whole, and why.
    """

    pages: dict[int, list[People]] = field(default_factory=dict)
    reads: dict[int, SegmentRead] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    failures: dict[int, ConnectorError] = field(default_factory=dict)

    def reading(self) -> Reading:
        """Return the members as one reading; it takes the pages.

        Only now it is known how many were read: pages that were begun again tell people twice.
        """
        reading = collect(self.pages)
        for key, members in reading.segments.items():
            self.reads[key] = replace(self.reads[key], read=len(members))
        return reading


def gather(client: Customerio, order: Order, clock: Clock) -> Generator[Message, None, Gathered]:
    """Read segments whole, telling the operator how far it is.

    Raises:
        ConnectorError: The list of segments cannot be read, so nothing can be believed.
    """
    gathered = Gathered()
    for number, segment in enumerate(order.segments, 1):
        _one(client, order, segment, gathered, clock)
        members = _size(gathered, segment.id)
        text = f"Segment {segment.id}, {number} of {len(order.segments)}: {members}."
        yield Log("INFO", text)
    if order.segments:
        _look_again(client.segments(), order.segments, gathered)
    for key in order.expelling:
        gathered.pages[key] = []
        about = About(order.names.get(key, ""), "", order.at_ms)
        gathered.reads[key] = SegmentRead(about, about.name, expelled=True)
    return gathered


def _one(
    client: Customerio, order: Order, segment: Segment, gathered: Gathered, clock: Clock
) -> None:
    began = clock()
    try:
        pages = [People.of(*page) for page in client.membership(segment.id)]
        reported = client.customer_count(segment.id)
    except SegmentGone:
        gathered.gone.add(segment.id)
    except ValueError:
        gathered.failures[segment.id] = _unusable(segment.id)
    except ConnectorError as error:
        gathered.failures[segment.id] = error
    else:
        gathered.pages[segment.id] = pages
        about = About(order.names[segment.id], definition_hash(segment), order.at_ms)
        gathered.reads[segment.id] = SegmentRead(
            about=about,
            name=segment.name,
            state=segment.state,
            finished=segment.is_finished,
            released=segment.id in order.released,
            reported=reported,
            read=sum(map(len, pages)),
            duration_ms=clock() - began,
        )


def _look_again(after: Sequence[Segment], before: Sequence[Segment], gathered: Gathered) -> None:
    """Compare the segments as listed after the read with the list before it."""
    listed = {segment.id: segment for segment in after}
    for segment in before:
        read = gathered.reads.get(segment.id)
        if read is None:
            continue
        now = listed.get(segment.id)
        gathered.reads[segment.id] = replace(
            read,
            listed=now is not None,
            state=now.state if now else read.state,
            finished=read.finished and (now is None or now.is_finished),
            redefined=now is not None and definition_hash(now) != read.about.definition_hash,
        )


def _size(gathered: Gathered, key: int) -> str:
    if key in gathered.reads:
        return f"{gathered.reads[key].read} members read"
    return "not found" if key in gathered.gone else "could not be read"


def _unusable(key: int) -> ConnectorError:
    return ConnectorError(
        f"Segment {key} was answered with a member who has no usable cio_id, so it is not "
        "known who is in it. Report this to the connector's authors.",
        Fault.SYSTEM,
    )
