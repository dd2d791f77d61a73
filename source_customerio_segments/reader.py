"""One sync: from Customer.io's answers to messages in their final order. No I/O of its own.

``segments`` first, then ``profiles``, then ``segment_memberships``: a person exists downstream
before a membership refers to them. ``segment_syncs`` comes last and tells how it went. The segments
are read before anything is told, once for all streams.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import numpy as np

from source_customerio_segments.api.customerio import Customerio
from source_customerio_segments.changes import (
    Batch,
    Log,
    Message,
    Record,
    Status,
    StreamStatus,
    Trouble,
)
from source_customerio_segments.config import Config
from source_customerio_segments.errors import ConnectorError, Fault, SegmentGone
from source_customerio_segments.segments.comparison import Comparison, compare
from source_customerio_segments.segments.gates import Limits
from source_customerio_segments.segments.preparation import Prepared, States, prepare
from source_customerio_segments.snapshot.memory import Reading
from source_customerio_segments.state.codec import check, decode
from source_customerio_segments.streams import memberships, syncs
from source_customerio_segments.streams.audience import plan
from source_customerio_segments.streams.catalog import MEMBERSHIPS, PROFILES, SEGMENTS, SYNCS
from source_customerio_segments.streams.checkpoints import Checkpoints, Clock
from source_customerio_segments.streams.completion import Missing, completed
from source_customerio_segments.streams.lookup import MAX_ACTIVITIES
from source_customerio_segments.streams.profiles import Shape, Telling
from source_customerio_segments.streams.records import segment as segment_record

__all__ = ["Customerio", "read"]


def read(
    client: Customerio,
    config: Config,
    streams: Sequence[str],
    states: States,
    clock: Clock,
    overwritten: Collection[str] = (),
) -> Iterator[Message]:
    """Yield one sync of the streams that live on segments; other names are passed over.

    A stream that cannot be read whole ends with ``Trouble`` and ``INCOMPLETE`` after the state of
    what was read; the others go on.

    Args:
        client: Customer.io.
        config: The settings.
        streams: The names of the streams to read; their order does not matter.
        states: The state of each stream as it was last acknowledged; ``{}`` is none.
        clock: The time, epoch milliseconds.
        overwritten: The streams whose records replace what the destination holds: they end
            ``INCOMPLETE`` if a segment may not have been told whole.

    Raises:
        ConnectorError: A state cannot be read; nothing has been asked of Customer.io yet.
    """
    wanted = [name for name in _TELL if name in streams]
    for name in wanted:
        check(states.get(name, {}))
    yield from (Status(name, StreamStatus.STARTED) for name in wanted)
    try:
        prepared = yield from prepare(client, config, wanted, states, clock)
    except ConnectorError as error:
        for name in wanted:
            yield from _ended(name, [error])
        return
    for name in wanted:
        yield from _stream(name, prepared, is_overwritten=name in overwritten)


def _stream(name: str, prepared: Prepared, *, is_overwritten: bool) -> Iterator[Message]:
    failures = [] if name == SEGMENTS else list(prepared.failures.values())
    messages = _TELL[name](prepared)
    try:
        for message in messages:
            if isinstance(message, Record | Batch):
                yield Status(name, StreamStatus.RUNNING)
                yield message
                break
            yield message
        yield from messages
    except ConnectorError as error:
        failures.append(error)
    if is_overwritten and prepared.partial.get(name):
        failures.append(_partial(name, prepared.partial[name]))
    yield from _ended(name, failures)


def _ended(name: str, failures: Sequence[ConnectorError]) -> Iterator[Message]:
    yield from (Trouble(name, error) for error in failures)
    yield Status(name, StreamStatus.INCOMPLETE if failures else StreamStatus.COMPLETE)


def _segments(prepared: Prepared) -> Iterator[Message]:
    for listed in prepared.listed:
        read_already = prepared.reads.get(listed.id)
        try:
            count = (
                read_already.reported if read_already else prepared.client.customer_count(listed.id)
            )
        except SegmentGone:  # archived since it was listed: the next list will not have it
            continue
        yield Record(SEGMENTS, segment_record(listed, count))


def _profiles(prepared: Prepared) -> Iterator[Message]:
    config = prepared.config
    comparison = _compared(PROFILES, prepared)
    yield from prepared.warnings(comparison.changes)
    ids = prepared.selection.ids
    plans = plan(comparison, ids, config.attribute_refresh_minutes, prepared.clock())
    comparison, missing = completed(comparison, plans.leaving, prepared.identifiers)
    yield from _without_identifiers(PROFILES, missing)
    shape = Shape(config.attributes, ids if config.segments else (), prepared.names)
    checkpoints = Checkpoints(PROFILES, prepared.clock, config.max_state_megabytes)
    yield from Telling(comparison, plans, shape, checkpoints, prepared.clock).tell(prepared.client)


def _memberships(prepared: Prepared) -> Iterator[Message]:
    comparison = _compared(MEMBERSHIPS, prepared)
    exiting = [each.told.exited for each in comparison.changes.values()]
    exited = np.unique(np.concatenate([np.empty(0, np.int64), *exiting]))
    comparison, missing = completed(comparison, exited, prepared.identifiers)
    yield from _without_identifiers(MEMBERSHIPS, missing)
    prepared.reading = Reading()  # nobody after this stream needs it, and it is large
    yield from prepared.warnings(comparison.changes)
    checkpoints = Checkpoints(MEMBERSHIPS, prepared.clock, prepared.config.max_state_megabytes)
    yield from memberships.tell(comparison, checkpoints)


def _compared(name: str, prepared: Prepared) -> Comparison:
    config = prepared.config
    limits = Limits(config.max_exit_percent, config.max_exit_minimum)
    snapshot = decode(prepared.states.get(name, {}))
    comparison = compare(snapshot, prepared.reading, prepared.reads, limits, prepared.clock())
    prepared.partial[name] = comparison.partial | (prepared.gone - comparison.before.keys())
    prepared.counts[name] = {key: each.counts() for key, each in comparison.changes.items()}
    return comparison


def _partial(stream: str, segments: Collection[int]) -> ConnectorError:
    numbers = ", ".join(map(str, sorted(segments)))
    return ConnectorError(
        f"{stream} is to overwrite what the destination holds, and may lack members of segments "
        f"{numbers}, who would be taken for gone. Run again once Customer.io has worked these out; "
        "if their members read and customer_count disagree for good, name them in "
        "release_segments.",
        Fault.TRANSIENT,
    )


def _without_identifiers(stream: str, missing: Missing) -> Iterator[Log]:
    if missing.exits:
        yield Log(
            "WARN",
            f"{missing.exits} people exit {stream} with their cio_id alone: {_TOO_LARGE} none "
            f"{_FORGOTTEN}",
        )
    if missing.renamings:
        yield Log(
            "WARN",
            f"{missing.renamings} people in {stream} have other identifiers than before, without "
            f"previous_email and previous_id: {_TOO_LARGE} no such change {_FORGOTTEN}",
        )


_TOO_LARGE = "the state is too large to keep identifiers, and Customer.io has"
_FORGOTTEN = (
    f"in the last {MAX_ACTIVITIES:,} entries of its activity log. A higher max_state_megabytes "
    "keeps them."
)
_TELL: Mapping[str, Callable[[Prepared], Iterator[Message]]] = {
    SEGMENTS: _segments,
    PROFILES: _profiles,
    MEMBERSHIPS: _memberships,
    SYNCS: syncs.tell,
}
