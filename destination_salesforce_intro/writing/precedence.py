"""Which mapping is written when, and whether some may have to wait for others. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from destination_salesforce_intro.config import Mapping, RecordMapping


def writing_order(mappings: Sequence[Mapping]) -> list[int]:
    """Return the places of *mappings* by priority; where that is equal, people before the rest."""
    places = range(len(mappings))
    return sorted(places, key=lambda at: (mappings[at].priority, mappings[at].kind != "record"))


def people_mappings(mappings: Sequence[Mapping]) -> frozenset[int]:
    """Return the places of those *mappings* that create people, for others to find."""
    return frozenset(
        place
        for place, mapping in enumerate(mappings)
        if isinstance(mapping, RecordMapping) and mapping.operation != "update"
    )
