"""Segments and told profiles in a state. Pure; ``codec`` puts them together with the people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from source_customerio_segments.snapshot.columns import Places
from source_customerio_segments.snapshot.members import About, Members
from source_customerio_segments.snapshot.memory import Told
from source_customerio_segments.state.packing import (
    from_planes,
    from_steps,
    pack,
    steps,
    to_planes,
    unpack,
)

Packed = dict[str, Any]


def pack_members(members: Members) -> Packed:
    """Write the members of a segment, whose places count in the order people are written."""
    order = np.argsort(members.places)
    value: Packed = {
        "name": members.about.name,
        "definition_hash": members.about.definition_hash,
        "read_at": members.about.read_at,
        "members": pack(to_planes(steps(members.places[order]))),
    }
    if members.entered_at.any():
        times, which = np.unique(members.entered_at[order], return_inverse=True)
        value["entered_at"] = pack(to_planes(steps(times)) + to_planes(which))
    if members.uncertain.any():
        value["uncertain"] = pack(np.packbits(members.uncertain[order]).tobytes())
    return value


def read_members(value: Mapping[str, Any], ranks: Places) -> Members:
    """Undo :func:`pack_members`; *ranks* says where each person written has gone."""
    places = ranks[from_steps(from_planes(unpack(value["members"]))[0])]
    entered_at = np.zeros(len(places), np.int64)
    if "entered_at" in value:
        entered_at = _read_times(value["entered_at"])
    uncertain = _read_bits(value.get("uncertain"), len(places))
    order = np.argsort(places)
    return Members(places[order], entered_at[order], uncertain[order], read_about(value))


def read_about(value: Mapping[str, Any]) -> About:
    """Read what is remembered of a segment besides its members."""
    return About(str(value["name"]), str(value["definition_hash"]), int(value["read_at"]))


def pack_told(told: Told) -> Packed:
    """Write what has been told of profiles, in the order people are written."""
    times, which = np.unique(told.read_at, return_inverse=True)
    value: Packed = {
        "known": pack(np.packbits(told.known).tobytes()),
        "uncertain": pack(np.packbits(told.uncertain).tobytes()),
        "digests": pack(to_planes(told.digests)),
        "read_at": pack(to_planes(steps(times)) + to_planes(which)),
    }
    if told.learned.any():
        value["learned"] = pack(np.packbits(told.learned).tobytes())
    return value


def read_told(value: Mapping[str, Any], count: int) -> Told:
    """Undo :func:`pack_told` for *count* people."""
    return Told(
        known=_read_bits(value["known"], count),
        uncertain=_read_bits(value["uncertain"], count),
        digests=from_planes(unpack(value["digests"]))[0].astype(np.uint32),
        read_at=_read_times(value["read_at"]),
        learned=_read_bits(value.get("learned"), 2 * count).reshape(2, count),
    )


def _read_times(text: object) -> NDArray[np.int64]:
    times, rest = from_planes(unpack(text))
    which, _ = from_planes(rest)
    return from_steps(times)[which.astype(np.int64)]


def _read_bits(text: object, count: int) -> NDArray[np.bool_]:
    if text is None:
        return np.zeros(count, np.bool_)
    bits = np.unpackbits(np.frombuffer(unpack(text), np.uint8), count=count)
    return bits.astype(np.bool_)
