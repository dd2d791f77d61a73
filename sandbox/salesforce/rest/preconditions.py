"""Conditional requests for single records: what the headers ask, and whether it holds.

Source: REST API guide, Conditional Request Headers. They compare with ``LastModifiedDate``, which
Salesforce keeps to the second, so two edits within one second are one to them. ETags, which only
Account records have, are not modelled.
"""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from sandbox.salesforce.org import Org
from sandbox.salesforce.rest.calls import Answer, ApiError, Call
from sandbox.salesforce.schema import SObject


def require_unmodified(org: Org, call: Call, sobject: SObject, record: str) -> None:
    """Refuse a request whose ``If-Unmodified-Since`` is before the record's last edit.

    Raises:
        ApiError: 412, the precondition failed; 400, the header is no date.
    """
    since = _moment(call, "If-Unmodified-Since")
    edited = _last_edit(org, sobject, record)
    if since and edited and edited > since:
        raise ApiError(412, "PRECONDITION_FAILED", "The record was modified since then")


def unmodified(org: Org, call: Call, sobject: SObject, record: str) -> Answer | None:
    """Return 304 for a read whose ``If-Modified-Since`` is not before the record's last edit."""
    since = _moment(call, "If-Modified-Since")
    edited = _last_edit(org, sobject, record)
    return Answer(304) if since and edited and edited <= since else None


def _moment(call: Call, header: str) -> datetime | None:
    value = call.headers.get(header)
    if value is None:
        return None
    try:
        return parsedate_to_datetime(value).astimezone(timezone.utc)
    except ValueError:
        raise ApiError(400, "INVALID_HEADER", f"{header} must be an HTTP date") from None


def _last_edit(org: Org, sobject: SObject, record: str) -> datetime | None:
    sql = f'SELECT "LastModifiedDate" FROM "{sobject.name}" WHERE "Id" = ? AND "IsDeleted" = 0'  # noqa: S608  -- names of the schema
    for (stamp,) in org.rows(sql, record):
        return datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z").replace(microsecond=0)
    return None
