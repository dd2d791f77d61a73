"""The five kinds of mapping, told apart by ``kind``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from destination_salesforce_intro.config.base import Name, Setting, Text
from destination_salesforce_intro.config.rules import (
    ChildExit,
    DeactivateOnExit,
    DeleteOnExit,
    FieldRule,
    IdentityRule,
    MemberExit,
    PersonRule,
    RecordExit,
)

# An id, or the exact name.
SegmentRef = Annotated[int | str, Field(union_mode="left_to_right")]
IdentityRules = Annotated[tuple[IdentityRule, ...], Field(min_length=1)]
OnMultipleMatches = Literal["reject", "oldest", "newest", "all"]
OnNoMatch = Literal["reject", "ignore"]


class _Mapping(Setting):
    """What all kinds share; lower *priority* is written first within a flush."""

    stream: Text
    priority: int = 100
    on_multiple_matches: OnMultipleMatches = "reject"
    mirror: bool = False


class RecordMapping(_Mapping):
    """One source record is one Salesforce record."""

    kind: Literal["record"]
    object: Name
    operation: Literal["upsert", "update", "insert"] = "upsert"
    identity: IdentityRules
    fields: tuple[FieldRule, ...] = ()
    on_exit: RecordExit
    changed_at_field: Name | None = None

    @model_validator(mode="after")
    def _no_target_twice(self) -> Self:
        _refuse_repeats("fields", (rule.target.lower() for rule in self.fields))
        _refuse_repeats("identity", (rule.target.lower() for rule in self.identity))
        return self

    @model_validator(mode="after")
    def _an_exit_deletes_once(self) -> Self:
        if self.on_exit.action == "delete" and self.on_multiple_matches in {"oldest", "newest"}:
            raise ValueError(
                f'cannot delete on exit with "on_multiple_matches": "{self.on_multiple_matches}": '
                "an exit that is told again would delete the next record with the same key. "
                'Use "reject" or "all", or an on_exit of "clear" or "set"'
            )
        return self


class FlagSegment(Setting):
    """A boolean field that says whether a person is in the segment."""

    segment: SegmentRef
    field: Name


class FlagMapping(_Mapping):
    """A boolean field per segment."""

    kind: Literal["flag"]
    object: Name
    identity: IdentityRules
    segments: Annotated[tuple[FlagSegment, ...], Field(min_length=1)]
    on_no_match: OnNoMatch = "reject"

    @model_validator(mode="after")
    def _no_target_twice(self) -> Self:
        _refuse_repeats("identity", (rule.target.lower() for rule in self.identity))
        _refuse_repeats("segments", (segment.field.lower() for segment in self.segments))
        return self


class SelectSegment(Setting):
    """A value of a multi-select picklist that stands for the segment."""

    segment: SegmentRef
    value: Annotated[str, Field(pattern="^[^;]+$")]


class MultiSelectMapping(_Mapping):
    """One value per segment in one multi-select picklist; other values are left alone."""

    kind: Literal["multi_select"]
    object: Name
    field: Name
    identity: IdentityRules
    segments: Annotated[tuple[SelectSegment, ...], Field(min_length=1)]
    on_no_match: OnNoMatch = "reject"

    @model_validator(mode="after")
    def _no_target_twice(self) -> Self:
        _refuse_repeats("identity", (rule.target.lower() for rule in self.identity))
        _refuse_repeats("segments", (segment.value.lower() for segment in self.segments))
        return self


class CampaignSegment(Setting):
    """A campaign (Id of 15 or 18 characters) that stands for the segment."""

    segment: SegmentRef
    campaign: Annotated[str, Field(pattern="^701[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$")]


class CampaignMemberMapping(_Mapping):
    """A segment is a Campaign; its members are CampaignMembers, by Contact or by Lead."""

    kind: Literal["campaign_member"]
    identity: Annotated[tuple[PersonRule, ...], Field(min_length=1)]
    segments: Annotated[tuple[CampaignSegment, ...], Field(min_length=1)]
    status: Text | None = None
    on_exit: MemberExit = DeleteOnExit(action="delete")
    on_no_match: OnNoMatch = "reject"

    @model_validator(mode="after")
    def _no_target_twice(self) -> Self:
        _refuse_repeats(
            "identity", (f"{rule.object}.{rule.target.lower()}" for rule in self.identity)
        )
        _refuse_repeats("segments", (segment.campaign[:15] for segment in self.segments))
        return self


class Person(Setting):
    """The lookup *field* of the child object, and how to find the person it points to."""

    field: Name
    identity: IdentityRules


class ChildRecordMapping(_Mapping):
    """One row of a custom object per person and segment; no *segments* means all of them."""

    kind: Literal["child_record"]
    object: Name
    key_field: Name
    person: Person
    segments: tuple[SegmentRef, ...] = ()
    segment_id_field: Name | None = None
    segment_name_field: Name | None = None
    active_field: Name | None = None
    entered_at_field: Name | None = None
    exited_at_field: Name | None = None
    changed_at_field: Name | None = None
    on_exit: ChildExit = DeactivateOnExit(action="deactivate")
    on_no_match: OnNoMatch = "reject"


Mapping = Annotated[
    RecordMapping | FlagMapping | MultiSelectMapping | CampaignMemberMapping | ChildRecordMapping,
    Field(discriminator="kind"),
]


def _refuse_repeats(setting: str, targets: Iterable[str]) -> None:
    names = Counter(targets)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise ValueError(f'names "{twice[0]}" twice in "{setting}"; keep one of the entries')
