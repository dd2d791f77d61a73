"""Keys of people in the fields that hold them: which can be only one's, and whose a record is."""

from __future__ import annotations

from collections.abc import Mapping as Map
from collections.abc import Sequence

from destination_salesforce_intro.changes import Found, Identity
from destination_salesforce_intro.config import CampaignMemberMapping, ChildRecordMapping, Mapping
from destination_salesforce_intro.mapping.identity import canonical
from destination_salesforce_intro.org.schema import FieldSchema, ObjectSchema
from destination_salesforce_intro.writing.sameness import agree

Schemas = Map[str, ObjectSchema]


def unique_rules(mapping: Mapping, schemas: Schemas) -> frozenset[int]:
    """Return the places of the keys that only one record can hold."""
    return unique_places(_fields(mapping, schemas))


def unique_places(fields: Sequence[FieldSchema]) -> frozenset[int]:
    """Return the places of the *fields* of which one record at most holds a value."""
    return frozenset(place for place, field in enumerate(fields) if field.names_one)


def is_someone_elses(found: Found, identity: Identity, fields: Sequence[FieldSchema]) -> bool:
    """Whether *found* holds the keys of another person than *identity* in *fields*.

    An exit must not touch such a record, however it was found.
    """
    held = [canonical(found.fields.get(field.name), field) for field in fields]
    return agree(identity, held, unique_places(fields)) is False


def _fields(mapping: Mapping, schemas: Schemas) -> list[FieldSchema]:
    match mapping:
        case CampaignMemberMapping():
            return [schemas[rule.object].fields[rule.target.lower()] for rule in mapping.identity]
        case ChildRecordMapping():
            fields = schemas[mapping.object].fields
            person = schemas[fields[mapping.person.field.lower()].reference_to[0]]
            theirs = [person.fields[rule.target.lower()] for rule in mapping.person.identity]
            return [fields[mapping.key_field.lower()], *theirs]
        case _:
            fields = schemas[mapping.object].fields
            return [fields[rule.target.lower()] for rule in mapping.identity]
