"""Changes of segments, chosen by chance, and how much of each its reads show meanwhile.

A segment has one trouble at a time: two of them can hide each other from anybody (a page that is
short by three and a count that is three too low).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from integration_tests.soak.people_changes import MANUAL
from integration_tests.soak.truth import Truth

Operation = dict[str, Any]
MAX_TROUBLED = 2
VIP = 8

BUILDING, MISCOUNTED, SHORT, ARCHIVED, DELETED = (
    "building",
    "miscounted",
    "short",
    "archived",
    "deleted",
)
# More than the tolerance of gates.py: a smaller loss cannot be told from people who leave.
LOST_PER_PAGE, COUNTED_TOO_MANY = 5, 12
WHOLE = {
    "state": "finished",
    "progress": None,
    "visible_percent": 100,
    "count_skew": 0,
    "page_drop": 0,
}


@dataclass
class Segments:
    """Draws operations on segments and remembers their troubles.

    Args:
        random: Where chance comes from.
        lasting_names: Segments that the settings name, and that keep their name.
        selected: Segments of the settings, which are not deleted; empty for all.

    Attributes:
        troubles: Segments whose reads tell less than the truth, and why.
    """

    random: Random
    lasting_names: frozenset[int] = frozenset()
    selected: frozenset[int] = frozenset()
    troubles: dict[int, str] = field(default_factory=dict)
    _made: int = 0

    def draw(self, truth: Truth) -> list[Operation]:
        """Draw a few operations for between two syncs."""
        operations = self._heal_some()
        for draw, chance in _BETWEEN:
            if self.random.random() < chance:
                operations += self._on_one(draw, truth)
        if self.random.random() < 0.2:
            operations.append({"op": "set_workspace", "page_cap": self.random.randrange(20, 120)})
        return operations

    def draw_during(self, truth: Truth) -> list[Operation]:
        """Draw at most one operation for the middle of a sync."""
        draw = self.random.choice((None, None, *_DURING))
        return [] if draw is None else self._on_one(draw, truth)

    def heal(self) -> list[Operation]:
        """End every trouble that can be ended."""
        return [each for key in list(self.troubles) for each in self._healed(key)]

    def _heal_some(self) -> list[Operation]:
        chosen = [key for key in self.troubles if self.random.random() < 0.4]
        return [each for key in chosen for each in self._healed(key)]

    def _healed(self, key: int) -> list[Operation]:
        if self.troubles[key] == DELETED:
            return []
        trouble = self.troubles.pop(key)
        if trouble == ARCHIVED:
            return [{"op": "unarchive_segment", "segment": key}]
        return [{"op": "set_segment", "segment": key, **WHOLE}]

    def _on_one(self, draw: Draw, truth: Truth) -> list[Operation]:
        whole = sorted(truth.segments.keys() - self.troubles.keys())
        return draw(self, self.random.choice(whole)) if whole else []

    def _trouble(self, key: int, kind: str, operation: Mapping[str, Any]) -> list[Operation]:
        if sum(each != DELETED for each in self.troubles.values()) >= MAX_TROUBLED:
            return []
        self.troubles[key] = kind
        return [{"segment": key, **operation}]

    def _build(self, key: int) -> list[Operation]:
        building = {"state": "build", "progress": 40, "visible_percent": 40}
        return self._trouble(key, BUILDING, {"op": "set_segment", **building})

    def _miscount(self, key: int) -> list[Operation]:
        skewed = {"op": "set_segment", "count_skew": COUNTED_TOO_MANY}
        return self._trouble(key, MISCOUNTED, skewed)

    def _shorten(self, key: int) -> list[Operation]:
        return self._trouble(key, SHORT, {"op": "set_segment", "page_drop": LOST_PER_PAGE})

    def _archive(self, key: int) -> list[Operation]:
        return self._trouble(key, ARCHIVED, {"op": "archive_segment"})

    def _delete(self, key: int) -> list[Operation]:
        if key <= MANUAL or key in self.selected:
            return []
        return self._trouble(key, DELETED, {"op": "delete_segment"})

    def _rename(self, key: int) -> list[Operation]:
        if key in self.lasting_names:
            return []
        self._made += 1
        return [{"op": "edit_segment", "segment": key, "name": f"Renamed {self._made}"}]

    def _redefine(self, key: int) -> list[Operation]:
        if key < VIP or key == MANUAL:
            return []
        return [{"op": "edit_segment", "segment": key, "conditions": self._conditions()}]

    def _create(self, _key: int) -> list[Operation]:
        self._made += 1
        name = f"Made {self._made}"
        return [{"op": "create_segment", "name": name, "conditions": self._conditions()}]

    def _fill(self, _key: int) -> list[Operation]:
        share = self.random.choice((20, 60))
        return [{"op": "add_members", "segment": MANUAL, "percent": share}]

    def _empty(self, _key: int) -> list[Operation]:
        share = self.random.choice((20, 60, 100))
        return [{"op": "remove_members", "segment": MANUAL, "percent": share}]

    def _conditions(self) -> Operation:
        least = str(self.random.randrange(500, 2_500))
        return {"attribute": {"field": "ltv", "operator": "gt", "value": least}}


Draw = Callable[[Segments, int], list[Operation]]
_BETWEEN: tuple[tuple[Draw, float], ...] = (
    (Segments._build, 0.12),
    (Segments._miscount, 0.08),
    (Segments._shorten, 0.08),
    (Segments._archive, 0.08),
    (Segments._delete, 0.08),
    (Segments._rename, 0.15),
    (Segments._redefine, 0.08),
    (Segments._create, 0.1),
    (Segments._fill, 0.15),
    (Segments._empty, 0.12),
)
_DURING: tuple[Draw, ...] = (
    Segments._build,
    Segments._archive,
    Segments._rename,
    Segments._redefine,
    Segments._empty,
)
