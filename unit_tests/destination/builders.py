"""Schemas, mappings and records that are valid by default, with one argument to vary."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from destination_salesforce_intro.changes import Change, Exit, Identity, Received, Upsert, Value
from destination_salesforce_intro.config import Mapping as AnyMapping
from destination_salesforce_intro.config import RecordMapping
from destination_salesforce_intro.kinds import Kind
from destination_salesforce_intro.org.decide import Decision
from destination_salesforce_intro.org.schema import ObjectSchema

ADAPTER: TypeAdapter[AnyMapping] = TypeAdapter(AnyMapping)


def field(name: str, type_: str = "string", **flags: Any) -> dict[str, Any]:
    """Describe a field that may be read and written."""
    return {
        "name": name,
        "type": type_,
        "length": 80 if type_ in {"string", "email", "picklist"} else 0,
        "createable": True,
        "updateable": True,
        "nillable": True,
        "filterable": True,
        **flags,
    }


def external_id(name: str, **flags: Any) -> dict[str, Any]:
    return field(name, externalId=True, idLookup=True, unique=True, **flags)


def read_only(name: str, type_: str, **flags: Any) -> dict[str, Any]:
    return field(name, type_, createable=False, updateable=False, **flags)


CONTACT_FIELDS = [
    read_only("Id", "id", length=18, idLookup=True, nillable=False, defaultedOnCreate=True),
    read_only("CreatedDate", "datetime", nillable=False, defaultedOnCreate=True),
    read_only("LastModifiedDate", "datetime", nillable=False, defaultedOnCreate=True),
    field("LastName", nillable=False),
    field("Email", "email", idLookup=True),
    field("MobilePhone", "phone", length=40),
    external_id("CustomerIO_Id__c"),
    field("LTV__c", "double", scale=2),
    field("Tier__c", "picklist", picklistValues=[{"value": v} for v in ("low", "high")]),
    field("Is_VIP__c", "boolean", nillable=False, defaultedOnCreate=True),
    field("Seen_At__c", "datetime"),
    field("Changed_At__c", "datetime"),
    field("Birthday__c", "date"),
    field("Segments__c", "multipicklist", length=4099),
    field("AccountId", "reference", referenceTo=["Account"], relationshipName="Account"),
]


def describe(
    name: str = "Contact", fields: Iterable[Mapping[str, Any]] = CONTACT_FIELDS, **flags: Any
) -> dict[str, Any]:
    """Answer as ``GET /sobjects/{name}/describe`` does."""
    allowed = dict.fromkeys(["createable", "updateable", "deletable", "queryable"], True)
    return {"name": name, "keyPrefix": "003", **allowed, "fields": list(fields), **flags}


def schema(
    name: str = "Contact", fields: Iterable[Mapping[str, Any]] = CONTACT_FIELDS, **flags: Any
) -> ObjectSchema:
    return ObjectSchema.parse(describe(name, fields, **flags))


CONTACT = schema()
CIO_RULE = {"source": "cio_id", "target": "CustomerIO_Id__c"}
EMAIL_RULE = {"source": "email", "target": "Email", "format": "email"}


def record_mapping(**settings: Any) -> RecordMapping:
    """Map profiles to Contacts by cio_id, then by e-mail; an exit clears the lifetime value."""
    mapping = ADAPTER.validate_python(
        {
            "stream": "profiles",
            "kind": "record",
            "object": "Contact",
            "identity": [CIO_RULE, EMAIL_RULE],
            "fields": [EMAIL_RULE, {"source": "ltv", "target": "LTV__c"}],
            "on_exit": {"action": "clear", "fields": ["LTV__c"]},
            **settings,
        }
    )
    assert isinstance(mapping, RecordMapping)
    return mapping


def received(number: int = 1, stream: str = "profiles", **data: Any) -> Received:
    return Received(stream, number, data)


def upsert(
    *keys: str | None,
    previous: tuple[str | None, ...] = (),
    fields: Mapping[str, Value] | None = None,
    at: str | None = None,
    number: int = 1,
    mapping: int = 0,
) -> Upsert:
    identity = Identity(keys, previous or (None,) * len(keys))
    return Upsert(mapping, identity, fields or {}, at, (received(number),))


def exit_(
    *keys: str | None,
    previous: tuple[str | None, ...] = (),
    fields: Mapping[str, Value] | None = None,
    at: str | None = None,
    number: int = 1,
) -> Exit:
    identity = Identity(keys, previous or (None,) * len(keys))
    action: Literal["delete", "update"] = "delete" if fields is None else "update"
    return Exit(0, identity, action, fields or {}, at, (received(number),))


def one_round(
    kind: Kind, changes: list[Change], held: Iterable[Mapping[str, Any]] = ()
) -> Decision:
    """Look *changes* up among the *held* records and decide one round.

    Every question is answered with all records, as a careless server might: a search must take
    only those that match.
    """
    search = kind.search(changes)
    while search.queries():
        search.take(held)
    return kind.decide(search.matches())
