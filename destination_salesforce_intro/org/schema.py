"""What Salesforce says about an object (describe), as typed values with one way to ask for a field.

Source: REST API reference, sObject Describe. Flags follow the running user's permissions: a field
the user may not see is absent, one they may not write has ``createable`` and ``updateable`` false.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

TEXT_TYPES = frozenset(
    {
        "string",
        "textarea",
        "email",
        "phone",
        "url",
        "picklist",
        "combobox",
        "encryptedstring",
        "multipicklist",
    }
)
NUMBER_TYPES = frozenset({"int", "long", "double", "currency", "percent"})
TIME_TYPES = frozenset({"date", "datetime", "time"})
ID_TYPES = frozenset({"id", "reference"})
PLAIN_TEXT_TYPES = TEXT_TYPES - {"multipicklist"}
FREE_TEXT_TYPES = frozenset({"string", "textarea"})
LAST_MODIFIED = "LastModifiedDate"  # to the second, in UTC
# Compound and binary values, which no plain value can be.
UNWRITABLE_TYPES = frozenset({"base64", "address", "location", "complexvalue"})
KNOWN_TYPES = TEXT_TYPES | NUMBER_TYPES | TIME_TYPES | ID_TYPES | UNWRITABLE_TYPES | {"boolean"}


@dataclass(frozen=True, slots=True)
class FieldSchema:
    """One field: its API name as Salesforce spells it, its type, and what may be done with it."""

    name: str
    type: str  # one of KNOWN_TYPES; a type nobody here knows counts as "string"
    length: int = 0  # in characters; 0 where the type has no length
    scale: int | None = None  # digits behind the point; None where describe does not say
    createable: bool = False
    updateable: bool = False
    nillable: bool = True
    defaulted_on_create: bool = False
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    filterable: bool = True
    restricted: bool = False  # takes only the values of its picklist
    picklist: tuple[str, ...] = ()  # the active values
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> FieldSchema:
        """Read one entry of ``fields``; missing flags count as false, unknown types as text."""
        known = raw.get("type") in KNOWN_TYPES
        return cls(
            name=raw["name"],
            type=raw["type"] if known else "string",
            length=raw.get("length") or 0,
            scale=raw.get("scale"),
            createable=bool(raw.get("createable")),
            updateable=bool(raw.get("updateable")),
            nillable=bool(raw.get("nillable", True)),
            defaulted_on_create=bool(raw.get("defaultedOnCreate")),
            external_id=bool(raw.get("externalId")),
            id_lookup=bool(raw.get("idLookup")),
            unique=bool(raw.get("unique")),
            case_sensitive=bool(raw.get("caseSensitive")),
            filterable=bool(raw.get("filterable", True)),
            restricted=bool(raw.get("restrictedPicklist")),
            picklist=_active(raw.get("picklistValues") or ()),
            reference_to=tuple(raw.get("referenceTo") or ()),
            relationship_name=raw.get("relationshipName"),
        )

    @property
    def is_required_on_create(self) -> bool:
        """Whether a create without a value for it fails."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def names_one(self) -> bool:
        """Whether one record at most holds a value of it.

        Of a unique field Salesforce sees to that; by an External ID that several records hold it
        refuses to upsert.
        """
        return self.unique or self.external_id

    @property
    def ignores_case(self) -> bool:
        """Whether Salesforce takes ``ABC`` and ``abc`` for the same key in it."""
        return self.type in TEXT_TYPES and not self.case_sensitive


def _active(values: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(value["value"] for value in values if value.get("active", True))


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """One object and its fields; names are looked up whatever their case."""

    name: str
    key_prefix: str | None
    createable: bool
    updateable: bool
    deletable: bool
    queryable: bool
    fields: Mapping[str, FieldSchema]  # by lower-cased name
    relationships: Mapping[str, FieldSchema]  # reference fields by lower-cased relationshipName

    @classmethod
    def parse(cls, describe: Mapping[str, Any]) -> ObjectSchema:
        """Read the answer of ``GET /sobjects/{object}/describe``."""
        fields = [FieldSchema.parse(raw) for raw in describe.get("fields") or ()]
        return cls(
            name=describe["name"],
            key_prefix=describe.get("keyPrefix"),
            createable=bool(describe.get("createable")),
            updateable=bool(describe.get("updateable")),
            deletable=bool(describe.get("deletable")),
            queryable=bool(describe.get("queryable")),
            fields=MappingProxyType({field.name.lower(): field for field in fields}),
            relationships=MappingProxyType(
                {
                    field.relationship_name.lower(): field
                    for field in fields
                    if field.relationship_name
                }
            ),
        )

    def field(self, name: str) -> FieldSchema | None:
        """Return the field called *name*, in any case."""
        return self.fields.get(name.lower())

    def nearest(self, name: str) -> str | None:
        """Return the field name most like *name*, for an error message."""
        near = difflib.get_close_matches(name.lower(), self.fields, n=1, cutoff=0.75)
        return self.fields[near[0]].name if near else None
