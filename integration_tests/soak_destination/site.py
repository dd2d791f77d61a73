"""Where a round is played: a sandbox, a folder, and the destination run against it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import requests

from integration_tests.soak_destination import apart, here, world
from integration_tests.soak_destination.model import Contents
from integration_tests.soak_destination.runs import End, How, Part
from integration_tests.soak_destination.session import Session
from integration_tests.soak_destination.values import Json
from sandbox.control import SalesforceControl
from sandbox.serve import Running

RESERVE_PERCENT = 20
TIMEOUT_S = 30


@dataclass(frozen=True)
class Site:
    """One round's surroundings; *rng* decides everything."""

    box: Running
    folder: Path
    rng: Random

    @property
    def control(self) -> SalesforceControl:
        """The operator's way into the org."""
        return self.box.salesforce_control

    @property
    def kept(self) -> Path:
        """Where rejected records and plans are kept."""
        return self.folder / "kept"

    def held(self) -> Contents:
        """Read what the org holds."""
        return world.held(self.control)

    def config(self, mappings: tuple[Json, ...], **settings: Any) -> Json:
        """Return the settings of a run."""
        return {
            "auth": {"type": "refresh_token", **self.box.salesforce_auth["refresh_token"]},
            "login_url": self.box.salesforce,
            "mappings": list(mappings),
            "max_removals": 100_000,
            "api_quota_reserve_percent": RESERVE_PERCENT,
            "object_storage_config": {"storage_type": "File", "url": f"file://{self.kept}"},
            **settings,
        }

    def run(
        self, session: Session, parts: Iterator[Part], config: Json, how: How
    ) -> tuple[End, str]:
        """Run the destination once; return how it ended, and what it logged.

        Raises:
            ViolationError: A promise is broken.
        """
        streams = dict.fromkeys(mapping["stream"] for mapping in config["mappings"])
        catalog = {
            "streams": [
                {
                    "stream": {"name": name},
                    "destination_sync_mode": how.sync_mode,
                    "sync_id": how.sync_id,
                }
                for name in sorted(streams)
            ]
        }
        if how.in_process:
            return here.run(session, parts, config, catalog, how)
        files = {"config": config, "catalog": catalog}
        return apart.run(session, parts, self.folder, files, how.death)

    def set_calls(self, used: int, of: int = 15_000) -> None:
        """Set how many of the day's API calls are used."""
        self.control.do({"quota": {"max": of, "used": used}})

    def calls_used(self) -> int:
        """Read how many of the day's API calls are used."""
        answer = requests.get(f"{self.box.salesforce}/services/data", timeout=TIMEOUT_S)
        usage = re.match(r"api-usage=(\d+)/", answer.headers["Sforce-Limit-Info"])
        return int(usage[1]) if usage else 0
