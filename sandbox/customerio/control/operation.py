"""What every operation of the control endpoint is: a frozen value that knows how to be done."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.customerio.workspace.store import Workspace


class Operation(BaseModel):
    """One change. ``apply`` makes it and returns what the caller cannot know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        raise NotImplementedError
