"""Names of a SOQL statement to columns of SQLite: case, parents, joins.

Every sObject is a table, every field a column. A parent's field needs a join; one statement joins
each parent once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.ast import Path
from sandbox.salesforce.soql.errors import SoqlError, malformed, pointing

MAX_PARENT_LEVELS = 5

# What table aliases start with in the statement itself and in a sub-select.
_OUTER, _INNER = "t", "s"

_NAMES_HINT = "Please reference your WSDL or the describe call for the appropriate names."


@dataclass(frozen=True, slots=True)
class Table:
    """One object in the FROM clause; *path* is how the statement reaches it, empty for the root."""

    alias: str
    sobject: SObject
    path: tuple[str, ...] = ()

    def column(self, name: str) -> str:
        """Return the SQL of the column of the field *name*."""
        return f'{self.alias}."{name}"'


@dataclass(frozen=True, slots=True)
class Column:
    """A field of a table."""

    table: Table
    field: Field

    @property
    def sql(self) -> str:
        """The column as SQL."""
        return self.table.column(self.field.name)


def sobject_named(org: Org, name: str) -> SObject:
    """Return the object *name*, whatever its case.

    Raises:
        SoqlError: ``INVALID_TYPE`` if the org has none.
    """
    sobject = org.objects.get(name.lower())
    if sobject is None:
        sentence = (
            f"sObject type '{name}' is not supported. If you are attempting to use a custom object,"
            f" be sure to append the '__c' after the entity name. {_NAMES_HINT}"
        )
        raise SoqlError("INVALID_TYPE", sentence)
    return sobject


class Scope:
    """The tables that one SELECT reaches, and the way from its names to their columns."""

    def __init__(
        self, org: Org, text: str, root: SObject, *, include_deleted: bool, prefix: str = _OUTER
    ) -> None:
        self._org = org
        self._text = text
        self._prefix = prefix
        self.include_deleted = include_deleted
        self.root = Table(f"{self._prefix}0", root)
        self._tables: dict[tuple[str, ...], Table] = {(): self.root}
        self._joins: list[str] = []

    def sub_select(self, sobject_name: str) -> Scope:
        """Return the scope of a sub-select, whose aliases differ from this one's.

        Raises:
            SoqlError: ``MALFORMED_QUERY`` if this is one already.
        """
        if self._prefix == _INNER:
            raise malformed("Nesting of semi join sub-selects is not supported")
        root = sobject_named(self._org, sobject_name)
        deleted = self.include_deleted
        return Scope(self._org, self._text, root, include_deleted=deleted, prefix=_INNER)

    def table(self, path: tuple[str, ...]) -> Table:
        """Return the table already reached by *path*."""
        return self._tables[path]

    @property
    def from_sql(self) -> str:
        """The FROM clause, without the keyword."""
        root = f'"{self.root.sobject.name}" {self.root.alias}'
        return " ".join([root, *self._joins])

    def column(self, path: Path) -> Column:
        """Return the column that *path* names.

        Raises:
            SoqlError: ``INVALID_FIELD`` if there is no such field or relationship.
        """
        table = self.root
        for name in path.names[:-1]:
            table = self._parent(table, name, path)
        return Column(table, self._field(table, path))

    def _field(self, table: Table, path: Path) -> Field:
        field = table.sobject.field(path.names[-1])
        if field is None:
            raise self._refused(
                path,
                f"No such column '{path.names[-1]}' on entity '{table.sobject.name}'. If you are"
                " attempting to use a custom field, be sure to append the '__c' after the custom"
                f" field name. {_NAMES_HINT}",
            )
        return field

    def _parent(self, table: Table, name: str, path: Path) -> Table:
        field = table.sobject.relationship(name)
        if field is None or len(path.names) > MAX_PARENT_LEVELS + 1:
            raise self._refused(
                path,
                f"Didn't understand relationship '{name}' in field path. If you are attempting to"
                " use a custom relationship, be sure to append the '__r' after the custom"
                f" relationship name. {_NAMES_HINT}",
            )
        key = (*table.path, str(field.relationship_name))
        return self._tables.get(key) or self._join(table, field, key)

    def _join(self, table: Table, field: Field, key: tuple[str, ...]) -> Table:
        sobject = sobject_named(self._org, field.reference_to[0])
        parent = Table(f"{self._prefix}{len(self._tables)}", sobject, key)
        self._tables[key] = parent
        on = f"{parent.column('Id')} = {table.column(field.name)}"
        self._joins.append(f'LEFT JOIN "{sobject.name}" {parent.alias} ON {on}')
        return parent

    def _refused(self, path: Path, sentence: str) -> SoqlError:
        return pointing("INVALID_FIELD", self._text, path.position, sentence)
