"""What the org has: the version's resources, its objects, their description."""

from __future__ import annotations

from sandbox.salesforce.describe import describe, describe_global
from sandbox.salesforce.dml import MAX_ROWS_PER_TRANSACTION
from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, Call, Route, sobject_of


def routes() -> list[Route]:
    """Return the routes of this module."""
    return [
        Route("GET", "/", _resources),
        Route("GET", "/sobjects", _objects),
        Route("GET", "/sobjects/{object}", _object),
        Route("GET", "/sobjects/{object}/describe", _describe),
    ]


def _resources(_org: Org, call: Call) -> Answer:
    names = ("sobjects", "query", "queryAll", "composite", "limits", "jobs")
    return Answer(200, {name: f"{call.base}/{name}" for name in names})


def _objects(org: Org, call: Call) -> Answer:
    objects = [
        {**describe_global(each), "urls": _urls(call, each.name)}
        for each in sorted(org.objects.values(), key=lambda it: it.name)
    ]
    body = {"encoding": "UTF-8", "maxBatchSize": MAX_ROWS_PER_TRANSACTION, "sobjects": objects}
    return Answer(200, body)


def _object(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    described = {**describe_global(sobject), "urls": _urls(call, sobject.name)}
    return Answer(200, {"objectDescribe": described, "recentItems": []})


def _describe(org: Org, call: Call) -> Answer:
    sobject = sobject_of(org, call.params["object"])
    described = describe(sobject, org.children(sobject))
    return Answer(200, {**described, "urls": _urls(call, sobject.name)})


def _urls(call: Call, name: str) -> dict[str, str]:
    record = f"{call.base}/sobjects/{name}"
    return {
        "sobject": record,
        "describe": f"{record}/describe",
        "rowTemplate": f"{record}/{{ID}}",
    }
