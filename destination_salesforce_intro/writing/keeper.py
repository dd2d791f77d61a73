"""Every outcome passes here: counted for the summary, and kept where it was a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from destination_salesforce_intro.changes import Outcome, Refused
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.storage.rejected import RejectedFile
from destination_salesforce_intro.writing.summary import Summary


class Keeper:
    """Takes outcomes.

    Args:
        summary: Counts them.
        rejected: Keeps the refusals.
        on_rejected: Whether a sync goes on after one.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        summary: Summary,
        rejected: RejectedFile,
        on_rejected: Literal["continue", "fail"],
        now: Callable[[], float],
    ) -> None:
        self.summary = summary
        self._rejected = rejected
        self._fails = on_rejected == "fail"
        self._now = now

    def note(self, outcomes: Sequence[Outcome | Refused]) -> None:
        """Count *outcomes*, and keep those that are refusals."""
        self.summary.note(outcomes, self._now())
        for outcome in outcomes:
            if outcome.rejection:
                self._rejected.add(outcome)

    def secure(self) -> None:
        """Make every refusal durable.

        Raises:
            ConnectorError: The place cannot be written to; or there are refusals, and
                ``on_rejected`` is ``fail``.
        """
        self._rejected.secure()
        if self._fails and self._rejected.count:
            raise ConnectorError(
                f'{self._rejected.count} records were rejected and "on_rejected" is "fail". '
                "Correct them (the reasons are in the log and in object_storage_config), or set "
                'it to "continue".',
                Fault.CONFIG,
            )
