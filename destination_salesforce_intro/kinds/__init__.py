"""The kinds of mapping: what a stream's record means in Salesforce, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping as Map

from destination_salesforce_intro.config import Mapping, RecordMapping
from destination_salesforce_intro.kinds.base import Finding, Kind
from destination_salesforce_intro.kinds.record import RecordKind
from destination_salesforce_intro.schema import ObjectSchema

__all__ = ["Finding", "Kind", "build", "objects"]


def objects(mapping: Mapping, schemas: Map[str, ObjectSchema]) -> frozenset[str]:
    """Name the objects whose schema *mapping* needs.

    The answer may grow with *schemas* (a lookup field names its parent), so ask until it does not.
    """
    del schemas  # a record needs its own object only
    if not isinstance(mapping, RecordMapping):
        raise TypeError(f"no kind {mapping.kind}")
    return frozenset({mapping.object})


def build(place: int, mapping: Mapping, schemas: Map[str, ObjectSchema]) -> Kind:
    """Compile the mapping at *place*; *schemas* holds an entry for each of ``objects``."""
    if not isinstance(mapping, RecordMapping):
        raise TypeError(f"no kind {mapping.kind}")
    return RecordKind(place, mapping, schemas[mapping.object])
