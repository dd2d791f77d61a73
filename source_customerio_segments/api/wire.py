"""What to send to the Customer.io App API, and what its answers mean.

Pure: requests are values without host or key, answers are decoded JSON. ``client`` sends the one
and hands in the other. Answers are read as leniently as the vendor writes them (null for an empty
list, items wrapped or not, unknown keys), but an answer that lacks what was asked for is
`UnreadableError`: it must never pass for "nobody".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from source_customerio_segments.changes import Activity, Page, Profile, Segment

MEMBERS_PER_PAGE = 30_000  # the most that /membership gives
ACTIVITIES_PER_PAGE = 100  # the most that /activities gives


class UnreadableError(ValueError):
    """A 200 that does not hold what was asked for; the text names the missing part."""


class Request(NamedTuple):
    """One request; *label* names it in messages without naming a person."""

    method: str
    path: str
    label: str
    params: Mapping[str, str | int] = {}
    json: Mapping[str, Any] | None = None

    @property
    def target(self) -> str:
        """Path and query, percent-encoded.

        A space becomes ``%20``, never ``+``: Customer.io answers 200 with nobody to a query
        that it reads differently than it was meant.
        """
        query = urlencode(self.params, quote_via=quote)
        return f"{self.path}?{query}" if query else self.path


# --- requests ----------------------------------------------------------------------------------


def segments_request() -> Request:
    """Ask for every segment that is not archived; one answer holds them all."""
    return Request("GET", "/v1/segments", "the list of segments")


def membership_request(segment_id: int, start: str | None) -> Request:
    """Ask for one page of members; *start* is the ``next`` of the page before, if any."""
    path = f"/v1/segments/{segment_id}/membership"
    params = _paged(MEMBERS_PER_PAGE, start)
    return Request("GET", path, f"the members of segment {segment_id}", params)


def customer_count_request(segment_id: int) -> Request:
    """Ask how many members a segment has, as Customer.io counts them."""
    path = f"/v1/segments/{segment_id}/customer_count"
    return Request("GET", path, f"the size of segment {segment_id}")


def attributes_request(cio_ids: Sequence[str]) -> Request:
    """Ask for the profiles of at most 100 people.

    The ids go as they are: with the prefix ``cio_`` of other endpoints they match nobody.
    """
    return Request(
        "POST",
        "/v1/customers/attributes",
        "a batch of profiles",
        {"id_type": "cio_id"},
        {"ids": list(cio_ids)},
    )


def activities_request(kind: str, name: str | None, start: str | None) -> Request:
    """Ask for one page of the activity log, newest first by the activities' own time.

    *kind* is one of Customer.io's activity types; *name* picks events of one name. People who
    were deleted are asked for as well: what they did was done.
    """
    named = {} if name is None else {"name": name}
    params = {"type": kind, **named, "deleted": "true", **_paged(ACTIVITIES_PER_PAGE, start)}
    return Request("GET", "/v1/activities", "the activity log", params)


def _paged(limit: int, start: str | None) -> dict[str, str | int]:
    return {"limit": limit} if start is None else {"limit": limit, "start": start}


# --- answers -----------------------------------------------------------------------------------


def segments(answer: object) -> list[Segment]:
    """Read ``{"segments": [{"id": 7, "name": "VIP", "state": "finished", …}]}``."""
    return [_segment(item) for item in _items(answer, "segments")]


def _segment(item: Mapping[str, Any]) -> Segment:
    state = item.get("state")
    return Segment(_integer(item, "id"), str(item.get("name") or ""), str(state or ""), item)


def membership(answer: object) -> tuple[Page, str | None]:
    """Read one page and the token of the next, None after the last.

    ``{"identifiers": [{"cio_id": "a3000001", "email": null, "id": "u-1"}], "next": "MDo2MQ=="}``;
    classic workspaces leave *email* out.
    """
    members = _items(answer, "identifiers")
    if not members and isinstance(answer, dict) and answer.get("ids"):
        raise UnreadableError("identifiers")
    cio_ids = [member.get("cio_id") for member in members]
    if not all(cio_ids):
        raise UnreadableError("cio_id")
    page = Page(
        list(map(str, cio_ids)),
        [member.get("email") or None for member in members],
        [member.get("id") or None for member in members],
    )
    return page, next_token(answer)


def next_token(answer: object) -> str | None:
    """Return the opaque token of the next page; ``""``, null and absent all mean the end."""
    token = answer.get("next") if isinstance(answer, dict) else None
    return None if token in {None, ""} else str(token)


def customer_count(answer: object) -> int:
    """Read ``{"segment_id": 7, "count": 842}``."""
    return _integer(_object(answer, "count"), "count")


def profiles(answer: object) -> list[Profile]:
    """Read the people of a batch, in the API's order; ids nobody has are left out by Customer.io.

    Items come bare (live) or inside ``customer`` (as the vendor's specification shows them).
    """
    return [_profile(item.get("customer") or item) for item in _items(answer, "customers")]


def _profile(item: Mapping[str, Any]) -> Profile:
    attributes = item.get("attributes") or {}
    # Not the item's own "id": that repeats whatever the request named the person by.
    known = {**attributes, **{k: v for k, v in (item.get("identifiers") or {}).items() if v}}
    return Profile(
        _cio_id(known),
        known.get("email") or None,
        known.get("id") or None,
        str(item.get("unsubscribed")).lower() == "true",
        attributes,
    )


def activities(answer: object) -> tuple[list[Activity], str | None]:
    """Read one page of the activity log and the token of the next, None after the last.

    ``{"activities": [{"id": "01AK…", "type": "event", "name": "Order Completed",
    "timestamp": 1792000100, "customer_id": null, "customer_identifiers": {"cio_id": "a3000002"},
    "data": {"total": 12.5}}], "next": "179200000000000014"}``

    An empty page ends the log whatever its token says.
    """
    items = [_activity(item) for item in _items(answer, "activities")]
    return items, next_token(answer) if items else None


def _activity(item: Mapping[str, Any]) -> Activity:
    if not item.get("id"):
        raise UnreadableError("id")
    known = item.get("customer_identifiers") or {}
    return Activity(
        str(item["id"]),
        str(item.get("type") or ""),
        item.get("name"),
        _integer(item, "timestamp"),
        known.get("cio_id") or None,
        item.get("customer_id") or known.get("id") or None,
        known.get("email") or None,
        item.get("data") or {},
    )


# --- parts -------------------------------------------------------------------------------------


def _object(answer: object, key: str) -> dict[str, Any]:
    if not isinstance(answer, dict) or key not in answer:
        raise UnreadableError(key)
    return answer


def _items(answer: object, key: str) -> list[dict[str, Any]]:
    items = _object(answer, key)[key]
    if items is None:
        return []
    if not isinstance(items, list) or not set(map(type, items)) <= {dict}:
        raise UnreadableError(key)
    return items


def _cio_id(item: Mapping[str, Any]) -> str:
    cio_id = item.get("cio_id")
    if not cio_id:
        raise UnreadableError("cio_id")
    return str(cio_id)


def _integer(item: Mapping[str, Any], key: str) -> int:
    try:
        return int(item[key])
    except (KeyError, TypeError, ValueError):
        raise UnreadableError(key) from None
