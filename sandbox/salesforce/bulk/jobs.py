"""Jobs under way: how far one is, what it looks like as JSON, where all of them are kept.

Vendor facts: Bulk API 2.0 guide, "Get Information About a Job".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from sandbox.salesforce.bulk.bodies import Request, State
from sandbox.salesforce.ids import record_id
from sandbox.salesforce.org import INTEGRATION_USER_ID
from sandbox.salesforce.rest.calls import ApiError, not_found

JOB_KEY_PREFIX = "750"

AnyJob = TypeVar("AnyJob", bound="Job")


@dataclass
class Job:
    """A job; *processed* and *failed* count rows, *processing_s* is the time they took."""

    id: str
    version: str
    request: Request
    sobject: str
    created_date: str
    state: State
    modified_date: str
    error_message: str | None = None
    processed: int = 0
    failed: int = 0
    processing_s: float = 0

    type: ClassVar[str]

    def move(self, state: State, now: str) -> None:
        """Enter *state*."""
        self.state = state
        self.modified_date = now

    def is_in(self, *states: State) -> bool:
        """Whether the job is in one of *states*."""
        return self.state in states

    def fail(self, message: str, now: str) -> None:
        """End as Failed; what is committed stays."""
        self.error_message = message
        self.move(State.FAILED, now)

    def require(self, *states: State) -> None:
        """Refuse what only a job in one of *states* allows.

        Raises:
            ApiError: ``INVALIDJOBSTATE``.
        """
        if not self.is_in(*states):
            sentence = f"InvalidJobState : Job {self.id} is {self.state.value}"
            raise ApiError(400, "INVALIDJOBSTATE", sentence)

    def base_json(self) -> dict[str, Any]:
        """Return what creating, closing and aborting answer."""
        return {
            "id": self.id,
            "object": self.sobject,
            "createdById": INTEGRATION_USER_ID,
            "createdDate": self.created_date,
            "systemModstamp": self.modified_date,
            "state": self.state.value,
            "concurrencyMode": "Parallel",
            "apiVersion": float(self.version),
            **self.request.model_dump(mode="json", exclude_none=True),
        }

    def info_json(self) -> dict[str, Any]:
        """Return what asking for the job answers."""
        error = {"errorMessage": self.error_message} if self.error_message else {}
        return {
            **self.base_json(),
            "jobType": self.type,
            "retries": 0,
            "totalProcessingTime": round(self.processing_s * 1000),
            "numberRecordsProcessed": self.processed,
            **error,
        }


class Jobs:
    """All jobs of an org, of every kind."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._made = 0

    def next_id(self) -> str:
        """Return an id that no job has, e.g. ``750SB0000000001AAA``."""
        self._made += 1
        return record_id(JOB_KEY_PREFIX, self._made)

    def add(self, job: Job) -> None:
        """Keep *job*."""
        self._jobs[job.id] = job

    def remove(self, job: Job) -> None:
        """Forget *job*.

        Raises:
            ApiError: ``INVALIDJOBSTATE`` if it is not over.
        """
        job.require(State.JOB_COMPLETE, State.FAILED, State.ABORTED)
        del self._jobs[job.id]

    def find(self, kind: type[AnyJob], job_id: str) -> AnyJob:
        """Return a job by its id.

        Raises:
            ApiError: ``NOT_FOUND`` if there is none of that kind.
        """
        job = self._jobs.get(job_id)
        if not isinstance(job, kind):
            raise not_found()
        return job

    def list(self, kind: type[AnyJob]) -> list[AnyJob]:
        """Return all jobs of a kind, the newest first."""
        return [job for job in reversed(self._jobs.values()) if isinstance(job, kind)]
