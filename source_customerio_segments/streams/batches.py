"""Memberships by the thousand, written as JSON without a dict for each. Pure.

The parts that all records of a batch share are written once; what differs is put between them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from orjson import dumps, loads

from source_customerio_segments.changes import Batch, Message, Record, Single
from source_customerio_segments.snapshot.members import UNKNOWN
from source_customerio_segments.snapshot.persons import Person, Persons
from source_customerio_segments.streams.records import instant, membership

_NOBODY = Person("", None, None, None, None)


def memberships(
    segment: tuple[int, str],
    people: Persons,
    entered_at: Sequence[int],
    status: str,
    changed_at: int,
) -> list[bytes]:
    """Write for each of *people* what `records.membership` says, byte for byte as orjson would.

    Args:
        segment: Id and name.
        people: Identifiers now, or as last seen.
        entered_at: When the entry of each was detected, epoch milliseconds; 0 if nobody knows.
        status: ``member`` or ``exited``.
        changed_at: When this was detected, epoch milliseconds.
    """
    shared = membership(segment, _NOBODY, status, UNKNOWN, changed_at)
    entered = [None if at == UNKNOWN else instant(at) for at in entered_at]
    return _written(shared, {**people._asdict(), "entered_at": entered})


def _written(shared: Mapping[str, object], columns: Mapping[str, list[str | None]]) -> list[bytes]:
    """Write records that are *shared* but for *columns*; a column of nulls is shared as well."""
    differing = {key: columns[key] for key in shared if any(columns.get(key, ()))}
    template = _template(shared, differing)
    rows = zip(*(map(dumps, column) for column in differing.values()), strict=True)
    return list(map(template.__mod__, rows))


def _template(record: Mapping[str, object], differing: Collection[str]) -> bytes:
    """Return *record* as JSON with ``%b`` for the fields that differ from one to the next."""
    fields = (
        b"%b:%b" % (dumps(key), b"%b" if key in differing else _literal(value))
        for key, value in record.items()
    )
    return b"{" + b",".join(fields) + b"}"


def _literal(value: object) -> bytes:
    return dumps(value).replace(b"%", b"%%")


def apart(messages: Iterable[Message]) -> Iterator[Single]:
    """Yield the records of batches one by one, and everything else as it is."""
    for message in messages:
        if isinstance(message, Batch):
            yield from (Record(message.stream, loads(each)) for each in message.records)
        else:
            yield message
