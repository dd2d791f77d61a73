r"""Which requests are to go wrong, and how. Pure: ``breakage`` makes it happen.

A fault, as the control endpoint takes it::

    {"match": {"method": "GET", "path": "/membership\\?.*start=", "body": null},
     "skip": 0, "times": 1, "action": {"status": 503, "headers": {"Retry-After": "2"}}}
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(_Strict):
    """Answer this instead. *body* is text, or anything else to be written as JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = Field(default_factory=dict)


class Reset(_Strict):
    """Break the connection: *before* the request is handled, or *after* (what it did stays)."""

    reset: Literal["before", "after"]


class Late(_Strict):
    """Break the connection at once, and handle the request so many seconds later all the same."""

    late_s: float = Field(ge=0)


class Hang(_Strict):
    """Handle the request, then keep the answer back for so many seconds."""

    hang_s: float = Field(ge=0)


class Delay(_Strict):
    """Wait so many milliseconds, then handle the request."""

    delay_ms: float = Field(ge=0)


class Truncate(_Strict):
    """Handle the request, send half of the answer with the length of the whole, and close."""

    truncate: Literal[True]


class Garbage(_Strict):
    """Answer 200 with this text, which is no JSON."""

    garbage: str


class Control(_Strict):
    """Make a change through the sandbox's own endpoints, then handle the request.

    So a test changes people between two pages: ``{"control": {"path": "/__sandbox__/workspace",
    "body": [...]}}``.
    """

    class Request(_Strict):
        """A POST to the same server."""

        path: str = Field(pattern="^/__sandbox__/")
        body: Any = None

    control: Request


Action = Answer | Reset | Late | Hang | Delay | Truncate | Garbage | Control


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Match(_Strict):
    r"""Which requests: patterns are searched for in the raw path with its query, and the body."""

    method: str | None = None
    path: Pattern = ""
    body: Pattern | None = None


class Fault(_Strict):
    """Leave *skip* matching requests alone, then break *times* of them (None: for ever)."""

    match: Match = Match()
    skip: int = Field(default=0, ge=0)
    times: int | None = Field(default=1, ge=1)
    action: Action


class Asked(BaseModel):
    """What there is to match with. *body* is "" where no fault looks at bodies."""

    method: str
    path: str
    body: str = ""


class FaultTable:
    """The faults still to come, in the order they were added. One request meets at most one."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add a fault behind the others."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything go well again."""
        self._faults.clear()

    def remaining(self) -> list[Fault]:
        """List what is left, with the skips and times that are left."""
        return list(self._faults)

    @property
    def looks_at_bodies(self) -> bool:
        """Tell whether a body has to be read to know if the request is to be broken."""
        return any(fault.match.body is not None for fault in self._faults)

    def meet(self, asked: Asked) -> Action | None:
        """Find what is to befall a request, and count it against the faults it matches.

        A fault that still skips lets the request go on to the next fault.
        """
        for place, fault in enumerate(self._faults):
            if not matches(fault.match, asked):
                continue
            if fault.skip:
                self._faults[place] = fault.model_copy(update={"skip": fault.skip - 1})
                continue
            self._use(place, fault)
            return fault.action
        return None

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times is None:
            return
        left = [] if fault.times == 1 else [fault.model_copy(update={"times": fault.times - 1})]
        self._faults[place : place + 1] = left


def matches(match: Match, asked: Asked) -> bool:
    """Tell whether a request is one of those that *match* describes."""
    return (
        match.method in (None, asked.method)
        and re.search(match.path, asked.path) is not None
        and (match.body is None or re.search(match.body, asked.body) is not None)
    )
