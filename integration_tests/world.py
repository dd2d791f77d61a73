"""Both stand-ins, two configurations and the runner, put together for one test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.demo.compare import differences
from examples.demo.setup import example
from integration_tests.runner import Kill, Outcome, command, run_sync
from sandbox.serve import Running, running

SOURCE, DESTINATION = "source_customerio_segments", "destination_salesforce_intro"
STREAMS = ("segments", "profiles", "segment_memberships")


@dataclass
class World:
    """A workspace, an org, and what the runner remembers between syncs."""

    box: Running
    folder: Path
    streams: Sequence[str] = STREAMS
    source_settings: dict[str, Any] = field(default_factory=dict)
    destination_settings: dict[str, Any] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)

    def sync(self, kill: Kill | None = None) -> Outcome:
        """Run one sync from the last acknowledged state and keep the new one."""
        outcome = run_sync(self.source_command(), self.destination_command(), self.streams, kill)
        kept = {_name(state): state for state in self.states}
        kept |= outcome.ledger.acknowledged
        self.states = list(kept.values())
        return outcome

    def clean_sync(self) -> Outcome:
        """Run one sync that must go well by all the rules of the protocol."""
        outcome = self.sync()
        assert (outcome.source_exit, outcome.destination_exit) == (0, 0), outcome.errors
        assert outcome.ledger.problems == []
        assert outcome.ledger.unacknowledged == 0
        return outcome

    def source_command(self) -> list[str]:
        """Return the source's command line, its files freshly written."""
        files = {"config": self.source_config(), "catalog": self.catalog(), "state": self.states}
        return command(SOURCE, "read", self.folder, **files)

    def destination_command(self) -> list[str]:
        """Return the destination's command line, its files freshly written."""
        files = {"config": self.destination_config(), "catalog": self.catalog()}
        return command(DESTINATION, "write", self.folder, **files)

    def source_config(self) -> dict[str, Any]:
        """Return the example's settings, pointed at the sandbox."""
        at = {"app_api_key": self.box.app_api_key, "api_url": self.box.customerio}
        return {**example("source_config"), **at, **self.source_settings}

    def destination_config(self) -> dict[str, Any]:
        """Return the example's settings, pointed at the sandbox."""
        rejected = {"storage_type": "File", "url": f"file://{self.folder}/rejected"}
        return {
            **example("destination_config"),
            "auth": {"type": "refresh_token", **self.box.salesforce_auth["refresh_token"]},
            "login_url": self.box.salesforce,
            "object_storage_config": rejected,
            **self.destination_settings,
        }

    def catalog(self) -> dict[str, Any]:
        """Return a configured catalog of the chosen streams, as a runner would send it."""
        return {"streams": [_configured(name) for name in self.streams]}

    def differences(self) -> list[str]:
        """Compare both sides, person by person."""
        return differences(self.box)


@contextmanager
def world(folder: Path, people: int = 400, **settings: Any) -> Iterator[World]:
    """Serve a sandbox of *people* and hand out the world around it."""
    with running(people=people, **settings) as box:
        yield World(box, folder)


def _configured(name: str) -> dict[str, Any]:
    keys = {"segments": ["id"], "profiles": ["cio_id"]}.get(name, ["segment_id", "cio_id"])
    incremental = name != "segments"
    return {
        "stream": {
            "name": name,
            "json_schema": {"type": "object"},
            "supported_sync_modes": ["full_refresh", "incremental"],
            "source_defined_primary_key": [[key] for key in keys],
        },
        "sync_mode": "incremental" if incremental else "full_refresh",
        "destination_sync_mode": "append_dedup" if incremental else "append",
        "primary_key": [[key] for key in keys],
        "generation_id": 1,
        "minimum_generation_id": 0,
        "sync_id": 1,
    }


def _name(state: dict[str, Any]) -> str:
    return str(state["stream"]["stream_descriptor"]["name"])
