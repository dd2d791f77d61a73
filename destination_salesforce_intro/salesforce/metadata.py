"""Asking Salesforce what it has: the objects that are mapped, and no other; the day's limits."""

from __future__ import annotations

from collections.abc import Sequence

from destination_salesforce_intro import kinds
from destination_salesforce_intro.config import Mapping
from destination_salesforce_intro.errors import ConnectorError
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.wire import Request


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


def offered(client: SalesforceClient, usual: Sequence[str], mapped: Sequence[str]) -> list[str]:
    """Return the objects to describe for ``discover``: mapped, usual, and the org's own ones.

    Those of the org's that cannot be written are left out; so are the hundreds of others that an
    org has.
    """
    answer = client.json(Request("GET", "sobjects", "the list of objects", "describe"))
    names = {
        each["name"]
        for each in answer["sobjects"]
        if (each.get("createable") or each.get("updateable")) and each.get("queryable")
    }
    wanted = {*usual, *mapped, *(name for name in names if name.endswith("__c"))}
    return sorted(name for name in wanted if name in names)


def ask_limits(client: SalesforceClient) -> bool:
    """Have *client* know what the org allows in a day; False where it will not say.

    It takes the permission "View Setup and Configuration" (REST API guide, Limits). Without it the
    sync goes on: the answers tell of API requests, and whatever else is wrong the next one tells.
    """
    answer = None
    try:
        answer = client.json(Request("GET", "limits", "the org's limits", "limits"))
    except ConnectorError:
        return False
    finally:
        client.limits.take_note(answer)
    return True
