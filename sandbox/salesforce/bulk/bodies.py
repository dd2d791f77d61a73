"""What clients of Bulk API 2.0 send and read: states, formats, JSON bodies, under the API's names.

Vendor facts: Bulk API 2.0 guide, "Create a Job", "Job States".
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.salesforce.rest.calls import ApiError

AnyBody = TypeVar("AnyBody", bound="Body")


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


def read_body(model: type[AnyBody], raw: bytes) -> AnyBody:
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
