"""The rules inside a mapping: who a record is, what goes where, what an exit does."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import Self

from destination_salesforce_intro.config.base import Name, Path, Setting, Text

Scalar = str | bool | int | float
Format = Literal[
    "email",
    "phone_e164",
    "lower",
    "upper",
    "trim",
    "date",
    "datetime",
    "epoch_seconds",
    "sha256",
    "multi_select",
]


class _Formatted(Setting):
    """A value of the source record on its way into a Salesforce field."""

    format: Format | None = None
    default_region: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None

    @model_validator(mode="after")
    def _region_is_for_phones(self) -> Self:
        if self.default_region and self.format != "phone_e164":
            raise ValueError('takes "default_region" only with "format": "phone_e164"')
        return self


class IdentityRule(_Formatted):
    """One way to tell who a record is: *source* of the record equals *target* in Salesforce."""

    source: Text
    target: Name


class PersonRule(IdentityRule):
    """An identity rule that also says which object holds the person."""

    object: Literal["Contact", "Lead"]


class Tier(Setting):
    """Numbers under *below* become *value*; the last tier has no *below* and takes the rest."""

    below: float | None = None
    value: Scalar


class FieldRule(_Formatted):
    """What one Salesforce field should hold: a value of the record, or a constant."""

    source: Text | None = None
    constant: Scalar | None = None
    target: Path
    values: dict[str, Scalar | None] | None = None
    tiers: tuple[Tier, ...] | None = None
    missing: Literal["leave", "clear"] = "leave"
    on_too_long: Literal["reject", "truncate"] = "reject"

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError('needs exactly one of "source" and "constant"')
        if self.constant is not None and (self.values or self.tiers or self.format):
            raise ValueError('takes no "values", "tiers" or "format" beside a "constant"')
        return self

    @model_validator(mode="after")
    def _tiers_cover_all(self) -> Self:
        if self.tiers is None:
            return self
        if self.values or self.format:
            raise ValueError('takes "tiers" without "values" and "format": a tier is the value')
        bounds = [tier.below for tier in self.tiers]
        if not bounds or bounds[-1] is not None or not _rise(bounds[:-1]):
            raise ValueError(
                'needs tiers with rising "below", and a last tier without "below" for the rest'
            )
        return self


def _rise(bounds: list[float | None]) -> bool:
    numbers = [bound for bound in bounds if bound is not None]
    return len(numbers) == len(bounds) and all(low < high for low, high in pairwise(numbers))


class DeleteOnExit(Setting):
    """Delete the record (to the recycle bin)."""

    action: Literal["delete"]


class ClearOnExit(Setting):
    """Set the listed fields to null."""

    action: Literal["clear"]
    fields: Annotated[tuple[Name, ...], Field(min_length=1)]


class SetOnExit(Setting):
    """Set fields to fixed values; null clears."""

    action: Literal["set"]
    values: Annotated[dict[Name, Scalar | None], Field(min_length=1)]


class IgnoreOnExit(Setting):
    """Leave the record as it is."""

    action: Literal["ignore"]


class DeactivateOnExit(Setting):
    """Keep the row: inactive, with the time of the exit."""

    action: Literal["deactivate"]


RecordExit = Annotated[
    DeleteOnExit | ClearOnExit | SetOnExit | IgnoreOnExit, Field(discriminator="action")
]
MemberExit = Annotated[DeleteOnExit | SetOnExit | IgnoreOnExit, Field(discriminator="action")]
ChildExit = Annotated[DeactivateOnExit | DeleteOnExit, Field(discriminator="action")]
