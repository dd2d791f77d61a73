"""A REST request and its answer as values, and the table that leads from one to the other.

The same handlers serve HTTP (``wire``) and the sub-requests of Composite, so the two cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from multidict import CIMultiDict

from sandbox.salesforce.dml import Options
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject

_URL = re.compile(r"/*(?:services/data/)?v(?P<version>\d+\.\d)(?P<path>/.*)?")
_ALLOW_SAVE = re.compile(r"allowSave\s*=\s*true", re.IGNORECASE)
_PARAMETER = re.compile(r"{(\w+)}")


class ApiError(Exception):
    """A refused request: HTTP *status* and ``[{"message", "errorCode", "fields"}]``."""

    def __init__(self, status: int, code: str, message: str, *fields: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields

    @property
    def body(self) -> list[dict[str, Any]]:
        """The answer's JSON."""
        fields = {"fields": list(self.fields)} if self.fields else {}
        return [{"message": self.message, "errorCode": self.code, **fields}]


def not_found() -> ApiError:
    """Return the answer to what is not there."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


@dataclass(frozen=True)
class Call:
    """One request; *params* are the parts of the path that its route names."""

    version: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=CIMultiDict)
    body: Any = None

    @property
    def base(self) -> str:
        """The start of all URLs of this version: ``/services/data/v65.0``."""
        return f"/services/data/v{self.version}"

    def json_object(self) -> dict[str, Any]:
        """Return the body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The request body must be a JSON object")
        return self.body


class Answer(NamedTuple):
    """One answer; a body of None is an empty one."""

    status: int
    body: Any = None


Handler = Callable[[Org, Call], Answer]


class Route(NamedTuple):
    """A method and a path below the version, such as ``/sobjects/{object}/describe``."""

    method: str
    template: str
    handler: Handler


class Router:
    """Finds the route of a sub-request's method and URL."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = [(each, _pattern(each.template)) for each in routes]

    def find(self, method: str, url: str) -> tuple[Route, Call]:
        """Return the route, and the call without headers and body.

        Raises:
            ApiError: Nothing is there, or not with this method.
        """
        split = _split(url)
        match = _URL.fullmatch(split.path)
        if match is None:
            raise not_found()
        path = (match["path"] or "/").rstrip("/") or "/"
        for route, pattern in self._routes:
            found = pattern.fullmatch(path)
            if found and route.method == method.upper():
                params = {name: unquote(value) for name, value in found.groupdict().items()}
                return route, Call(match["version"], params, dict(parse_qsl(split.query)))
        raise not_found()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise not_found() from None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", template))


def options_of(call: Call) -> Options:
    """Return what the headers, and body or query, of a write ask for."""
    body = call.body if isinstance(call.body, dict) else {}
    duplicates = call.headers.get("Sforce-Duplicate-Rule-Header", "")
    return Options(
        all_or_none=body.get("allOrNone") is True or call.query.get("allOrNone") == "true",
        auto_assign=call.headers.get("Sforce-Auto-Assign", "TRUE").upper() != "FALSE",
        save_duplicates=_ALLOW_SAVE.search(duplicates) is not None,
    )


def sobject_of(org: Org, name: str) -> SObject:
    """Return the object a path or a record names.

    Raises:
        ApiError: The org has none of that name.
    """
    try:
        return org.sobject(name)
    except LookupError:
        raise not_found() from None
