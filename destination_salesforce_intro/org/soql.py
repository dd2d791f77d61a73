"""SOQL texts: escaped, and short enough for the URL that carries them.

Source: SOQL and SOSL reference, "Quoted String Escape Sequences"; a URL longer than 16 KB with its
headers is refused (414, 431). Names come from describe, so they need no escaping.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from destination_salesforce_intro.org.schema import NUMBER_TYPES, TIME_TYPES, FieldSchema

MAX_VALUES_PER_QUERY = 200
# Of the percent-encoded statement; leaves room for host, path and headers.
MAX_ENCODED_CHARS = 7_000

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    | {"\b": "\\b", "\f": "\\f"}
)
# The bytes that percent-encoding triples (RFC 3986 keeps the others as they are).
_ENCODED = re.compile(rb"[^A-Za-z0-9_.~-]")
_UNQUOTED = NUMBER_TYPES | TIME_TYPES | {"boolean"}


class DeletedToo(str):
    """A statement that is to see deleted records as well (resource ``queryAll``)."""

    __slots__ = ()


class Query(NamedTuple):
    """``SELECT names FROM object WHERE field IN (…)``, further conditions and an order."""

    object: str
    names: tuple[str, ...]
    field: FieldSchema
    conditions: tuple[str, ...] = ()
    order: tuple[str, ...] = ()

    def texts(self, keys: Iterable[str]) -> list[str]:
        """Write the query for *keys*, in as many statements as their length asks for.

        Each key is in exactly one statement, in the order given.
        """
        return [
            self._text(chunk) for chunk in self._chunks(literal(key, self.field) for key in keys)
        ]

    def _text(self, literals: list[str]) -> str:
        conditions = [f"{self.field.name} IN ({','.join(literals)})", *self.conditions]
        order = f" ORDER BY {', '.join(self.order)}" if self.order else ""
        names = ", ".join(self.names)
        where = f"WHERE {' AND '.join(conditions)}"
        # Names are describe's and keys are escaped, so nothing can be injected.
        return f"SELECT {names} FROM {self.object} {where}{order}"  # noqa: S608  # as above

    def _chunks(self, literals: Iterable[str]) -> Iterator[list[str]]:
        room = MAX_ENCODED_CHARS - encoded_length(self._text([]))
        chunk: list[str] = []
        used = 0
        for text in literals:
            size = encoded_length(f"{text},")
            if chunk and (used + size > room or len(chunk) == MAX_VALUES_PER_QUERY):
                yield chunk
                chunk, used = [], 0
            chunk.append(text)
            used += size
        if chunk:
            yield chunk


def literal(key: str, field: FieldSchema) -> str:
    """Write *key* as SOQL compares it with *field*: numbers and times bare, text quoted."""
    return key if field.type in _UNQUOTED else f"'{key.translate(_ESCAPES)}'"


def encoded_length(text: str) -> int:
    """Count the characters of *text* once it is percent-encoded."""
    raw = text.encode()
    return len(raw) + 2 * len(_ENCODED.findall(raw))
