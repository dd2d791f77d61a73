"""How Salesforce describes objects and fields: the JSON of its describe calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.salesforce.schema import NUMBER_TYPES, Field, SObject, label

_SOAP_TYPES = {
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "id": "tns:ID",
    "reference": "tns:ID",
} | dict.fromkeys(NUMBER_TYPES - {"int"}, "xsd:double")


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
