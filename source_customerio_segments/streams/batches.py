"""Memberships by the thousand, written as JSON without a dict for each. Pure.

The parts that all records of a batch share are written once; what differs is put between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orjson import dumps, loads

from source_customerio_segments.changes import Batch, Message, Record, Single
from source_customerio_segments.snapshot.members import UNKNOWN
from source_customerio_segments.snapshot.persons import Person
from source_customerio_segments.streams.records import instant, membership

_NOBODY = Person("", None, None, None, None)
_DIFFERING = {*Person._fields, "entered_at"}


def memberships(
    segment: tuple[int, str],
    people: Iterable[tuple[Person, int]],
    status: str,
    changed_at: int,
) -> list[bytes]:
    """Write for each of *people* what `records.membership` says, byte for byte as orjson would.

    Args:
        segment: Id and name.
        people: Identifiers now, or as last seen; with the instant of the entry.
        status: ``member`` or ``exited``.
        changed_at: When this was detected, epoch milliseconds.
    """
    template = _template(membership(segment, _NOBODY, status, UNKNOWN, changed_at))
    return [
        template
        % (
            dumps(cio_id),
            dumps(own_id),
            dumps(email),
            dumps(None if entered_at == UNKNOWN else instant(entered_at)),
            dumps(previous_email),
            dumps(previous_id),
        )
        for (cio_id, email, own_id, previous_email, previous_id), entered_at in people
    ]


def _template(record: dict[str, object]) -> bytes:
    """Return *record* as JSON with ``%b`` for what differs from person to person."""
    fields = (
        b"%b:%b" % (dumps(key), b"%b" if key in _DIFFERING else _literal(value))
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
