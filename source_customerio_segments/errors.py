"""What can go wrong, and whose move it is.

One exception class crosses module boundaries. Its message is for the operator: what happened and
what to do, with no secret and no personal data.
"""

from __future__ import annotations

from enum import Enum


class Fault(str, Enum):
    """Who has to act; the values are the Airbyte protocol's failure types."""

    CONFIG = "config_error"  # the operator: a setting, a key, a permission
    TRANSIENT = "transient_error"  # nobody: a later sync will do
    SYSTEM = "system_error"  # us: a defect, or an answer nobody expected


class ConnectorError(Exception):
    """A failure in one sentence: what happened, and what to do."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message)
        self.message = message
        self.fault = fault
