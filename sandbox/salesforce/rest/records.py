"""One record at a time: by Id, or by a key of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.salesforce import soql
from sandbox.salesforce.dml import apply
from sandbox.salesforce.dml.matching import folded, live_ids
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.dml.values import BadValue, to_column
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import (
    Answer,
    ApiError,
    Call,
    Route,
    not_found,
    options_of,
    sobject_of,
)
from sandbox.salesforce.rest.preconditions import require_unmodified, unmodified
from sandbox.salesforce.schema import Field, SObject


def routes() -> list[Route]:
    """Return the routes of this module."""
    return [
        Route("POST", "/sobjects/{object}", _create),
        Route("POST", "/sobjects/{object}/Id", _create),
        Route("GET", "/sobjects/{object}/{id}", _retrieve),
        Route("PATCH", "/sobjects/{object}/{id}", _update),
        Route("DELETE", "/sobjects/{object}/{id}", _delete),
        Route("GET", "/sobjects/{object}/{field}/{value}", _retrieve_by_key),
        Route("PATCH", "/sobjects/{object}/{field}/{value}", _upsert),
        Route("DELETE", "/sobjects/{object}/{field}/{value}", _delete_by_key),
    ]


def retrieve(
    org: Org, call: Call, sobject: SObject, ids: Iterable[str], fields: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return live records in Salesforce's JSON shape, by Id; missing ones are absent.

    Raises:
        ApiError: A field does not exist.
    """
    listed = ", ".join(f"'{each}'" for each in ids)
    names = dict.fromkeys(_field_name(sobject, name) for name in ("Id", *fields))
    statement = f"SELECT {', '.join(names)} FROM {sobject.name} WHERE Id IN ({listed})"  # noqa: S608  -- SOQL of checked names
    records = soql.run(org, statement, version=call.version).records
    return {each["Id"]: each for each in records}


def _field_name(sobject: SObject, name: str) -> str:
    field = sobject.field(name.strip())
    if field is None:
        message = f"No such column '{name}' on sobject of type {sobject.name}"
        raise ApiError(400, "INVALID_FIELD", message)
    return field.name


def _create(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    [result] = apply(org, "insert", sobject, [call.json_object()], options=options_of(call))
    _raise_for(result)
    return Answer(201, {"id": result.id, "success": True, "errors": []})


def _retrieve(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    return _record(org, call, sobject, _id_in(call))


def _record(org: Org, call: Call, sobject: SObject, record: str) -> Answer:
    require_unmodified(org, call, sobject, record)
    if not_modified := unmodified(org, call, sobject, record):
        return not_modified
    wanted = call.query.get("fields")
    names = wanted.split(",") if wanted else list(sobject.fields)
    found = retrieve(org, call, sobject, [record], names)
    if record not in found:
        raise not_found()
    return Answer(200, found[record])


def _update(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    _refuse_id(call.json_object(), sobject.fields["Id"])
    require_unmodified(org, call, sobject, _id_in(call))
    row = {**call.json_object(), "Id": _id_in(call)}
    [result] = apply(org, "update", sobject, [row], options=options_of(call))
    _raise_for(result)
    return Answer(204)


def _delete(org: Org, call: Call) -> Answer:
    return _discard(org, sobject_of(org, call.params["object"]), _id_in(call))


def _discard(org: Org, sobject: SObject, record: str) -> Answer:
    [result] = apply(org, "delete", sobject, [{"Id": record}])
    _raise_for(result)
    return Answer(204)


def _retrieve_by_key(org: Org, call: Call) -> Answer:
    sobject, matches = _matches(org, call)
    if len(matches) > 1:
        return _multiple(call, sobject, matches)
    if not matches:
        raise not_found()
    return _record(org, call, sobject, matches[0])


def _upsert(org: Org, call: Call) -> Answer:
    sobject, matches = _matches(org, call)
    key = _key_in(sobject, call)
    body = call.json_object()
    _refuse_id(body, sobject.fields["Id"])
    _refuse_id(body, key)
    if len(matches) > 1:
        return _multiple(call, sobject, matches)
    if not matches and call.query.get("updateOnly") == "true":
        raise not_found()
    for record in matches:
        require_unmodified(org, call, sobject, record)
    row = {**body, key.name: call.params["value"]}
    [result] = apply(org, "upsert", sobject, [row], key_field=key.name, options=options_of(call))
    _raise_for(result)
    body = {"id": result.id, "success": True, "errors": [], "created": result.created}
    return Answer(201 if result.created else 200, body)


def _delete_by_key(org: Org, call: Call) -> Answer:
    sobject, matches = _matches(org, call)
    if len(matches) > 1:
        return _multiple(call, sobject, matches)
    if not matches:
        raise not_found()
    return _discard(org, sobject, matches[0])


def _matches(org: Org, call: Call) -> tuple[SObject, list[str]]:
    sobject = sobject_of(org, call.params["object"])
    key = _key_in(sobject, call)
    try:
        value = to_column(key, call.params["value"])
    except BadValue:
        raise not_found() from None
    return sobject, live_ids(org, sobject, key, [value]).get(folded(key, value), [])


def _key_in(sobject: SObject, call: Call) -> Field:
    name = call.params["field"]
    key = sobject.field(name)
    if key is None or not key.key:
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message)
    return key


def _multiple(call: Call, sobject: SObject, matches: Iterable[str]) -> Answer:
    return Answer(300, [f"{call.base}/sobjects/{sobject.name}/{each}" for each in matches])


def _id_in(call: Call) -> str:
    try:
        return full_id(call.params["id"])
    except ValueError:
        raise not_found() from None


def _refuse_id(body: Iterable[str], key: Field) -> None:
    if any(name.lower() == key.name.lower() for name in body):
        message = f"The {key.name} field should not be specified in the sobject data."
        raise ApiError(400, "INVALID_FIELD", message, key.name)


def _raise_for(result: RowResult) -> None:
    if result.success:
        return
    [first, *_] = result.errors
    code, message, fields = first["statusCode"], first["message"], first["fields"]
    if code == "INVALID_CROSS_REFERENCE_KEY" and not fields:
        raise not_found()
    raise ApiError(
        404 if code == "ENTITY_IS_DELETED" and not fields else 400, code, message, *fields
    )
