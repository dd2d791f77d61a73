"""What an object and a field are, and how describe shows them.

Values only: ``standard_objects`` fills them in for the standard org, ``org`` makes tables of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"}
)
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
_SOAP_TYPES = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "id": "tns:ID",
    "reference": "tns:ID",
} | dict.fromkeys(NUMBER_TYPES - {"int"}, "xsd:double")


@dataclass(frozen=True)
class Field:
    """One field, with the flags that describe reports for it.

    *formula* is an SQL expression over the same row: a generated column computes the value.
    *on_parent_delete* says what becomes of this record when the record it refers to is deleted.
    """

    name: str
    type: str = "string"
    length: int = 0
    nillable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default_value: str | int | None = None
    filterable: bool = True
    calculated: bool = False
    auto_number: bool = False
    formula: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    on_parent_delete: Literal["set_null", "cascade"] = "set_null"
    precision: int = 0
    scale: int = 0

    @property
    def custom(self) -> bool:
        """Whether the org's administrator made the field."""
        return self.name.endswith("__c")

    @cached_property
    def label(self) -> str:
        """The name as people read it: ``CustomerIO_Id__c`` is ``Customer IO Id``."""
        return label(self.name)

    @property
    def required(self) -> bool:
        """Whether an insert must bring a value."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def key(self) -> bool:
        """Whether an upsert may match by the field."""
        return self.external_id or self.id_lookup


@dataclass(frozen=True)
class SObject:
    """One object; *fields* by name, in describe's order, ``Id`` first."""

    name: str
    key_prefix: str
    fields: Mapping[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    _lower: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _relationships: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {name.lower(): each for name, each in self.fields.items()}
        parents = {
            each.relationship_name.lower(): each
            for each in self.fields.values()
            if each.relationship_name
        }
        object.__setattr__(self, "_lower", by_name)
        object.__setattr__(self, "_relationships", parents)

    @property
    def custom(self) -> bool:
        """Whether the org's administrator made the object."""
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """Return the field called *name* in any case, or None."""
        return self._lower.get(name.lower())

    def relationship(self, name: str) -> Field | None:
        """Return the reference field whose parent is reached as *name*, such as ``Contact__r``."""
        return self._relationships.get(name.lower())


def label(name: str) -> str:
    """Return an API name as people read it: ``LastName`` is ``Last Name``."""
    words = re.sub(r"__[cr]$", "", name).replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)


def describe(sobject: SObject, children: Sequence[tuple[SObject, Field]]) -> dict[str, Any]:
    """Return what ``GET /sobjects/{object}/describe`` answers; *children* refer to the object."""
    return {
        **describe_global(sobject),
        "fields": [_describe_field(each) for each in sobject.fields.values()],
        "childRelationships": [
            {
                "childSObject": child.name,
                "field": by.name,
                "cascadeDelete": by.on_parent_delete == "cascade",
                "restrictedDelete": False,
            }
            for child, by in children
        ],
    }


def describe_global(sobject: SObject) -> dict[str, Any]:
    """Return the object's entry in ``GET /sobjects``."""
    return {
        "name": sobject.name,
        "label": label(sobject.name),
        "labelPlural": f"{label(sobject.name)}s",
        "keyPrefix": sobject.key_prefix,
        "custom": sobject.custom,
        "customSetting": False,
        "createable": sobject.createable,
        "updateable": sobject.updateable,
        "deletable": sobject.deletable,
        "undeletable": sobject.deletable,
        "queryable": sobject.queryable,
        "retrieveable": sobject.queryable,
        "searchable": sobject.queryable,
        "mergeable": sobject.name in {"Account", "Contact", "Lead"},
        "replicateable": True,
        "triggerable": True,
        "layoutable": True,
        "deprecatedAndHidden": False,
    }


def _describe_field(it: Field) -> dict[str, Any]:
    return {**_describe_access(it), **_describe_type(it)}


def _describe_access(it: Field) -> dict[str, Any]:
    return {
        "name": it.name,
        "label": it.label,
        "custom": it.custom,
        "nillable": it.nillable,
        "unique": it.unique,
        "externalId": it.external_id,
        "idLookup": it.key,
        "caseSensitive": it.case_sensitive,
        "createable": it.createable,
        "updateable": it.updateable,
        "permissionable": it.nillable and it.type != "id",
        "defaultedOnCreate": it.defaulted_on_create,
        "defaultValue": bool(it.default_value) if it.type == "boolean" else it.default_value,
        "filterable": it.filterable,
        "groupable": it.filterable and it.type != "double",
        "sortable": it.filterable,
        "calculated": it.calculated or it.formula is not None,
        "autoNumber": it.auto_number,
        "nameField": it.name == "Name",
        "deprecatedAndHidden": False,
    }


def _describe_type(it: Field) -> dict[str, Any]:
    return {
        "type": it.type,
        "soapType": _SOAP_TYPES.get(it.type, "xsd:string"),
        "length": it.length,
        "byteLength": it.length * 3,
        "digits": it.precision if it.type == "int" else 0,
        "precision": it.precision,
        "scale": it.scale,
        "restrictedPicklist": it.restricted_picklist,
        "dependentPicklist": False,
        "picklistValues": [
            {
                "active": True,
                "defaultValue": v == it.default_value,
                "label": v,
                "validFor": None,
                "value": v,
            }
            for v in it.picklist_values
        ],
        "referenceTo": list(it.reference_to),
        "relationshipName": it.relationship_name,
        "polymorphicForeignKey": len(it.reference_to) > 1,
        "cascadeDelete": it.on_parent_delete == "cascade",
        "restrictedDelete": False,
    }
