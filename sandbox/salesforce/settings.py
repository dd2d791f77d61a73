"""Behaviour that Salesforce's documents leave open."""

from __future__ import annotations

from dataclasses import dataclass

_CHOICES = {
    "collections_key": ("idLookup", "externalId"),
    "unknown_field": ("request", "row"),
    "wrong_type": ("row", "request"),
    "failed_row": ("short", "full"),
}


@dataclass(frozen=True)
class Settings:
    """What is chosen; a client must live with either.

    *collections_key*: ``idLookup`` lets Collections upsert by a standard idLookup field such as
    Email, ``externalId`` refuses that with a 400. *unknown_field*: whether a field that does not
    exist fails the whole Collections ``request`` or its ``row``. *wrong_type*: the same for a value
    that is none of its field's type. *failed_row*: whether the result
    of a refused row leaves ``id`` and ``created`` out (``short``) or has both (``full``).
    *query_batch*: the most records in a page of a query, whatever is asked for.

    Raises:
        ValueError: A setting has a value it cannot have.
    """

    collections_key: str = "idLookup"
    unknown_field: str = "request"
    wrong_type: str = "row"
    failed_row: str = "short"
    query_batch: int = 2_000

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is one of {', '.join(choices)}")
