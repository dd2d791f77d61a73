"""The rows of one write: what was asked, what is known about it so far, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.salesforce.dml.values import BadValue, to_column
from sandbox.salesforce.schema import Field, SObject

RowError = dict[str, Any]


class RowResult(NamedTuple):
    """What became of one row; *errors* as in ``[{"statusCode", "message", "fields"}]``."""

    id: str | None
    success: bool
    created: bool
    errors: tuple[RowError, ...]


class ParentKey(NamedTuple):
    """A parent named by a key of its own: ``"Account": {"Acct_Key__c": "A9"}``."""

    field: Field
    key_name: str
    value: Any
    type: str | None


@dataclass
class Draft:
    """A row on its way; the first error ends it.

    *values* are as the columns hold them. *id* is set once the record is known to exist (or is to
    be updated or deleted by Id), *created* once it is known to be new.
    """

    row: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    parents: list[ParentKey] = field(default_factory=list)
    id: str | None = None
    created: bool = False
    errors: list[RowError] = field(default_factory=list)

    def fail(self, code: str, message: str, *fields: str) -> None:
        """Refuse the row."""
        self.errors.append({"statusCode": code, "message": message, "fields": list(fields)})

    def result(self) -> RowResult:
        """Return what became of the row."""
        if self.errors:
            return RowResult(None, success=False, created=False, errors=tuple(self.errors))
        return RowResult(self.id, success=True, created=self.created, errors=())


def living(drafts: Iterable[Draft]) -> list[Draft]:
    """Return the rows that nothing has refused yet."""
    return [each for each in drafts if not each.errors]


def draft(sobject: SObject, row: Mapping[str, Any]) -> Draft:
    """Read one row of JSON: names to fields, values to what columns hold."""
    made = Draft(row)
    for name, value in row.items():
        field_ = sobject.field(name)
        if field_ is None:
            _read_other(made, sobject, name, value)
        elif field_.name == "Id":
            made.id = value or None
        else:
            _read_value(made, field_, value)
    return made


def _read_value(made: Draft, field_: Field, value: Any) -> None:
    try:
        made.values[field_.name] = to_column(field_, value)
    except BadValue as bad:
        made.fail(bad.code, bad.message, field_.name)


def _read_other(made: Draft, sobject: SObject, name: str, value: Any) -> None:
    if name == "attributes":
        return
    by = sobject.relationship(name)
    if by is None:
        message = f"No such column '{name}' on sobject of type {sobject.name}"
        made.fail("INVALID_FIELD", message, name)
    else:
        _read_parent(made, by, value)


def _read_parent(made: Draft, by: Field, value: Any) -> None:
    keys = dict(value) if isinstance(value, Mapping) else {}
    attributes = keys.pop("attributes", None)
    type_ = attributes.get("type") if isinstance(attributes, Mapping) else None
    key = next(iter(keys.items()), None)
    if key is None or len(keys) > 1 or key[1] is None:
        message = f"{by.relationship_name} must name its record by one external id"
        made.fail("INVALID_FIELD", message, by.name)
    else:
        made.parents.append(ParentKey(by, *key, type_))
