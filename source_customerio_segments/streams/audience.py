"""Who is in the audience, and whose profile has to be read or told. Pure.

The audience is everyone in at least one selected segment, held members included.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from zlib import crc32

import numpy as np

from source_customerio_segments.changes import Profile
from source_customerio_segments.segments.comparison import Comparison
from source_customerio_segments.snapshot.columns import Mask, Places
from source_customerio_segments.snapshot.members import Members
from source_customerio_segments.snapshot.memory import Told
from source_customerio_segments.streams.records import selected as selected_attributes

MINUTE_MS = 60_000
DIGEST_MASK = 0xFFFFFF  # of 16 million changes one goes unnoticed until the next


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What the profiles stream does in this sync; all places count in the comparison's table.

    Attributes:
        segments: The members of the selected segments as they are to be told.
        told: What has been told, with everything about to be told marked as uncertain.
        news: Whose profile is read and told: entered, changed segments or identifiers, announced.
        leaving: Whose exit is told: in no selected segment any more.
        due: Whose profile is read again, and told if the attributes changed.
    """

    segments: Mapping[int, Members]
    told: Told
    news: Places
    leaving: Places
    due: Places

    def segments_of(self, places: Places) -> list[list[int]]:
        """Return for each of *places* the ids of the selected segments they are in."""
        inside: list[list[int]] = [[] for _ in places]
        for key, members in self.segments.items():
            for row in np.flatnonzero(np.isin(places, members.places)).tolist():
                inside[row].append(key)
        return inside


def plan(
    comparison: Comparison, selected: Collection[int], refresh_minutes: int, now_ms: int
) -> Plan:
    """Decide whose profile to read and to tell.

    Args:
        comparison: Snapshot against reading.
        selected: The segments that make the audience.
        refresh_minutes: How old attributes may get; 0 reads everyone's in every sync.
        now_ms: The clock.
    """
    count = len(comparison.meeting.people)
    told = comparison.told or Told.nothing(count)
    segments = _after(comparison, selected)
    inside = _mask(segments.values(), count)
    news = inside & (~told.known | told.uncertain | _touched(comparison, selected, count))
    leaving = told.known & ~inside
    # A read in the future means that the clock has gone back: nobody knows how old it is.
    fresh = (told.read_at <= now_ms) & (now_ms < told.read_at + refresh_minutes * MINUTE_MS)
    return Plan(
        segments,
        replace(told, known=told.known | inside, uncertain=told.uncertain | news | leaving),
        np.flatnonzero(news),
        np.flatnonzero(leaving),
        np.flatnonzero(inside & told.known & ~news & ~fresh),
    )


def digest(found: Profile, attributes: Sequence[str]) -> int:
    """Digest what a profile record shows to 24 bits.

    Attributes that begin with ``_`` are Customer.io's own bookkeeping (``_last_emailed``): they
    change all the time and mean nothing downstream.
    """
    shown = selected_attributes(found.attributes, attributes)
    kept = {name: value for name, value in shown.items() if not name.startswith("_")}
    content = [found.unsubscribed, found.email, found.id, kept]
    return crc32(json.dumps(content, sort_keys=True).encode()) & DIGEST_MASK


def _after(comparison: Comparison, selected: Collection[int]) -> dict[int, Members]:
    """Return the selected segments as told; whom exactly, ``Told`` knows, so none is uncertain."""
    applied = {key: change.applied() for key, change in comparison.changes.items()}
    return {
        key: replace(members, uncertain=np.zeros(len(members), np.bool_))
        for key, members in (comparison.before | applied).items()
        if key in selected and key not in comparison.expelled
    }


def _touched(comparison: Comparison, selected: Collection[int], count: int) -> Mask:
    """Tell who changed identifiers or segments; one no longer selected touches its members."""
    touched = comparison.meeting.renamed.copy()
    for change in comparison.changes.values():
        touched[change.told.entered] = True
        touched[change.told.exited] = True
    dropped = [each for key, each in comparison.before.items() if key not in selected]
    return touched | _mask(dropped, count)


def _mask(segments: Collection[Members], count: int) -> Mask:
    mask = np.zeros(count, np.bool_)
    for members in segments:
        mask[members.places] = True
    return mask
