"""Whether a literal may meet a field, and the value the database compares."""

from __future__ import annotations

from sandbox.salesforce.ids import full_id
from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql.ast import Kind, Literal
from sandbox.salesforce.soql.errors import SoqlError

_KINDS = {
    "boolean": (Kind.BOOLEAN, "boolean"),
    "int": (Kind.NUMBER, "int"),
    "double": (Kind.NUMBER, "double"),
    "currency": (Kind.NUMBER, "currency"),
    "percent": (Kind.NUMBER, "percent"),
    "date": (Kind.DATE, "date"),
    "datetime": (Kind.DATETIME, "dateTime"),
}
_ID_TYPES = ("id", "reference")


def is_id(field: Field) -> bool:
    """Whether *field* holds record ids."""
    return field.type in _ID_TYPES


def is_text(field: Field) -> bool:
    """Whether *field* holds text that LIKE can search."""
    return field.type not in _KINDS and not is_id(field) and field.type != "multipicklist"


def require_filterable(field: Field) -> None:
    """Refuse a field that cannot stand in a WHERE or ORDER BY, such as a long text area."""
    if not field.filterable:
        sentence = f"field '{field.name}' can not be filtered in a query call"
        raise SoqlError("INVALID_FIELD", sentence)


def operand(field: Field, literal: Literal) -> str | float | None:
    """Return the value to compare *field* with.

    Raises:
        SoqlError: ``INVALID_FIELD`` for quotes too many or too few,
            ``INVALID_QUERY_FILTER_OPERATOR`` for text that is no record id.
    """
    kind, vendor_name = _KINDS.get(field.type, (Kind.STRING, "string"))
    if literal.kind not in (kind, Kind.NULL):
        quotes = "should be" if kind is Kind.STRING else "should not be"
        sentence = (
            f"value of filter criterion for field '{field.name}' must be of type {vendor_name}"
            f" and {quotes} enclosed in quotes"
        )
        raise SoqlError("INVALID_FIELD", sentence)
    return _record_id(literal) if is_id(field) else literal.value


def _record_id(literal: Literal) -> str | None:
    try:
        return None if literal.value is None else full_id(str(literal.value))
    except ValueError as error:
        sentence = f"invalid ID field: {literal.value}"
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", sentence) from error
