"""Rows into batches that one Collections call can take, and batches into smaller ones. Pure.

Source of the limits and of the rule on repeated keys: REST API guide, sObject Collections.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from destination_salesforce_intro.changes import Create, Delete, Row, Update, Value
from destination_salesforce_intro.salesforce.answers import Verb

MAX_ROWS = 200  # of one Collections call
MAX_BATCH_BYTES = 1_000_000  # five of them stay far below the limit of a request's body
PIECES = 5  # of a batch that is cut; as many as travel in one request, so they cost one call
ID_LENGTHS = (15, 18)


class Target(NamedTuple):
    """What rows must share to travel in one Collections call or one Bulk job."""

    verb: Verb
    object: str
    key_field: str | None


class Batch(NamedTuple):
    """Rows for one Collections call; no record and no key is in it twice."""

    target: Target
    rows: tuple[Row, ...]


def target_of(row: Row) -> Target:
    """Return what *row* has to share with its neighbours."""
    if isinstance(row, Delete):
        return Target("delete", row.object, None)
    if isinstance(row, Update):
        return Target("update", row.object, None)
    return Target("upsert" if row.key_field else "create", row.object, row.key_field)


def grouped(rows: Iterable[Row]) -> dict[Target, list[Row]]:
    """Sort *rows* by target; targets in order of their first row, rows in their order."""
    groups: dict[Target, list[Row]] = {}
    for row in rows:
        groups.setdefault(target_of(row), []).append(row)
    return groups


def batches(rows: Iterable[Row], max_rows: int = MAX_ROWS) -> list[Batch]:
    """Cut *rows* into batches of at most *max_rows*, each small enough to send.

    Rows on one record stay in their order, in different batches: Salesforce refuses every row of
    a key that it meets twice in one call.
    """
    return [
        Batch(target, tuple(chunk))
        for target, group in grouped(rows).items()
        for chunk in _chunks(group, max_rows)
    ]


def waves(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Part *rows* so that each record and each key is in a part once; nearly always one part.

    What comes later for a record is in a later part, to be sent when the earlier one is settled.
    """
    names = [(row.object, getattr(row, "key_field", None), _key(row)) for row in rows]
    if len(set(names)) == len(names):
        return [rows]
    parts: list[list[Row]] = []
    times: Counter[object] = Counter()
    for name, row in zip(names, rows, strict=True):
        if times[name] == len(parts):
            parts.append([])
        parts[times[name]].append(row)
        times[name] += 1
    return list(parts)


def cut(batch: Batch, pieces: int = PIECES) -> list[Batch]:
    """Return *batch* in so many pieces, or single rows, of nearly one size, in order."""
    size = math.ceil(len(batch.rows) / pieces)
    starts = range(0, len(batch.rows), size)
    return [Batch(batch.target, batch.rows[start : start + size]) for start in starts]


def parents(row: Row) -> tuple[str, ...]:
    """Return what rows must share to be written side by side, where they wait for no one's lock.

    Salesforce locks the parents of a row that it writes: an account, a campaign.
    """
    if isinstance(row, Delete):
        return ()
    fields = row.fields
    return tuple(
        [
            str(fields[name])
            for name in _may_link(tuple(fields))
            if "." in name or _is_id(fields[name])
        ]
    )


@lru_cache  # the rows of a mapping name few sets of fields
def _may_link(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if "." in name or name.endswith(("Id", "__c")))


def _is_id(value: Value) -> bool:
    return isinstance(value, str) and len(value) in ID_LENGTHS and value.isalnum()


def _chunks(rows: Sequence[Row], max_rows: int) -> list[list[Row]]:
    chunks: list[list[Row]] = [[]]
    seen: set[str] = set()
    size = 0
    for row in rows:
        key, row_bytes = _key(row), len(orjson.dumps(record(row)))
        full = len(chunks[-1]) == max_rows or size + row_bytes > MAX_BATCH_BYTES
        if chunks[-1] and (full or key in seen):
            chunks.append([])
            seen, size = set(), 0
        chunks[-1].append(row)
        seen.add(key)
        size += row_bytes
    return chunks


def _key(row: Row) -> str:
    """Return what Salesforce may take for the same record as another row's, in any case."""
    if isinstance(row, Create):
        return str(row.fields[row.key_field]).strip().casefold() if row.key_field else str(id(row))
    return row.id[:15]  # the last three characters are a checksum


def record(row: Row) -> dict[str, Any]:
    """Return *row* as one element of ``records``; ``Account.Key__c`` becomes a nested object."""
    if isinstance(row, Delete):
        return {"id": row.id}
    own = {"id": row.id} if isinstance(row, Update) else {}
    return {"attributes": {"type": row.object}, **own, **_nested(row.fields)}


def _nested(fields: Mapping[str, Value]) -> dict[str, Any]:
    if not any("." in name for name in fields):
        return dict(fields)
    nested: dict[str, Any] = {}
    for name, value in fields.items():
        relationship, dot, key = name.partition(".")
        nested.update({relationship: {key: value}} if dot else {name: value})
    return nested
