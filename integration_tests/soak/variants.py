"""The settings that lives are played with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

DIGESTS_ONLY = {"max_state_megabytes": 0.001}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to configure the source.

    Attributes:
        name: For the report.
        settings: What differs from the defaults.
        quiet: Settings of the last two syncs, which read everything.
        selected: The segments that *settings* name; empty for all.
        lasting_names: Those named by name.
        seldom: Segments with a cadence.
        state_sizes: Settings one of which is drawn for each sync.
        by_id: The workspace identifies people by id: its pages show no e-mail addresses.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    quiet: Mapping[str, Any] = field(default_factory=dict)
    selected: frozenset[int] = frozenset()
    lasting_names: frozenset[int] = frozenset()
    seldom: frozenset[int] = frozenset()
    state_sizes: tuple[Mapping[str, Any], ...] = ({},)
    by_id: bool = False

    @property
    def keeps_identifiers(self) -> bool:
        """Whether the state always has identifiers."""
        return self.state_sizes == ({},)

    @property
    def is_fresh(self) -> bool:
        """Whether every sync reads everybody's attributes."""
        return not self.settings.get("attribute_refresh_minutes")

    @property
    def expels(self) -> bool:
        """Whether members of a segment that is gone leave."""
        return self.settings.get("on_segment_gone") == "exit_all"

    def now(self, random: Random) -> Mapping[str, Any]:
        """Draw the settings of one sync."""
        return random.choice(self.state_sizes)


ATTRIBUTES = ["plan", "ltv", "cart_value"]
ORDERED, CART_LEFT, OTHER = "order_completed", "cart_abandoned", "page_shared"
VARIANTS = (
    Variant("identifiers"),
    Variant("digests", state_sizes=(DIGESTS_ONLY,)),
    Variant(
        "both forms, attributes seldom",
        {"attribute_refresh_minutes": 1_000, "attributes": ATTRIBUTES},
        {"attribute_refresh_minutes": 0},
        state_sizes=({}, DIGESTS_ONLY),
    ),
    Variant(
        "cadence",
        {
            "cadence": [
                {"segment": "9", "every_minutes": 1},
                {"segment": "VIP - Top 10%", "every_minutes": 1_000},
            ]
        },
        {"cadence": []},
        lasting_names=frozenset({8}),
        seldom=frozenset({8, 9}),
    ),
    Variant(
        "selected, exit_all",
        {
            "segments": ["7", "VIP - Top 10%", "9", "11"],
            "attributes": ATTRIBUTES,
            "on_segment_gone": "exit_all",
            "events": [ORDERED, CART_LEFT],
        },
        selected=frozenset({7, 8, 9, 11}),
        lasting_names=frozenset({8}),
    ),
    Variant("by id", by_id=True),
    Variant("by id, digests", state_sizes=({}, DIGESTS_ONLY), by_id=True),
)
