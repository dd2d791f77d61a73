"""The control endpoint's operations on segments."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal

from pydantic import Field

from sandbox.customerio.control.operation import Operation
from sandbox.customerio.workspace import memberships, people, segments
from sandbox.customerio.workspace.people import Identity
from sandbox.customerio.workspace.segments import Definition, SegmentError
from sandbox.customerio.workspace.store import Workspace

State = Literal["events", "build", "events_queued", "build_queued", "finished"]


class CreateSegment(Operation):
    """Make a segment, manual without *conditions*; the result is ``{"segment_id": 12}``."""

    op: Literal["create_segment"]
    name: str
    conditions: dict[str, Any] | None = None
    description: str = ""
    tags: tuple[str, ...] = ()

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change."""
        definition = Definition(self.name, self.conditions, self.description, self.tags)
        segment_id = segments.create(workspace, definition)
        memberships.reevaluate_all(workspace, [segment_id])
        return {"segment_id": segment_id}


class SegmentOperation(Operation):
    """A change to one segment that exists, archived or not."""

    segment: int

    def apply(self, workspace: Workspace) -> dict[str, Any]:
        """Make the change; the result is ``{"segment_id": 7}``."""
        row = segments.get(workspace, self.segment, archived=True)
        self.change(workspace, row)
        return {"segment_id": self.segment}

    @abstractmethod
    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change to the segment in *row*."""


class EditSegment(SegmentOperation):
    """Change the name, conditions, description or tags; what is not named stays."""

    op: Literal["edit_segment"]
    name: str | None = None
    conditions: dict[str, Any] | None = None
    description: str | None = None
    tags: tuple[str, ...] | None = None

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        new = self.model_dump(exclude={"op", "segment"}, exclude_none=True)
        segments.replace(workspace, self.segment, segments.definition_of(row)._replace(**new))
        if self.conditions is not None:
            memberships.reevaluate_all(workspace, [self.segment])


class ArchiveSegment(SegmentOperation):
    """Archive a segment: it is not listed any more, and its endpoints answer 404."""

    op: Literal["archive_segment"]

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        segments.set_columns(workspace, row["id"], {"archived": 1})


class UnarchiveSegment(SegmentOperation):
    """Bring a segment back."""

    op: Literal["unarchive_segment"]

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        segments.set_columns(workspace, row["id"], {"archived": 0})


class DeleteSegment(SegmentOperation):
    """Delete a segment for good."""

    op: Literal["delete_segment"]

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        segments.delete(workspace, row["id"])


class SetSegment(SegmentOperation):
    """Make a segment look unfinished, miscounted or short; what is not named stays.

    *visible_percent* is the share of members that reads show, *count_skew* what
    ``customer_count`` is off by, *page_drop* how many members each page loses.
    """

    op: Literal["set_segment"]
    state: State = "finished"
    progress: int | None = Field(default=None, ge=0, le=100)
    visible_percent: int = Field(default=100, ge=0, le=100)
    count_skew: int = 0
    page_drop: int = Field(default=0, ge=0)

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        values = self.model_dump(include=self.model_fields_set - {"op", "segment"})
        segments.set_columns(workspace, row["id"], values)


class Members(SegmentOperation):
    """A change to who is in a manual segment: *cio_ids*, or *percent* of everybody.

    The share is drawn by the segment's number, so that two segments overlap by chance.
    """

    cio_ids: tuple[str, ...] = ()
    percent: int = Field(default=0, ge=0, le=100)

    def positions(self, workspace: Workspace, row: Any) -> list[int]:
        """Find whom it is about.

        Raises:
            SegmentError: Members of this segment come and go by its conditions.
        """
        if row["conditions"] is not None:
            raise SegmentError("only a manual segment takes members by hand")
        named = [people.get(workspace, Identity(cio_id=one)).position for one in self.cio_ids]
        drawn = workspace.db.execute(
            "SELECT position FROM people WHERE (position * 48271 + ? * 69621) % 7919 % 100 < ?",
            (self.segment, self.percent),
        )
        return [*named, *(row["position"] for row in drawn)]


class AddMembers(Members):
    """Put people into a manual segment."""

    op: Literal["add_members"]

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        memberships.add(workspace, row["id"], self.positions(workspace, row))


class RemoveMembers(Members):
    """Take people out of a manual segment."""

    op: Literal["remove_members"]

    def change(self, workspace: Workspace, row: Any) -> None:
        """Make the change."""
        memberships.remove(workspace, row["id"], self.positions(workspace, row))
