"""What the org may still do today."""

from __future__ import annotations

from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, Call, Route

_UNTOUCHED = {
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DataStorageMB": 5,
    "FileStorageMB": 20,
}


def routes() -> list[Route]:
    """Return the routes of this module."""
    return [Route("GET", "/limits", _limits)]


def _limits(org: Org, _call: Call) -> Answer:
    used = {name: {"Max": each.max, "Remaining": each.left} for name, each in org.daily.items()}
    others = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
    return Answer(200, {**used, **others})
