"""What becomes of the records: a destination that believes all of them, in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from source_customerio_segments.changes import Message, Record, State

Key = tuple[Any, ...]
KEYS = {"segment_memberships": ("segment_id", "cio_id"), "profiles": ("cio_id",)}


@dataclass
class Downstream:
    """Records by key, states by stream, and one table per stream that is keyed on e-mail.

    *superfluous* are records that say what was said before, *forgotten* those of people who were
    there that neither repeat an identifier nor give it as the one before.
    """

    rows: dict[str, dict[Key, dict[str, Any]]] = field(default_factory=dict)
    states: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    by_email: dict[str, dict[Key, str]] = field(default_factory=dict)
    superfluous: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[dict[str, Any]] = field(default_factory=list)

    def take(self, messages: Iterable[Message]) -> list[Message]:
        taken = list(messages)
        for message in taken:
            if isinstance(message, State):
                self.states[message.stream] = message.value
            elif isinstance(message, Record) and message.stream in KEYS:
                self._record(message.stream, message.data)
        return taken

    def _record(self, stream: str, data: dict[str, Any]) -> None:
        rows = self.rows.setdefault(stream, {})
        key = tuple(data[name] for name in KEYS[stream])
        before = rows.get(key)
        if before is not None:
            assert before["_ab_cdc_updated_at"] <= data["_ab_cdc_updated_at"], "went backwards"
            if _meaning(before) == _meaning(data):
                self.superfluous.append(data)
            if before["_ab_cdc_deleted_at"] is None and _forgets(before, data):
                self.forgotten.append(data)
        rows[key] = data
        self._move(stream, key[:-1], data)

    def _move(self, stream: str, scope: Key, data: dict[str, Any]) -> None:
        """Keep a table keyed on e-mail true by ``email`` and ``previous_email`` alone."""
        table = self.by_email.setdefault(stream, {})
        table.pop((*scope, data["previous_email"]), None)
        table.pop((*scope, data["email"]), None)
        if data["_ab_cdc_deleted_at"] is None and data["email"] is not None:
            table[(*scope, data["email"])] = data["cio_id"]

    def present(self, stream: str) -> dict[Key, dict[str, Any]]:
        rows = self.rows.get(stream, {})
        return {key: row for key, row in rows.items() if row["_ab_cdc_deleted_at"] is None}


def _forgets(before: Mapping[str, Any], data: Mapping[str, Any]) -> bool:
    return any(
        before[name] not in {None, data[name], data[f"previous_{name}"]} for name in ("email", "id")
    )


def _meaning(data: Mapping[str, Any]) -> dict[str, Any]:
    passing = {"_ab_cdc_updated_at", "changed_at", "updated_at", "previous_email", "previous_id"}
    times = {"entered_at", "exited_at", "_ab_cdc_deleted_at"}
    kept = {name: value for name, value in data.items() if name not in passing | times}
    return kept | {"gone": data["_ab_cdc_deleted_at"] is not None}
