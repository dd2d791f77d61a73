"""sObject Collections: up to 200 records in a request, one result for each in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sandbox.salesforce.dml import (
    MAX_ROWS_PER_TRANSACTION,
    Operation,
    Options,
    Run,
    apply,
    apply_runs,
    key_of,
)
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.dml.values import is_of_wrong_type
from sandbox.salesforce.ids import full_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, ApiError, Call, Route, options_of, sobject_of
from sandbox.salesforce.rest.records import retrieve
from sandbox.salesforce.schema import SObject

MAX_CHUNKS = 10
MAX_RETRIEVED = 2_000


def routes() -> list[Route]:
    """Return the routes of this module."""
    return [
        Route("POST", "/composite/sobjects", _create),
        Route("PATCH", "/composite/sobjects", _update),
        Route("DELETE", "/composite/sobjects", _delete),
        Route("PATCH", "/composite/sobjects/{object}/{field}", _upsert),
        Route("GET", "/composite/sobjects/{object}", _retrieve),
        Route("POST", "/composite/sobjects/{object}", _retrieve),
    ]


def _create(org: Org, call: Call) -> Answer:
    return _write(org, call, "insert")


def _update(org: Org, call: Call) -> Answer:
    return _write(org, call, "update")


def _write(org: Org, call: Call, operation: Operation) -> Answer:
    records = _records(call)
    runs = [Run(sobject_of(org, name), list(run)) for name, run in groupby(records, _type_of)]
    _check_fields(org, runs)
    _check_values(org, runs)
    return _answer(org, _apply_runs(org, operation, runs, options=options_of(call)))


def _upsert(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    key = _key(org, sobject, call.params["field"])
    records = _records(call)
    if any(_type_of(each).lower() != sobject.name.lower() for each in records):
        message = f"All records of this request must be of type {sobject.name}"
        raise ApiError(400, "INVALID_INPUT", message)
    runs = [Run(sobject, records)]
    _check_fields(org, runs)
    _check_values(org, runs)
    results = apply(org, "upsert", sobject, records, key_field=key, options=options_of(call))
    return _answer(org, results, upsert=True)


def _key(org: Org, sobject: SObject, name: str) -> str:
    try:
        key = key_of(sobject, name)
    except ValueError:
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError(404, "NOT_FOUND", message) from None
    if not key.external_id and key.name != "Id" and org.settings.collections_key == "externalId":
        message = f"Field name provided, {name}, is not an External ID for {sobject.name}"
        raise ApiError(400, "INVALID_FIELD", message, key.name)
    return key.name


def _delete(org: Org, call: Call) -> Answer:
    ids = [each.strip() for each in call.query.get("ids", "").split(",") if each.strip()]
    _check_size(len(ids), MAX_ROWS_PER_TRANSACTION)
    by_prefix = {each.key_prefix: each for each in org.objects.values()}
    nobodys = org.sobject("User")  # where an Id of no object is looked for in vain
    runs = [
        Run(by_prefix.get(prefix, nobodys), [{"Id": each} for each in run])
        for prefix, run in groupby(ids, lambda it: it[:3])
    ]
    return _answer(org, _apply_runs(org, "delete", runs, options=options_of(call)))


def _apply_runs(
    org: Org, operation: Operation, runs: Sequence[Run], *, options: Options
) -> list[RowResult]:
    if len(runs) > MAX_CHUNKS:
        message = f"The request has {len(runs)} chunks of one type; {MAX_CHUNKS} are allowed"
        raise ApiError(400, "LIMIT_EXCEEDED", message)
    return apply_runs(org, operation, runs, options=options)


def _records(call: Call) -> list[dict[str, Any]]:
    records = call.json_object().get("records")
    if not isinstance(records, list) or not all(isinstance(each, dict) for each in records):
        raise ApiError(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    _check_size(len(records), MAX_ROWS_PER_TRANSACTION)
    return records


def _check_size(count: int, most: int) -> None:
    if not count:
        raise ApiError(400, "REQUIRED_FIELD_MISSING", "The request names no record")
    if count > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise ApiError(400, "EXCEEDED_ID_LIMIT", message)


def _type_of(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    type_ = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(type_, str):
        raise ApiError(400, "INVALID_INPUT", "Every record needs attributes with its type")
    return type_


def _check_fields(org: Org, runs: Sequence[Run]) -> None:
    if org.settings.unknown_field != "request":
        return
    for sobject, rows in runs:
        for name in dict.fromkeys(name for row in rows for name in row):
            if name != "attributes" and not (sobject.field(name) or sobject.relationship(name)):
                message = f"No such column '{name}' on sobject of type {sobject.name}"
                raise ApiError(400, "INVALID_FIELD", message)


def _check_values(org: Org, runs: Sequence[Run]) -> None:
    if org.settings.wrong_type != "request":
        return
    for sobject, rows in runs:
        for name, value in (cell for row in rows for cell in row.items()):
            field = sobject.field(name)
            if field and is_of_wrong_type(field, value):
                message = f"Cannot deserialize instance of {field.type} from the value of {name}"
                raise ApiError(400, "JSON_PARSER_ERROR", message)


def _answer(org: Org, results: Sequence[RowResult], *, upsert: bool = False) -> Answer:
    return Answer(200, [_result(org, each, upsert=upsert) for each in results])


def _result(org: Org, result: RowResult, *, upsert: bool) -> dict[str, Any]:
    if result.success:
        created = {"created": result.created} if upsert else {}
        return {"id": result.id, "success": True, "errors": [], **created}
    short = {"success": False, "errors": list(result.errors)}
    return short if org.settings.failed_row == "short" else {"id": None, "created": False, **short}


def _retrieve(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    asked = call.query if call.body is None else call.json_object()
    ids, fields = _listed(asked.get("ids")), _listed(asked.get("fields"))
    _check_size(len(ids), MAX_RETRIEVED)
    try:
        full = [full_id(each) for each in ids]
    except ValueError:
        raise ApiError(400, "MALFORMED_ID", "An id of the request is malformed") from None
    found = retrieve(org, call, sobject, full, fields)
    return Answer(200, [found.get(each) for each in full])


def _listed(asked: Any) -> list[str]:
    if isinstance(asked, str):
        return [each.strip() for each in asked.split(",") if each.strip()]
    return [str(each) for each in asked] if isinstance(asked, list) else []
