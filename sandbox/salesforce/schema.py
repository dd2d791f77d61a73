"""What an object and a field are.

Values only: ``standard_objects`` fills them in for the standard org, ``org`` makes tables of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

TEXT_TYPES = frozenset(
    {"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"}
)
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True)
class Field:
    """One field, with the flags that describe reports for it.

    *formula* is an SQL expression over the same row: a generated column computes the value.
    *on_parent_delete* says what becomes of this record when the record it refers to is deleted.
    """

    name: str
    type: str = "string"
    length: int = 0
    nillable: bool = True
    unique: bool = False
    external_id: bool = False
    id_lookup: bool = False
    case_sensitive: bool = False
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    default_value: str | int | None = None
    filterable: bool = True
    calculated: bool = False
    auto_number: bool = False
    formula: str | None = None
    restricted_picklist: bool = False
    picklist_values: tuple[str, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    on_parent_delete: Literal["set_null", "cascade"] = "set_null"
    precision: int = 0
    scale: int = 0

    @property
    def custom(self) -> bool:
        """Whether the org's administrator made the field."""
        return self.name.endswith("__c")

    @cached_property
    def label(self) -> str:
        """The name as people read it: ``CustomerIO_Id__c`` is ``Customer IO Id``."""
        return label(self.name)

    @property
    def required(self) -> bool:
        """Whether an insert must bring a value."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def case_counts_in_keys(self) -> bool:
        """Whether an upsert tells ``abc`` from ``ABC``.

        An External ID ignores case only if it is unique and its administrator said so; SOQL
        ignores case in the other External IDs too ("Upserting Records", Apex guide).
        """
        not_unique = self.external_id and not self.unique
        return self.case_sensitive or not_unique or self.type in {"id", "reference"}

    @property
    def key(self) -> bool:
        """Whether an upsert may match by the field."""
        return self.external_id or self.id_lookup


@dataclass(frozen=True)
class SObject:
    """One object; *fields* by name, in describe's order, ``Id`` first."""

    name: str
    key_prefix: str
    fields: Mapping[str, Field]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    _lower: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _relationships: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {name.lower(): each for name, each in self.fields.items()}
        parents = {
            each.relationship_name.lower(): each
            for each in self.fields.values()
            if each.relationship_name
        }
        object.__setattr__(self, "_lower", by_name)
        object.__setattr__(self, "_relationships", parents)

    @property
    def custom(self) -> bool:
        """Whether the org's administrator made the object."""
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        """Return the field called *name* in any case, or None."""
        return self._lower.get(name.lower())

    def relationship(self, name: str) -> Field | None:
        """Return the reference field whose parent is reached as *name*, such as ``Contact__r``."""
        return self._relationships.get(name.lower())


def label(name: str) -> str:
    """Return an API name as people read it: ``LastName`` is ``Last Name``."""
    words = re.sub(r"__[cr]$", "", name).replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words)
