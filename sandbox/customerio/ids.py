"""The identifiers the App API hands out: cio_ids, activity ids and page tokens. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib

WORKSPACE_ID = 106338
SHARDS = 3
FIRST_COUNTER = 427_000

# What base 32 writes with A to V, Crockford's ULIDs write without I, L, O and U.
CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUV", b"ABCDEFGHJKMNPQRSTVWXYZ")
ULID_LENGTH = 26
MOST_STORABLE = 2**63 - 1  # SQLite's integers
# An activity token is one big integer: the timestamp, then eight digits of sequence number.
ACTIVITY_SEQUENCES = 10**8


class BadTokenError(ValueError):
    """A page token that this workspace never gave."""


def varint(number: int) -> bytes:
    """Encode a non-negative integer as an unsigned LEB128 varint: 300 is ``ac 02``."""
    encoded = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte is what LEB128 is
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def cio_id(position: int) -> str:
    """Name the person at *position*: lower-case hex of workspace, shard and counter varints.

    The same position gives the same id, two positions never do: ``e2be0601d88801``.
    """
    return (_WORKSPACE + varint(position % SHARDS) + varint(FIRST_COUNTER + position)).hex()


_WORKSPACE = varint(WORKSPACE_ID)


def ulid(timestamp_ms: int, sequence: int) -> str:
    """Give an activity its 26-character ULID: 48 bits of arrival time, 80 that tell it apart."""
    tail = hashlib.blake2b(sequence.to_bytes(8, "big"), digest_size=10).digest()
    number = (timestamp_ms << 80) | int.from_bytes(tail, "big")
    digits = base64.b32hexencode(number.to_bytes(20, "big"))
    return digits[-ULID_LENGTH:].translate(CROCKFORD).decode()


def membership_token(position: int) -> str:
    """Encode where a page ended: ``MDo2MQ==`` is ``0:61``."""
    return base64.b64encode(f"0:{position}".encode()).decode()


def membership_position(token: str) -> int:
    """Decode a token that :func:`membership_token` made; an empty one is the beginning.

    Raises:
        BadTokenError: The token is not one of ours.
    """
    if not token:
        return 0
    try:
        _shard, _, position = base64.b64decode(token, validate=True).decode().partition(":")
        return _in_range(int(position))
    except (binascii.Error, ValueError) as error:
        raise BadTokenError("start is not a token of this endpoint") from error


def activity_token(timestamp: int, sequence: int) -> str:
    """Encode the last activity of a page, e.g. ``179200000000000014``."""
    return str(timestamp * ACTIVITY_SEQUENCES + sequence)


def activity_position(token: str) -> tuple[int, int]:
    """Decode :func:`activity_token` to (timestamp, sequence).

    Raises:
        BadTokenError: The token is not a whole number.
    """
    if not token.isdecimal():
        raise BadTokenError("start is not a token of this endpoint")
    return divmod(_in_range(int(token)), ACTIVITY_SEQUENCES)


def _in_range(number: int) -> int:
    if not 0 <= number <= MOST_STORABLE:
        raise BadTokenError("start is not a token of this endpoint")
    return number
