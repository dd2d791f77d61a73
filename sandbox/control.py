"""Synchronous clients of the sandbox's own endpoints, for tests, benchmarks and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests import Response, request

TIMEOUT_S = 120


class Control:
    """What both stand-ins offer: the request log and faults."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/__sandbox__/"

    def requests(self) -> dict[str, Any]:
        """Read the request log: ``{"total": 2, "counts": {...}, "recent": [...]}``."""
        return dict(self.get("requests"))

    def reset_requests(self) -> None:
        """Empty the request log."""
        self.delete("requests")

    def fault(
        self, action: Mapping[str, Any], *, times: int | None = 1, skip: int = 0, **match: str
    ) -> None:
        """Add a fault: ``fault({"status": 503}, times=2, method="GET", path="/membership")``."""
        self.post("faults", {"match": match, "skip": skip, "times": times, "action": action})

    def faults(self) -> list[Any]:
        """List the faults that are left."""
        return list(self.get("faults"))

    def clear_faults(self) -> None:
        """Remove all faults."""
        self.delete("faults")

    def get(self, path: str) -> Any:
        """Read a control endpoint."""
        return self._send("GET", path).json()

    def post(self, path: str, body: object) -> Any:
        """Write to a control endpoint; None where it says nothing back."""
        answer = self._send("POST", path, body)
        return answer.json() if answer.content else None

    def delete(self, path: str) -> None:
        """Reset a control endpoint."""
        self._send("DELETE", path)

    def _send(self, method: str, path: str, body: object = None) -> Response:
        """Send one request.

        Raises:
            ValueError: The sandbox refuses it; the text is the sandbox's own.
        """
        answer = request(method, self._url + path, json=body, timeout=TIMEOUT_S)
        if not answer.ok:
            raise ValueError(f"the sandbox answered {answer.status_code}: {answer.text[:500]}")
        return answer


class CustomerioControl(Control):
    """Changes the Customer.io workspace and tells its truth."""

    def do(self, *operations: Mapping[str, Any]) -> list[Any]:
        """Carry out operations in order, all or none, and return one result for each.

        ``do({"op": "create_person", "email": "ann@example.com"})`` gives ``[{"cio_id": "e2…"}]``.
        """
        return list(self.post("workspace", operations))

    def truth(self) -> dict[str, Any]:
        """Read who is in what: ``{"segments": {"7": ["e2…"]}, "people": {"e2…": {...}}}``."""
        return dict(self.get("truth"))


class SalesforceControl(Control):
    """Changes the Salesforce org behind the client's back and tells what is in it."""

    def do(self, *operations: Mapping[str, Any]) -> Any:
        """Carry out operations in order."""
        return self.post("org", operations)

    def records(self, sobject: str) -> list[dict[str, Any]]:
        """Read all live records of an object."""
        return list(self.get(f"records?object={sobject}"))

    def writes(self) -> dict[str, Any]:
        """Read how much was written since the last reset."""
        return dict(self.get("writes"))

    def reset_writes(self) -> None:
        """Start counting writes anew."""
        self.delete("writes")
