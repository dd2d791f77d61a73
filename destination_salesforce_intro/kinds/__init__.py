"""The kinds of mapping: what a stream's record means in Salesforce, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping as Map

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    FlagMapping,
    Mapping,
    MultiSelectMapping,
    RecordMapping,
)
from destination_salesforce_intro.kinds.base import Finding, Kind
from destination_salesforce_intro.kinds.campaign_member import MEMBER, CampaignMemberKind
from destination_salesforce_intro.kinds.child_record import ChildRecordKind
from destination_salesforce_intro.kinds.person_field import flag, multi_select
from destination_salesforce_intro.kinds.record import RecordKind
from destination_salesforce_intro.org.schema import ObjectSchema

__all__ = ["Finding", "Kind", "build", "objects"]

Schemas = Map[str, ObjectSchema]


def objects(mapping: Mapping, schemas: Schemas) -> frozenset[str]:
    """Name the objects whose schema *mapping* needs.

    The answer may grow with *schemas* (a lookup field names its parent), so ask until it does not.
    """
    match mapping:
        case CampaignMemberMapping():
            return frozenset({MEMBER, *(rule.object for rule in mapping.identity)})
        case ChildRecordMapping():
            schema = schemas.get(mapping.object)
            link = schema.field(mapping.person.field) if schema else None
            return frozenset({mapping.object, *(link.reference_to[:1] if link else ())})
        case _:
            return frozenset({mapping.object})


def build(place: int, mapping: Mapping, schemas: Schemas, *, samples: bool = True) -> Kind:
    """Compile the mapping at *place*; *schemas* holds an entry for each of ``objects``.

    *samples* lets a record mapping tell a first load from a sample of it.
    """
    match mapping:
        case RecordMapping():
            return RecordKind(place, mapping, schemas[mapping.object], samples=samples)
        case FlagMapping():
            return flag(place, mapping, schemas[mapping.object])
        case MultiSelectMapping():
            return multi_select(place, mapping, schemas[mapping.object])
        case CampaignMemberMapping():
            return CampaignMemberKind(place, mapping, schemas)
        case ChildRecordMapping():
            return ChildRecordKind(place, mapping, schemas)
