"""What a mapping holds in Salesforce: the records, or marks on them, that it alone put there. Pure.

=================  ============================================================================
kind               holds
=================  ============================================================================
record             records whose first identity field is not null
flag               records with one of its flags ticked
multi_select       records with one of its values in the picklist
campaign_member    members of its campaigns
child_record       rows of the object whose key field is not null, and active where that is kept
=================  ============================================================================
"""

from __future__ import annotations

from collections.abc import Iterable

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    ChildRecordMapping,
    FlagMapping,
    Mapping,
    MultiSelectMapping,
    RecordMapping,
)
from destination_salesforce_intro.schema import FieldSchema
from destination_salesforce_intro.soql import literal

TEXT = FieldSchema(name="", type="string")


def condition(mapping: Mapping) -> str:
    """Return the SOQL condition that what *mapping* holds fulfils, e.g. ``Key__c != null``."""
    match mapping:
        case RecordMapping():
            return f"{mapping.identity[0].target} != null"
        case FlagMapping():
            return " OR ".join(f"{one.field} = true" for one in mapping.segments)
        case MultiSelectMapping():
            return f"{mapping.field} INCLUDES ({_listed(one.value for one in mapping.segments)})"
        case CampaignMemberMapping():
            return f"CampaignId IN ({_listed(one.campaign for one in mapping.segments)})"
        case ChildRecordMapping():
            active = f" AND {mapping.active_field} = true" if mapping.active_field else ""
            return f"{mapping.key_field} != null{active}"


def count(mapping: Mapping, object_name: str) -> str:
    """Return the statement that counts what *mapping* holds of *object_name*."""
    # Names are settings checked against describe, and values are escaped.
    return f"SELECT COUNT() FROM {object_name} WHERE {condition(mapping)}"  # noqa: S608


def _listed(values: Iterable[str]) -> str:
    return ",".join(literal(value, TEXT) for value in dict.fromkeys(values))
