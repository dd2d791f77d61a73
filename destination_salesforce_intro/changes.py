"""The destination's vocabulary: what arrives, what should hold, what is sent, what became of it.

``protocol`` reads stdin into the first group, ``mapping`` makes the second of it, ``decide`` the
third, ``writer`` the fourth. Plain values that cannot change; nothing here does anything. They are
tuples with names, because several are made for every record and a frozen dataclass takes three
times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, Literal, NamedTuple

# A value as Salesforce's REST API takes it. ``None`` clears the field; an absent key leaves it.
Value = str | int | float | bool | None

# --- what arrives ------------------------------------------------------------------------------


class Received(NamedTuple):
    """One RECORD line. It must end in exactly one outcome.

    *number* is its place among the records of the run, from 1: its name where the same data
    arrives twice.
    """

    stream: str
    number: int
    data: Mapping[str, Any]


class Records(NamedTuple):
    """RECORD lines of one stream that no STATE came between, in their order; so many bytes long."""

    stream: str
    received: Sequence[Received]
    size_bytes: int = 0


class Checkpoint(NamedTuple):
    """One STATE line, as it came: ``{"type": "STATE", "state": {"type": "STREAM", …}, …}``.

    It goes back with every key it came with, unknown ones such as ``id`` included, once every
    record before it is settled.
    """

    stream: str | None  # None for a state that covers every stream
    message: Mapping[str, Any]


class Complete(NamedTuple):
    """The runner says *stream* was read whole (STREAM_STATUS COMPLETE)."""

    stream: str


# --- what should hold --------------------------------------------------------------------------


class Identity(NamedTuple):
    """Who a change is about: one key per identity rule of the mapping, in the rules' order.

    ``keys[i]`` is the value of rule *i*, canonical as its Salesforce field compares (lower-cased
    where the field ignores case), or None where the record has none. ``previous[i]`` is the value
    the person had before, where the record says so (``previous_email``, ``previous_id``).
    At least one key is not None. *scope* tells changes apart that are about one person and yet
    not about the same thing: the segment, where a mapping has several.
    """

    keys: tuple[str | None, ...]
    previous: tuple[str | None, ...]
    scope: str | None = None


class Upsert(NamedTuple):
    """These fields should hold. ``None`` clears a field; a field not named is left alone."""

    mapping: int  # place in config.mappings
    identity: Identity
    fields: Mapping[str, Value]
    changed_at: str | None  # UTC with milliseconds, so that texts compare as times do
    received: tuple[Received, ...]  # every record merged into this change
    truncated: int = 0  # texts cut to the length of their field


class Exit(NamedTuple):
    """The person left: delete the record, or set *fields* (clear = null) where it exists.

    An exit never creates a record.
    """

    mapping: int
    identity: Identity
    action: Literal["delete", "update", "ignore"]
    fields: Mapping[str, Value]
    changed_at: str | None
    received: tuple[Received, ...]


Change = Upsert | Exit

# --- what Salesforce holds, and what is sent ---------------------------------------------------


class Found(NamedTuple):
    """One Salesforce record as a look-up returned it: its Id and the fields asked for."""

    id: str
    fields: Mapping[str, Any]


class Create(NamedTuple):
    """Insert a record; by upsert on *key_field* where given, so that a repeat is harmless.

    A null among *fields* clears, should the record exist after all.
    """

    change: Change
    object: str
    key_field: str | None
    fields: Mapping[str, Value]  # the key field included


class Update(NamedTuple):
    """Change *fields* of the record *id*; never creates.

    Where the new values depend on what the record held, it is *seen*: the update is made only if
    nobody has edited the record since.
    """

    change: Change
    object: str
    id: str
    fields: Mapping[str, Value]
    seen: Found | None = None


class Delete(NamedTuple):
    """Move the record *id* to the recycle bin."""

    change: Change
    object: str
    id: str


Row = Create | Update | Delete

# --- what became of it -------------------------------------------------------------------------


class Result(str, Enum):
    """The one final word on a change. All but REJECTED count as stored."""

    CREATED = "created"
    UPDATED = "updated"
    CLEARED = "cleared"  # an exit that set or cleared fields
    DELETED = "deleted"
    UNCHANGED = "unchanged"  # Salesforce held it already
    NOT_FOUND = "not_found"  # an exit, or an update that must not insert, and no such record
    IGNORED = "ignored"  # the mapping says so
    REJECTED = "rejected"


class Rejection(NamedTuple):
    """Why Salesforce or the mapping refused a change, in words a person can act on.

    *code* is Salesforce's (``REQUIRED_FIELD_MISSING``) or ours for what never reached it
    (``INVALID_VALUE``, ``MISSING_KEY``, ``MULTIPLE_MATCHES``).
    *message* is the vendor's and may quote values: it goes to the rejected file, never to a log.
    """

    code: str
    message: str
    cause: str
    hint: str


class Refused(NamedTuple):
    """A record that could not become a change of the mapping at that place."""

    mapping: int
    received: Received
    rejection: Rejection


class Outcome(NamedTuple):
    """What became of *change*; *rejection* is given exactly when *result* is REJECTED."""

    change: Change
    result: Result
    rejection: Rejection | None = None
