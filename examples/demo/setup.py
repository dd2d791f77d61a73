"""The files a sync needs, made from the examples: two configurations, a catalog, a first state."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from examples.demo.pipe import script
from sandbox.serve import Running

EXAMPLES = Path(__file__).parents[1]
STREAMS = ("segments", "profiles", "segment_memberships")
INCREMENTAL = {"sync_mode": "incremental", "destination_sync_mode": "append_dedup"}
FULL = {"sync_mode": "full_refresh", "destination_sync_mode": "append"}


def prepare(folder: Path, box: Running) -> None:
    """Write ``source.json``, ``destination.json``, ``catalog.json`` and an empty ``state.json``."""
    source = {**example("source_config"), "app_api_key": box.app_api_key}
    _write(folder / "source.json", {**source, "api_url": box.customerio})
    _write(folder / "destination.json", _destination(folder, box))
    _write(folder / "catalog.json", _catalog(folder))
    _write(folder / "state.json", [])


def _destination(folder: Path, box: Running) -> dict[str, Any]:
    return {
        **example("destination_config"),
        "auth": {"type": "refresh_token", **box.salesforce_auth["refresh_token"]},
        "login_url": box.salesforce,
        "object_storage_config": {"storage_type": "File", "url": f"file://{folder}/rejected"},
    }


def _catalog(folder: Path) -> dict[str, Any]:
    """Choose the streams from what ``discover`` prints."""
    line = [script("source-customerio-segments"), "discover", "--config", "source.json"]
    out = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True).stdout
    messages = [json.loads(text) for text in out.splitlines()]
    found = {
        stream["name"]: stream
        for message in messages
        if message["type"] == "CATALOG"
        for stream in message["catalog"]["streams"]
    }
    return {"streams": [{"stream": found[name], **_mode(found[name])} for name in STREAMS]}


def _mode(stream: dict[str, Any]) -> dict[str, str]:
    return INCREMENTAL if "incremental" in stream["supported_sync_modes"] else FULL


def example(name: str) -> dict[str, Any]:
    """Return ``examples/<name>.json``."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
