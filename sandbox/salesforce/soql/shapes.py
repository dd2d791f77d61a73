"""What a SELECT asks of SQLite, and how a row becomes the JSON object Salesforce answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql.ast import Aggregate, Path, Query
from sandbox.salesforce.soql.columns import Column, Scope, Table
from sandbox.salesforce.soql.errors import SoqlError, malformed

Row = Sequence[Any]
Convert = Callable[[Any], Any]

_JSON = {"boolean": bool, "int": int, "double": float, "currency": float, "percent": float}
_SQL_FUNCTIONS = {"COUNT_DISTINCT": "COUNT(DISTINCT {})"}
_COUNTS = ("COUNT", "COUNT_DISTINCT")
_OF_FIELD_TYPE = ("MIN", "MAX")


class Shape(Protocol):
    """The SQL expressions to select, and the way back from a row."""

    columns: list[str]

    def record(self, row: Row) -> dict[str, Any]:
        """Return *row*, which holds the values of *columns*, as a JSON object."""


@dataclass
class _Node:
    """One object in the answer: the record itself or a parent nested in it."""

    table: Table
    id_index: int
    values: dict[str, tuple[int, Convert]] = field(default_factory=dict)
    parents: dict[str, _Node] = field(default_factory=dict)

    def record(self, row: Row, url: str) -> dict[str, Any] | None:
        """Return the object, or None where a lookup is empty."""
        record_id = row[self.id_index]
        if record_id is None:
            return None
        name = self.table.sobject.name
        answer: dict[str, Any] = {"attributes": {"type": name, "url": f"{url}/{name}/{record_id}"}}
        answer.update((key, convert(row[at])) for key, (at, convert) in self.values.items())
        answer.update((key, parent.record(row, url)) for key, parent in self.parents.items())
        return answer


class RecordShape:
    """Records with their attributes, parents nested."""

    def __init__(self, query: Query, scope: Scope, url: str) -> None:
        self._url = url
        self._scope = scope
        self.columns: list[str] = []
        self._nodes: dict[tuple[str, ...], _Node] = {}
        self._root = self._node(scope.root)
        for item in query.items:
            if isinstance(item, Path):  # shape_of leaves no other
                self._add(item)

    def record(self, row: Row) -> dict[str, Any]:
        """See ``Shape``."""
        return self._root.record(row, self._url) or {}

    def _add(self, path: Path) -> None:
        column = self._scope.column(path)
        node = self._node(column.table)
        if column.field.name in node.values:
            raise SoqlError("INVALID_FIELD", f"duplicate field selected: {column.field.name}")
        node.values[column.field.name] = (len(self.columns), converter(column.field))
        self.columns.append(column.sql)

    def _node(self, table: Table) -> _Node:
        known = self._nodes.get(table.path)
        if known:
            return known
        node = self._nodes[table.path] = _Node(table, len(self.columns))
        self.columns.append(table.column("Id"))
        if table.path:
            self._node(self._scope.table(table.path[:-1])).parents[table.path[-1]] = node
        return node


class AggregateShape:
    """Rows of a statement that groups or aggregates: ``{"attributes": ..., "expr0": 3}``."""

    def __init__(self, query: Query, scope: Scope) -> None:
        self._scope = scope
        self._grouped = {scope.column(path).sql for path in query.group_by}
        self._converts: dict[str, Convert] = {}
        self.columns: list[str] = []
        for item in query.items:
            self._add(item)

    def record(self, row: Row) -> dict[str, Any]:
        """See ``Shape``."""
        pairs = zip(self._converts.items(), row, strict=True)
        values = {name: convert(value) for (name, convert), value in pairs}
        return {"attributes": {"type": "AggregateResult"}, **values}

    def _add(self, item: Path | Aggregate) -> None:
        if isinstance(item, Aggregate):
            self._add_aggregate(item)
            return
        column = self._scope.column(item)
        if column.sql not in self._grouped:
            raise malformed(f"Field must be grouped or aggregated: {column.field.name}")
        self._converts[column.field.name] = converter(column.field)
        self.columns.append(column.sql)

    def _add_aggregate(self, item: Aggregate) -> None:
        column = self._scope.column(item.path)
        unnamed = sum(name.startswith("expr") for name in self._converts)
        self._converts[item.alias or f"expr{unnamed}"] = _result(item.function, column.field)
        template = _SQL_FUNCTIONS.get(item.function, item.function + "({})")
        self.columns.append(template.format(column.sql))


class TableShape:
    """Flat rows for Bulk query: one column per field, a parent's under its whole path."""

    def __init__(self, query: Query, scope: Scope) -> None:
        if query.group_by or not query.items:
            raise malformed("Bulk query does not support aggregates")
        found = [_plain_column(item, scope) for item in query.items]
        self.names = [".".join((*column.table.path, column.field.name)) for column in found]
        self.columns = [column.sql for column in found]
        self._converts = [converter(column.field) for column in found]

    def values(self, row: Row) -> list[Any]:
        """Return the JSON values of *row*."""
        return [convert(value) for convert, value in zip(self._converts, row, strict=True)]


def _plain_column(item: Path | Aggregate, scope: Scope) -> Column:
    if isinstance(item, Aggregate):
        raise malformed("Bulk query does not support aggregates")
    return scope.column(item)


def shape_of(query: Query, scope: Scope, url: str) -> Shape:
    """Return the shape that the select list of *query* asks for.

    Args:
        query: the statement; its select list is not empty.
        scope: resolves its names; gains the joins that parents need.
        url: what records' URLs start with, e.g. ``/services/data/v65.0/sobjects``.
    """
    if query.group_by or any(isinstance(item, Aggregate) for item in query.items):
        return AggregateShape(query, scope)
    return RecordShape(query, scope, url)


def converter(of: Field) -> Convert:
    """Return the function from what SQLite holds in a field to its JSON value."""
    json_type = _JSON.get(of.type)
    return _itself if json_type is None else _or_none(json_type)


def _itself(value: Any) -> Any:
    return value


def _or_none(json_type: Convert) -> Convert:
    return lambda value: None if value is None else json_type(value)


def _result(function: str, of: Field) -> Convert:
    if function in _COUNTS:
        return int
    return converter(of) if function in _OF_FIELD_TYPE else _or_none(float)
