"""How a request names a person, and what becomes of one that was not percent-encoded."""

from __future__ import annotations

from aiohttp import web

from sandbox.customerio.api.answers import WORKSPACE, ApiError, is_unencoded
from sandbox.customerio.workspace.profiles import Person, find_one
from sandbox.customerio.workspace.store import Workspace

CUSTOMER_PLACE = 3  # /v1/customers/{customer_id}/…, split at the slashes


class UnencodedError(Exception):
    """The raw reference holds a character that had to be encoded: the vendor finds nothing."""


def enabled(workspace: Workspace) -> tuple[str, ...]:
    """List the kinds of reference that the workspace accepts; a phone number is none."""
    return (*workspace.settings.identifiers, "cio_id")


def id_type_of(request: web.Request) -> str:
    """Read ``id_type``, by default ``id``.

    Raises:
        ApiError: The workspace does not have such identifiers: 400, as the vendor documents.
    """
    given = request.query.get("id_type", "id")
    if given not in enabled(request.app[WORKSPACE]):
        raise ApiError(400, f"{given} is not an identifier of this workspace")
    return given


def person_of(request: web.Request) -> Person:
    """Find the person that the path names, with a raw ``cio_id`` or another identifier.

    Raises:
        ApiError: Nobody is (404), or ``id_type`` is not enabled (400).
        UnencodedError: The path was not encoded.
    """
    if is_unencoded(request.raw_path.partition("?")[0].split("/")[CUSTOMER_PLACE]):
        raise UnencodedError
    reference = request.match_info["customer_id"]
    person = find_one(request.app[WORKSPACE], reference, id_type_of(request))
    if person is None:
        raise ApiError(404, "The customer_id does not exist.")
    return person


def raw_value(request: web.Request, name: str) -> str:
    """Read a query value as it was sent, not decoded; "" where there is none."""
    pairs = (part.partition("=") for part in request.raw_path.partition("?")[2].split("&"))
    return next((value for key, _, value in pairs if key == name), "")
