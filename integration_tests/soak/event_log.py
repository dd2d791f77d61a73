"""The stream of events against the log of activities."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import requests

from integration_tests.soak.warehouse import Row
from sandbox.serve import Running

EVENTS = "events"
TIMEOUT_S = 30
MARGIN_S = 29 * 86_400  # older ones may have passed the 30 days that are read


def logged(box: Running) -> dict[str, dict[str, Any]]:
    """Return all events that the App API has, by id."""
    events: dict[str, dict[str, Any]] = {}
    start = ""
    while True:
        answer = requests.get(
            f"{box.customerio}/v1/activities",
            {"type": "event", "deleted": "true", "limit": "100", "start": start},
            headers={"Authorization": f"Bearer {box.app_api_key}"},
            timeout=TIMEOUT_S,
        ).json()
        events |= {each["id"]: each for each in answer["activities"] or ()}
        start = answer["next"]
        if not start:
            return events


@dataclass
class Told:
    """The events that have been told, by id.

    Args:
        names: The events selected; empty for all.
    """

    names: Collection[str] = ()
    rows: dict[str, Row] = field(default_factory=dict)

    def take(self, row: Row, *, settled: bool) -> Iterator[str]:
        """Keep an event; *settled*: none may come twice, for the last sync left nothing open."""
        if settled and row["id"] in self.rows:
            yield f"{EVENTS} {row['id']}: told again and nothing was open"
        self.rows[row["id"]] = row

    def differences(self, log: dict[str, dict[str, Any]]) -> Iterator[str]:
        """Find events that are missing, and those that are not as Customer.io has them."""
        oldest = time.time() - MARGIN_S
        wanted = {
            key: each
            for key, each in log.items()
            if self._is_wanted(each) and each["timestamp"] > oldest
        }
        if lost := sorted(wanted.keys() - self.rows.keys()):
            yield f"{EVENTS}: {len(lost)} not told, such as {lost[0]}"
        for key in wanted.keys() & self.rows.keys():
            if meaning(self.rows[key]) != {**meaning(wanted[key]), "timestamp": _iso(wanted[key])}:
                yield f"{EVENTS} {key}: not as Customer.io has it"
        for key, row in self.rows.items():
            if not self._is_wanted(row):
                yield f"{EVENTS} {key}: not one of the selected"

    def _is_wanted(self, event: Row) -> bool:
        return not self.names or event["name"] in self.names


def meaning(event: Row) -> dict[str, Any]:
    """Return what happened; of whom it is told may change, as in a merge."""
    return {name: event[name] for name in ("name", "timestamp", "data")}


def _iso(event: Row) -> str:
    at = datetime.fromtimestamp(event["timestamp"], timezone.utc)
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
