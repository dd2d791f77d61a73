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

from collections.abc import Mapping as Map
from collections.abc import Sequence
from typing import Any, NamedTuple

from destination_salesforce_intro.config import (
    CampaignMemberMapping,
    CampaignSegment,
    ChildRecordMapping,
    FlagMapping,
    FlagSegment,
    Mapping,
    MultiSelectMapping,
    PersonRule,
    RecordMapping,
    SegmentRef,
    SelectSegment,
)
from destination_salesforce_intro.mapping.values import is_empty
from destination_salesforce_intro.org.schema import FieldSchema
from destination_salesforce_intro.org.soql import literal

_Marks = FlagMapping | MultiSelectMapping | CampaignMemberMapping
_Mark = FlagSegment | SelectSegment | CampaignSegment
MEMBER = "CampaignMember"
TEXT = FieldSchema(name="", type="string")
KEY_SEPARATOR = ":"  # of a child row's key, <segment_id>:<cio_id>


class Reading(NamedTuple):
    """A statement that reads what a mapping holds, and what each record of it means.

    *sources* names, for each column of the stream, the fields that may hold its value; *segment*
    is the id of the segment that the statement is about, if it is about one.
    """

    statement: str
    sources: Map[str, Sequence[str]]
    segment: str | None = None
    key_field: str | None = None

    def data(self, record: Map[str, Any]) -> dict[str, Any]:
        """Return a held *record* as the stream would have told it."""
        data: dict[str, Any] = {}
        for source, fields in self.sources.items():
            held = (record.get(field) for field in fields)
            _put(data, source, next((value for value in held if not is_empty(value)), None))
        if self.key_field:
            data["cio_id"] = str(record.get(self.key_field)).partition(KEY_SEPARATOR)[2]
        return data if self.segment is None else {**data, "segment_id": self.segment}


def _put(data: dict[str, Any], source: str, value: Any) -> None:
    *path, last = source.split(".")
    for step in path:
        data = data.setdefault(step, {})
    data[last] = value


def condition(mapping: Mapping) -> str:
    """Return the SOQL condition that what *mapping* holds fulfils, e.g. ``Key__c != null``."""
    match mapping:
        case RecordMapping():
            lead = " AND IsConverted = false" if mapping.object == "Lead" else ""
            return f"{mapping.identity[0].target} != null{lead}"
        case ChildRecordMapping():
            active = f" AND {mapping.active_field} = true" if mapping.active_field else ""
            return f"{mapping.key_field} != null{active}"
        case _:
            return " OR ".join(dict.fromkeys(_marked(mapping, one) for one in mapping.segments))


def count(mapping: Mapping, object_name: str) -> str:
    """Return the statement that counts what *mapping* holds of *object_name*."""
    return _select("COUNT()", object_name, condition(mapping))


def probe(mapping: Mapping, object_name: str) -> str:
    """Return a statement that any one record of *mapping* answers, to see whether it is allowed."""
    return f"{_select('Id', object_name, condition(mapping))} LIMIT 1"


def readings(mapping: Mapping, segments: Map[str, str | None]) -> list[Reading]:
    """Return what to read to know what *mapping* holds.

    For kinds that are about segments: of those in *segments* (id to name) only.
    """
    match mapping:
        case RecordMapping():
            fields = {rule.source: [rule.target] for rule in mapping.identity}
            return [_reading(mapping.object, condition(mapping), fields)]
        case ChildRecordMapping():
            return [_child_reading(mapping, segment) for segment in segments]
        case _:
            return [
                _marked_reading(mapping, one, segment)
                for segment, name in segments.items()
                for one in mapping.segments
                if is_named(one.segment, segment, name)
            ]


def is_named(wanted: SegmentRef, segment: str, name: str | None) -> bool:
    """Whether *wanted*, an id or an exact name, is the segment with this id and name."""
    return str(wanted) == segment or (name is not None and wanted == name)


def _reading(object_name: str, where: str, fields: Map[str, Sequence[str]]) -> Reading:
    names = dict.fromkeys(["Id", *(name for group in fields.values() for name in group)])
    return Reading(_select(", ".join(names), object_name, where), fields)


def _marked_reading(mapping: _Marks, mark: _Mark, segment: str) -> Reading:
    fields: dict[str, list[str]] = {}
    for rule in mapping.identity:
        prefix = f"{rule.object}." if isinstance(rule, PersonRule) else ""
        fields.setdefault(rule.source, []).append(f"{prefix}{rule.target}")
    object_name = MEMBER if isinstance(mapping, CampaignMemberMapping) else mapping.object
    reading = _reading(object_name, _marked(mapping, mark), fields)
    return reading._replace(segment=segment)


def _child_reading(mapping: ChildRecordMapping, segment: str) -> Reading:
    prefix = literal(f"{_like(segment)}{KEY_SEPARATOR}%", TEXT).replace("\\\\", "\\")
    where = f"{condition(mapping)} AND {mapping.key_field} LIKE {prefix}"
    statement = _select(f"Id, {mapping.key_field}", mapping.object, where)
    return Reading(statement, {}, segment, mapping.key_field)


def _like(text: str) -> str:
    return text.replace("_", "\\_").replace("%", "\\%")


def _marked(mapping: _Marks, mark: _Mark) -> str:
    """Return the condition that what *mapping* holds for one segment fulfils."""
    match mark:
        case FlagSegment():
            return f"{mark.field} = true"
        case CampaignSegment():
            return f"CampaignId = {literal(mark.campaign, TEXT)}"
        case _:
            return f"{getattr(mapping, 'field', '')} INCLUDES ({literal(mark.value, TEXT)})"


def _select(what: str, object_name: str, where: str) -> str:
    # Names are settings checked against describe, and values are escaped.
    return f"SELECT {what} FROM {object_name} WHERE {where}"  # noqa: S608  (as said)
