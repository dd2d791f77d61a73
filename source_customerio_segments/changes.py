"""The source's vocabulary: what Customer.io answered, and what goes to the runner.

Plain values, no behaviour and no framework. ``client`` makes the first half, ``reader`` turns it
into the second, ``run`` and ``source`` put that on stdout as Airbyte messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from source_customerio_segments.errors import ConnectorError

# --- what Customer.io answered -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment as ``GET /v1/segments`` lists it; *raw* is the whole object, unknown keys too."""

    id: int
    name: str
    state: str
    raw: Mapping[str, Any]

    @property
    def is_finished(self) -> bool:
        """Whether Customer.io has worked out who belongs to it; anything else is *unknown*."""
        return self.state == "finished"


class Page(NamedTuple):
    """One page of members as three columns of equal length, in the API's order.

    Columns, because a page holds up to 30,000 people and is compared as a whole.
    """

    cio_ids: list[str]
    emails: list[str | None]
    ids: list[str | None]


class Profile(NamedTuple):
    """One person with attributes, from ``POST /v1/customers/attributes``.

    Attribute values are the strings Customer.io holds.
    """

    cio_id: str
    email: str | None
    id: str | None
    unsubscribed: bool
    attributes: dict[str, Any]


class Activity(NamedTuple):
    """Something that happened to a person, from ``GET /v1/activities``.

    *kind* is Customer.io's ``type`` (``event``, ``profile_delete``, …); *name* is an event's own;
    *timestamp* is in unix seconds, and may lie in the past or the future of its arrival.
    """

    id: str
    kind: str
    name: str | None
    timestamp: int
    cio_id: str | None
    customer_id: str | None
    email: str | None
    data: dict[str, Any]


# --- what goes to the runner -------------------------------------------------------------------


class Record(NamedTuple):
    """One record of *stream*; a null in *data* is meant and must reach the destination."""

    stream: str
    data: dict[str, Any]


class Batch(NamedTuple):
    """Records of *stream*, each as JSON already: ``b'{"segment_id":7,…}'``."""

    stream: str
    records: list[bytes]


class State(NamedTuple):
    """A checkpoint of *stream*: the records before it in the output are exactly those it covers."""

    stream: str
    value: dict[str, Any]


class StreamStatus(str, Enum):
    """The Airbyte protocol's stream statuses."""

    STARTED = "STARTED"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"


class Status(NamedTuple):
    """A change in the life of *stream*."""

    stream: str
    status: StreamStatus


class Trouble(NamedTuple):
    """*stream* could not be read whole; the sync goes on and ends with exit code 1."""

    stream: str
    error: ConnectorError


class Log(NamedTuple):
    """A line for the operator: no secret, no personal data. *level* is ``INFO`` or ``WARN``."""

    level: str
    text: str


class Estimate(NamedTuple):
    """How many records of *stream* are to come, about."""

    stream: str
    records: int


Single = Record | State | Status | Trouble | Log | Estimate  # as the protocol has them
Message = Single | Batch
