"""The control endpoint's operations on the workspace itself: its settings and its time."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sandbox.customerio.control.operation import Operation
from sandbox.customerio.workspace import memberships
from sandbox.customerio.workspace.store import Identifier, Settings, Workspace


class SetWorkspace(Operation):
    """Set the region, the identifiers or the page cap; what is not named stays."""

    op: Literal["set_workspace"]
    region: Literal["us", "eu"] = "us"
    identifiers: tuple[Identifier, ...] = ("email", "id")
    page_cap: int | None = Field(default=None, ge=1)

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        _set(workspace, self.model_dump(include=self.model_fields_set - {"op"}))
        return {}


class AdvanceClock(Operation):
    """Let time pass for the workspace; segments that look at time follow."""

    op: Literal["advance_clock"]
    seconds: int = Field(ge=0)

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        offset = workspace.settings.clock_offset_s + self.seconds
        _set(workspace, {"clock_offset_s": offset})
        memberships.reevaluate_all(workspace)
        return {}


def _set(workspace: Workspace, values: dict[str, Any]) -> None:
    workspace.save_settings(Settings(**{**workspace.settings.model_dump(), **values}))
