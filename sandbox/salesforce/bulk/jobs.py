"""Bulk API 2.0 jobs as values: what a client asked for, how far it is, what it looks like as JSON.

Vendor facts: Bulk API 2.0 guide, "Create a Job", "Get Information About a Job", "Job States".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.salesforce.ids import record_id
from sandbox.salesforce.org import INTEGRATION_USER_ID
from sandbox.salesforce.rest.calls import ApiError, not_found

JOB_KEY_PREFIX = "750"

AnyModel = TypeVar("AnyModel", bound=BaseModel)
AnyJob = TypeVar("AnyJob", bound="Job")


class State(str, Enum):
    """The states of a job; only ingest jobs are ever Open."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more."""
        return self in (State.JOB_COMPLETE, State.FAILED, State.ABORTED)


class Delimiter(str, Enum):
    """The column delimiters a job may name."""

    BACKQUOTE = "BACKQUOTE"
    CARET = "CARET"
    COMMA = "COMMA"
    PIPE = "PIPE"
    SEMICOLON = "SEMICOLON"
    TAB = "TAB"

    @property
    def char(self) -> str:
        """The character itself."""
        return dict(zip(Delimiter, "`^,|;\t", strict=True))[self]


class LineEnding(str, Enum):
    """The line endings a job may name."""

    LF = "LF"
    CRLF = "CRLF"

    @property
    def chars(self) -> str:
        """The characters themselves."""
        return "\n" if self is LineEnding.LF else "\r\n"


class Body(BaseModel):
    """A JSON body of the Bulk API; the names in it are the API's."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Request(Body):
    """What both kinds of job are created with."""

    operation: str
    contentType: str = "CSV"  # noqa: N815  # the API's name
    columnDelimiter: Delimiter = Delimiter.COMMA  # noqa: N815  # the API's name
    lineEnding: LineEnding = LineEnding.LF  # noqa: N815  # the API's name


class NewState(Body):
    """What closes or aborts a job: ``{"state": "UploadComplete"}``."""

    state: State


@dataclass
class Job:
    """A job under way; *processed* and *failed* count rows."""

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

    kind: ClassVar[str]  # the part of the path that jobs of this kind are under
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
            "totalProcessingTime": self.processed,
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


def read_body(model: type[AnyModel], raw: bytes) -> AnyModel:
    """Read a request's JSON.

    Raises:
        ApiError: ``JSON_PARSER_ERROR`` for what the API does not know.
    """
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        [first, *_] = error.errors()
        where = ".".join(str(part) for part in first["loc"])
        raise ApiError(400, "JSON_PARSER_ERROR", f"{first['msg']} at [{where}]") from None
