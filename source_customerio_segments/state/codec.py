"""A snapshot as the JSON value that the runner keeps, and back. Pure.

Two forms. With *identifiers*, every exit and change can be told completely. With *digests*, for
snapshots that would be larger than the limit, of each person only the cio_id and 16 bits of the
identifiers are kept; who exits must be looked up. ``docs/state.md`` gives sizes and guarantees.

Example::

    {"version": 1, "form": "identifiers", "changed_at": 1795662000000, "count": 2,
     "cio_ids": "z...", "emails": "b...", "ids": "b...",
     "segments": {"7": {"name": "VIP", "definition_hash": "9f...", "read_at": 1795662000000,
                        "members": "z...", "entered_at": "z...", "uncertain": "z..."}},
     "checksum": "d1..."}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.snapshot.columns import Places, Texts
from source_customerio_segments.snapshot.gaps import are_known, shown
from source_customerio_segments.snapshot.members import About
from source_customerio_segments.snapshot.memory import Snapshot, referred
from source_customerio_segments.snapshot.people import People
from source_customerio_segments.state.cio_ids import pack_cio_ids, unpack_cio_ids
from source_customerio_segments.state.packing import (
    DamagedError,
    from_planes,
    pack,
    pack_words,
    to_planes,
    unpack,
)
from source_customerio_segments.state.segments import (
    Packed,
    pack_members,
    pack_told,
    read_about,
    read_members,
    read_told,
)
from source_customerio_segments.state.texts import pack_texts, unpack_texts

VERSION = 1
IDENTIFIERS, DIGESTS = "identifiers", "digests"
MEGABYTE = 1_000_000
# No identifiers pack to less than this, so larger crowds need not be tried.
LEAST_BYTES_PER_PERSON = 3


class Encoder:
    """Writes the snapshots of one stream; people who stay the same are packed only once.

    Args:
        max_megabytes: Identifiers are kept while a state stays within that.
    """

    def __init__(self, max_megabytes: float) -> None:
        self._limit = max_megabytes * MEGABYTE
        self._pack_people = lru_cache(maxsize=2)(_pack_people)  # one for each form

    def encode(self, snapshot: Snapshot) -> Packed:
        """Write a snapshot, with identifiers while there is room.

        One with digests gets identifiers again when everybody has been read once more.
        """
        rows = np.flatnonzero(referred(snapshot))
        if len(rows) * LEAST_BYTES_PER_PERSON <= self._limit and _are_known(snapshot, rows):
            value = self._encoded(snapshot, rows, IDENTIFIERS)
            if len(orjson.dumps(value)) <= self._limit:
                return value
        return self._encoded(snapshot, rows, DIGESTS)

    def _encoded(self, snapshot: Snapshot, rows: Places, form: str) -> Packed:
        people = snapshot.people
        if form == DIGESTS:  # pages are what a digest will be compared with
            people = shown(people, snapshot.learned)
        written, columns = self._pack_people(people, rows.tobytes(), form)
        value: Packed = {
            "version": VERSION,
            "form": form,
            "changed_at": snapshot.changed_at,
            "count": len(written),
            **columns,
        }
        ranks = np.zeros(len(snapshot.people), np.int64)
        ranks[written] = np.arange(len(written))
        value["segments"] = {
            str(key): pack_members(each.moved_to(ranks)) for key, each in snapshot.segments.items()
        }
        if len(snapshot.was) and form == IDENTIFIERS:
            everybody = np.arange(len(snapshot.was))
            value["was"] = _pack_people(snapshot.was, everybody.tobytes(), form)[1]
        if snapshot.told is not None:
            value["told"] = pack_told(snapshot.told.take(written))
        return {**value, "checksum": _checksum(value)}


def decode(value: Mapping[str, Any]) -> Snapshot:
    """Read a snapshot; no state at all, ``{}``, is the empty one.

    Raises:
        ConnectorError: The state is of an unknown version or damaged; says so, and what to do.
    """
    if not value:
        return Snapshot()
    check(value)
    try:
        return _decoded(value)
    except (DamagedError, KeyError, IndexError, TypeError, ValueError) as error:
        raise _damaged() from error


def check(value: Mapping[str, Any]) -> None:
    """Refuse a state that cannot be read, before anything is done with it.

    Raises:
        ConnectorError: As :func:`decode`.
    """
    if not value:
        return
    if value.get("version") != VERSION:
        raise ConnectorError(
            f"The state's version {value.get('version')!r} is not {VERSION}: it was written by "
            "another version of this connector. Use that one, or reset the stream to rebuild it.",
            Fault.CONFIG,
        )
    if value.get("checksum") != _checksum(value):
        raise _damaged()


def abouts(value: Mapping[str, Any]) -> dict[int, About]:
    """Read what a state remembers of its segments, without unpacking their members.

    Raises:
        ConnectorError: As :func:`decode`.
    """
    try:
        return {int(key): read_about(each) for key, each in value.get("segments", {}).items()}
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise _damaged() from error


def _damaged() -> ConnectorError:
    return ConnectorError(
        "The state is damaged: it is not what this connector wrote. Restore it, or reset the "
        "stream to rebuild it; exits since then can only be found by a full comparison.",
        Fault.CONFIG,
    )


def _checksum(value: Mapping[str, Any]) -> str:
    content = {key: each for key, each in value.items() if key != "checksum"}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _are_known(snapshot: Snapshot, rows: Places) -> bool:
    return bool(are_known(snapshot.people, snapshot.learned)[rows].all())


def _pack_people(people: People, which: bytes, form: str) -> tuple[Places, Packed]:
    """Write the people at the places *which*; return them in the order written."""
    rows = np.frombuffer(which, np.int64)
    raw, order = pack_cio_ids(people.cio_ids[rows])
    rows = rows[order]
    value: Packed = {"cio_ids": pack(raw)}
    if form == DIGESTS:
        return rows, {**value, "digests": pack(to_planes(people.digests()[rows]))}
    for name, column in (("emails", people.emails), ("ids", people.ids)):
        value[name] = pack_words(pack_texts(column.take(rows)))
    return rows, value


def _decoded(value: Mapping[str, Any]) -> Snapshot:
    people, ranks = _read_people(value)
    segments = {int(key): read_members(each, ranks) for key, each in value["segments"].items()}
    snapshot = Snapshot(people, segments, changed_at=int(value["changed_at"]))
    if "was" in value:
        snapshot = replace(snapshot, was=_read_people(value["was"])[0])
    if "told" in value:
        told = read_told(value["told"], len(people))
        snapshot = replace(snapshot, told=told.moved_to(ranks, len(people)))
    return snapshot


def _read_people(value: Mapping[str, Any]) -> tuple[People, Places]:
    """Read people; return them sorted by cio_id, and where each row of the state has gone."""
    cio_ids = unpack_cio_ids(unpack(value["cio_ids"]))
    order = np.argsort(cio_ids, kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    if "emails" in value:
        emails, ids = (_read_texts(value[name], len(cio_ids)) for name in ("emails", "ids"))
        people = People(cio_ids, emails, ids)
    else:
        marks = from_planes(unpack(value["digests"]))[0].astype(np.uint16)
        people = People(cio_ids, Texts.nulls(len(cio_ids)), Texts.nulls(len(cio_ids)), marks)
    return people.take(order), ranks


def _read_texts(text: object, count: int) -> Texts:
    texts = unpack_texts(unpack(text))
    if len(texts) != count:
        raise DamagedError("a column of identifiers has another length than its people")
    return texts
