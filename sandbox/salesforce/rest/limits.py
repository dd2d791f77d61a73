"""What the org may still do today."""

from __future__ import annotations

from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, Call, Route

_UNTOUCHED = {
    "DailyBulkApiBatches": 15_000,
    "DailyBulkV2QueryJobs": 10_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
}


def routes() -> list[Route]:
    """Return the routes of this module."""
    return [Route("GET", "/limits", _limits)]


def _limits(org: Org, _call: Call) -> Answer:
    requests = org.requests
    used = {"Max": requests.max, "Remaining": max(0, requests.max - requests.used)}
    others = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
    return Answer(200, {"DailyApiRequests": used, **others})
