"""The control endpoint's operations on people, as it takes them: one frozen value each.

A person is named by one identifier: ``{"cio_id": "e2…"}``, ``{"email": "…"}`` or ``{"id": "…"}``.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.customerio.conditions import number
from sandbox.customerio.control.operation import Operation
from sandbox.customerio.seed.newcomers import CART_LEFT, HOUR, ORDERED
from sandbox.customerio.workspace import departures, people
from sandbox.customerio.workspace.people import Happening, Identity
from sandbox.customerio.workspace.profiles import Person
from sandbox.customerio.workspace.store import Workspace

Name = Annotated[str, Field(min_length=1)]


class Reference(BaseModel):
    """Names a person by one identifier."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cio_id: str | None = None
    email: str | None = None
    id: str | None = None

    def find(self, workspace: Workspace) -> Person:
        """Find the person, or raise PersonError."""
        return people.get(workspace, Identity(self.email, self.id, self.cio_id))


class CreatePerson(Operation):
    """Make a person; the result names them: ``{"cio_id": "e2…"}``.

    A *cio_id* may be given where its looks matter, e.g. one that could be taken for a number.
    """

    op: Literal["create_person"]
    email: Name | None = None
    id: Name | None = None
    cio_id: Name | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        identity = Identity(self.email, self.id, self.cio_id)
        return {"cio_id": people.create(workspace, identity, self.attributes).cio_id}


class PersonOperation(Operation):
    """A change to one person who exists."""

    person: Reference

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change; the result names the person."""
        person = self.person.find(workspace)
        self.change(workspace, person)
        return {"cio_id": person.cio_id}

    @abstractmethod
    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change to *person*."""


class UpdatePerson(PersonOperation):
    """Change identifiers and attributes; what is not named stays, null takes away."""

    op: Literal["update_person"]
    email: Name | None = None
    id: Name | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        named = self.model_fields_set
        email = self.email if "email" in named else person.email
        own_id = self.id if "id" in named else person.id
        people.update(workspace, person, Identity(email, own_id), self.attributes)


class DeletePerson(PersonOperation):
    """Delete a person."""

    op: Literal["delete_person"]

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        departures.delete(workspace, person)


class SuppressPerson(PersonOperation):
    """Delete a person, redact their activity and block their identifiers."""

    op: Literal["suppress_person"]

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        departures.suppress(workspace, person)


class MergePeople(Operation):
    """Merge *secondary* into *primary*; the result names the primary."""

    op: Literal["merge_people"]
    primary: Reference
    secondary: Reference

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        pair = self.primary.find(workspace), self.secondary.find(workspace)
        return {"cio_id": departures.merge(workspace, *pair).cio_id}


class TrackEvent(PersonOperation):
    """Log an event; *timestamp* in unix seconds, in the past for one that arrives late."""

    op: Literal["track_event"]
    name: str
    data: dict[str, Any] = Field(default_factory=dict)
    timestamp: int | None = None

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        people.track(workspace, person, Happening(self.name, self.data, self.timestamp))


class Purchase(PersonOperation):
    """Buy: empties the cart, adds to the lifetime value; leaves segment 7, enters 10."""

    op: Literal["purchase"]
    total: float = 50.0

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        people.track(workspace, person, Happening(ORDERED, {"total": self.total}))
        spent = (number(person.attributes.get("ltv", "")) or 0) + self.total
        bought = {
            "cart_value": None,
            "last_intent_at": None,
            "last_purchase_at": int(workspace.now()),
            "ltv": f"{spent:.2f}",
        }
        people.update(workspace, person, Identity(person.email, person.id), bought)


class AbandonCart(PersonOperation):
    """Leave a cart behind, three hours ago: enters segment 7 unless they bought lately."""

    op: Literal["abandon_cart"]
    value: float = 80.0

    def change(self, workspace: Workspace, person: Person) -> None:
        """Make the change."""
        at = int(workspace.now()) - 3 * HOUR
        event = Happening(CART_LEFT, {"cart_value": self.value}, at)
        people.track(workspace, person, event)
        left = {"cart_value": f"{self.value:.2f}", "last_intent_at": at}
        people.update(workspace, person, Identity(person.email, person.id), left)
