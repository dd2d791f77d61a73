"""Makes the values of ``ast`` from what the grammar finds, rule by rule."""

from __future__ import annotations

from typing import Any, NamedTuple

from lark import Token, Transformer, Tree

from sandbox.salesforce.soql import literals
from sandbox.salesforce.soql.ast import (
    Aggregate,
    Comparison,
    Condition,
    Includes,
    Junction,
    Kind,
    Like,
    Literal,
    Membership,
    Not,
    Ordering,
    Path,
    Query,
    SemiJoin,
)


class _Where(NamedTuple):
    condition: Condition


class _GroupBy(NamedTuple):
    paths: tuple[Path, ...]


class _OrderBy(NamedTuple):
    keys: tuple[Ordering, ...]


class _Limit(NamedTuple):
    rows: int


class _Offset(NamedTuple):
    rows: int


def _typed(kind: type[Any], clauses: list[Any], default: Any) -> Any:
    return next((clause[0] for clause in clauses if isinstance(clause, kind)), default)


class _Builder(Transformer[Token, Query]):
    """One method per grammar rule; each takes the rule's children."""

    def start(self, children: list[Any]) -> Query:
        return children[0]  # type: ignore[no-any-return]  # lark's children are untyped

    def query(self, children: list[Any]) -> Query:
        items, sobject, *clauses = children
        return Query(
            items=items,
            sobject=str(sobject),
            where=_typed(_Where, clauses, None),
            group_by=_typed(_GroupBy, clauses, ()),
            order_by=_typed(_OrderBy, clauses, ()),
            limit=_typed(_Limit, clauses, None),
            offset=_typed(_Offset, clauses, 0),
        )

    def count_all(self, _: list[Any]) -> tuple[Path | Aggregate, ...]:
        return ()

    def items(self, children: list[Any]) -> tuple[Path | Aggregate, ...]:
        return tuple(children)

    def path(self, children: list[Token]) -> Path:
        return Path(tuple(children[0].split(".")), children[0].start_pos or 0)

    def aggregate(self, children: list[Any]) -> Aggregate:
        function, path, *alias = children
        return Aggregate(function.upper(), path, str(alias[0]) if alias else None)

    def literal(self, children: list[Token]) -> Literal:
        return literals.literal(Kind(children[0].type.lower()), children[0])

    def comparison(self, children: list[Any]) -> Comparison:
        path, operator, literal = children
        return Comparison(path, "!=" if operator == "<>" else str(operator), literal)

    def like(self, children: list[Any]) -> Like:
        return Like(children[0], literals.pattern(children[1]))

    def negated(self, children: list[Any]) -> bool:
        return bool(children)

    def membership(self, children: list[Any]) -> Membership:
        path, negated, *values = children
        return Membership(path, tuple(values), negated)

    def semi_join(self, children: list[Any]) -> SemiJoin:
        path, negated, query = children
        return SemiJoin(path, query, negated)

    def includes(self, children: list[Any]) -> Includes:
        path, keyword, *groups = children
        values = tuple(literals.string(group) for group in groups)
        return Includes(path, values, negated=keyword.lower() == "excludes")

    def not_(self, children: list[Any]) -> Not:
        return Not(children[0])

    def all_of(self, children: list[Any]) -> Junction:
        return Junction("AND", tuple(children))

    def any_of(self, children: list[Any]) -> Junction:
        return Junction("OR", tuple(children))

    def where(self, children: list[Any]) -> _Where:
        return _Where(children[0])

    def group_by(self, children: list[Any]) -> _GroupBy:
        return _GroupBy(tuple(children))

    def ordering(self, children: list[Any]) -> Ordering:
        path, *options = children
        words = {word.lower() for option in options for word in option.split()}
        return Ordering(path, "desc" in words, "last" in words)

    def order_by(self, children: list[Any]) -> _OrderBy:
        return _OrderBy(tuple(children))

    def limit(self, children: list[Any]) -> _Limit:
        return _Limit(int(children[0]))

    def offset(self, children: list[Any]) -> _Offset:
        return _Offset(int(children[0]))


_BUILDER = _Builder()


def build(tree: Tree[Token]) -> Query:
    """Return the statement that *tree* parses.

    Raises:
        lark.exceptions.VisitError: around the ``SoqlError`` of a literal that cannot be.
    """
    return _BUILDER.transform(tree)
