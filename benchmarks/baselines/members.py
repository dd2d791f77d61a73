"""The members of segment 7 and their records, as every baseline gets and makes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import requests

SEGMENT = 7
MEMBERS_PER_PAGE = 30_000
STREAM = "segment_memberships"
AT = "2026-11-24T15:45:42.546Z"

Json = dict[str, Any]


def settings(path: str) -> Json:
    """Read ``{"app_api_key": …, "api_url": …}``."""
    content: Json = json.loads(Path(path).read_text(encoding="utf-8"))
    return content


def pages(config: Json) -> Iterator[list[Json]]:
    """Yield the pages over HTTP, plainly."""
    url = f"{config['api_url']}/v1/segments/{SEGMENT}/membership"
    start: str | None = None
    while start != "":
        query: dict[str, str | int] = {"limit": MEMBERS_PER_PAGE, "start": start or ""}
        headers = {"Authorization": f"Bearer {config['app_api_key']}"}
        answer = orjson.loads(requests.get(url, query, headers=headers, timeout=60).content)
        yield answer["identifiers"] or []
        start = answer["next"]


def record(member: Json) -> Json:
    """Make the record that the source makes of a first sync."""
    return {
        "segment_id": SEGMENT,
        "segment_name": "Cart Abandoners - 2h",
        "cio_id": member["cio_id"],
        "id": member["id"],
        "email": member["email"],
        "status": "member",
        "entered_at": None,
        "exited_at": None,
        "previous_email": None,
        "previous_id": None,
        "changed_at": AT,
        "_ab_cdc_updated_at": AT,
        "_ab_cdc_deleted_at": None,
    }
