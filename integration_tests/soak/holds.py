"""Which segments are held, and what ``segment_syncs`` and the warnings say of that."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from integration_tests.soak.checks import Scene
from integration_tests.soak.truth import Membership
from integration_tests.soak.warehouse import Table

MASS_EXIT = "mass_exit"


def wrong_rows(
    scene: Scene, exits: Collection[Membership], warned: Collection[int]
) -> Iterator[str]:
    """Compare a whole sync's ``segment_syncs`` with the exits it told and the warnings it gave.

    Args:
        scene: The sync.
        exits: Memberships reported as ended.
        warned: Segments of which a warning says that exits are held.
    """
    for key, row in scene.rows.items():
        told = sum(segment == key for segment, _ in exits)
        if row["exited"] != told:
            yield f"segment {key}: {told} exits told, its row says {row['exited']}"
        if row["held"] and row["held_reason"] not in {"unreadable", "gone"} and key not in warned:
            yield f"segment {key}: held for {row['held_reason']} without a warning"
    for key in set(warned) - {key for key, row in scene.rows.items() if row["held"]}:
        yield f"segment {key}: held according to a warning, not according to its row"


@dataclass(frozen=True, slots=True)
class Rules:
    """``max_exit_percent``, ``max_exit_minimum``, ``release_segments``."""

    percent: float
    minimum: int
    released: frozenset[int]

    def hold(self, segment: int, exits: int, before: int) -> str | None:
        """Return why a segment that is read whole is held."""
        many = exits >= max(self.minimum, 1) and exits * 100 > before * self.percent
        return MASS_EXIT if many and segment not in self.released else None


def wrong_holds(scene: Scene, told: Table, rules: Rules) -> Iterator[str]:
    """Find segments held without reason, and mass exits that were let through.

    Args:
        scene: The sync.
        told: The memberships as they were before it; nothing was open.
        rules: The settings of the gate.
    """
    for key in scene.after.segments.keys() & scene.rows.keys() - scene.unknown:
        members = {place[1] for place in told.present() if place[0] == key}
        exits = len(members - scene.after.segments[key])
        expected = rules.hold(key, exits, len(members))
        reason = scene.rows[key]["held_reason"]
        if reason != expected:
            left = f"{exits} of {len(members)} left"
            yield f"segment {key}: held for {reason}, expected {expected} ({left})"
