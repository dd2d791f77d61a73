"""Asking Salesforce what it has: describe of the objects that are mapped, and no other."""

from __future__ import annotations

from collections.abc import Sequence

from destination_salesforce_intro import kinds
from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.wire import Request
from destination_salesforce_intro.schema import ObjectSchema


def describe(client: SalesforceClient, name: str) -> ObjectSchema:
    """Return the schema of the object *name*.

    Raises:
        ConnectorError: CONFIG when the object does not exist or is hidden; else as the client.
    """
    what = f"the description of {name}"
    answer = client.json(Request("GET", f"sobjects/{name}/describe", what, "describe"))
    return ObjectSchema.parse(answer)


def schemas_for(client: SalesforceClient, mappings: Sequence[Mapping]) -> dict[str, ObjectSchema]:
    """Return the schemas of every object that *mappings* touch, each asked for once."""
    schemas: dict[str, ObjectSchema] = {}
    while missing := [
        name
        for mapping in mappings
        for name in sorted(kinds.objects(mapping, schemas))
        if name not in schemas
    ]:
        schemas.update({name: describe(client, name) for name in dict.fromkeys(missing)})
    return schemas
