"""How far the events have been read, and which of the last day have been told. Pure.

Events may arrive late: an app that was offline sends yesterday's today. So every sync reads back a
day further than it got, and remembers, for that day, which events it has told: each is told once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from source_customerio_segments.changes import Activity
from source_customerio_segments.errors import ConnectorError, Fault
from source_customerio_segments.state.packing import (
    DamagedError,
    from_planes,
    from_steps,
    pack,
    steps,
    to_planes,
    unpack,
)

VERSION = 1
DAY_S = 86_400
LOOK_BACK_S = DAY_S
GUARANTEED_S = 30 * DAY_S  # App API reference, activities: older ones may be missing
ALL_NAMES = ""  # the key of the cursor when no names are selected
DIGEST_BYTES = 6  # among 100,000 events a new one is taken for an old one once in 3 billion
BYTES_PER_EVENT = 10  # in the state, about


@dataclass(slots=True)
class Progress:
    """What the state holds.

    Attributes:
        cursors: Event name to the time of the newest event read, unix seconds.
        told: Digests of the events told that a later sync may meet again, and their times.
    """

    cursors: dict[str, int] = field(default_factory=dict)
    told: dict[int, int] = field(default_factory=dict)

    def since(self, name: str, earliest: int) -> int:
        """Return from when on events of *name* are read, unix seconds."""
        return max(earliest, self.cursors.get(name, 0) - LOOK_BACK_S)

    def tell(self, event: Activity) -> bool:
        """Return whether *event* is news, and remember that it has been told."""
        key = digest(event.id)
        known = key in self.told
        self.told[key] = event.timestamp
        return not known

    def arrive(self, name: str, newest: int, now: int) -> None:
        """Note that all events of *name* have been read up to *newest*, or to *now* if earlier.

        A clock that is wrong somewhere dates events in the future; they must not hide the present.
        """
        self.cursors[name] = max(self.cursors.get(name, 0), min(newest, now))

    def forget(self, names: Collection[str], most: int) -> int:
        """Drop what no later sync can meet, and beyond *most* events the oldest.

        Returns:
            How many of the latter: they may be told twice.
        """
        oldest = min((self.cursors.get(name, 0) for name in names), default=0) - LOOK_BACK_S
        kept = {key: at for key, at in self.told.items() if at >= oldest}
        newest_first = sorted(kept.items(), key=lambda each: -each[1])
        self.told = dict(newest_first[:most])
        return max(0, len(kept) - most)


def digest(event_id: str) -> int:
    """Shorten an event's id."""
    return int.from_bytes(blake2b(event_id.encode(), digest_size=DIGEST_BYTES).digest(), "big")


def encode(progress: Progress) -> dict[str, Any]:
    """Write the state: ``{"version": 1, "cursors": {"": 1792000000}, "told": "z…"}``."""
    ordered = sorted(progress.told.items())
    digests = np.array([key for key, _ in ordered], np.int64)
    times = np.array([at for _, at in ordered], np.int64)
    raw = to_planes(steps(digests)) + to_planes(times)
    return {"version": VERSION, "cursors": dict(progress.cursors), "told": pack(raw)}


def decode(value: Mapping[str, Any]) -> Progress:
    """Read the state; ``{}`` is the one before the first sync.

    Raises:
        ConnectorError: It is of an unknown version or damaged; says so, and what to do.
    """
    if not value:
        return Progress()
    if value.get("version") != VERSION:
        raise ConnectorError(
            f"The version of the state of events, {value.get('version')!r}, is not {VERSION}. Use "
            "the version of this connector that wrote it, or reset the stream.",
            Fault.CONFIG,
        )
    try:
        return _decoded(value)
    except (AttributeError, DamagedError, KeyError, TypeError, ValueError):
        raise ConnectorError(
            "The state of events is damaged. Restore it, or reset the stream: the last 30 days "
            "are read again then.",
            Fault.CONFIG,
        ) from None


def _decoded(value: Mapping[str, Any]) -> Progress:
    digests, rest = from_planes(unpack(value["told"]))
    times, _ = from_planes(rest)
    keys = from_steps(digests).tolist()
    told = dict(zip(keys, times.astype(np.int64).tolist(), strict=True))
    return Progress({str(name): int(at) for name, at in value["cursors"].items()}, told)
