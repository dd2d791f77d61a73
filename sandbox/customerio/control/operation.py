"""What every operation of the control endpoint is: a frozen value that knows how to be done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.customerio.workspace.store import Workspace


class Operation(BaseModel, ABC):
    """One change. ``apply`` makes it and returns what the caller cannot know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
