"""Objects as SQLite tables: one table per object, one column per field, both named alike."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

from sandbox.salesforce.schema import NUMBER_TYPES, Field, SObject

_FLAGS = [each.name for each in dataclasses.fields(Field)]
_BINARY_TYPES = frozenset({"id", "reference", "date", "datetime"})


def create(db: sqlite3.Connection, sobject: SObject) -> None:
    """Make the table of *sobject*, or give the one there is the columns it lacks."""
    columns = ", ".join(_column(each) for each in sobject.fields.values())
    db.execute(f'CREATE TABLE IF NOT EXISTS "{sobject.name}" ({columns})')
    held = {row[1] for row in db.execute(f'PRAGMA table_xinfo("{sobject.name}")')}
    for field in sobject.fields.values():
        if field.name not in held:
            db.execute(f'ALTER TABLE "{sobject.name}" ADD COLUMN {_column(field)}')
        if field.key or field.unique or field.type == "reference":
            _index(db, sobject, field)


def save_definition(db: sqlite3.Connection, sobject: SObject) -> None:
    """Remember what *sobject* is, for whoever opens the file next."""
    flags = {
        each.name: getattr(sobject, each.name)
        for each in dataclasses.fields(sobject)
        if each.init and each.name != "fields"
    }
    fields = [{name: getattr(each, name) for name in _FLAGS} for each in sobject.fields.values()]
    db.execute(
        'INSERT OR REPLACE INTO "_definitions" VALUES (?, ?)',
        (sobject.name, json.dumps({**flags, "fields": fields})),
    )


def load_definitions(db: sqlite3.Connection) -> list[SObject]:
    """Return the objects remembered in the file, none if it is new."""
    db.execute('CREATE TABLE IF NOT EXISTS "_definitions" (name TEXT PRIMARY KEY, definition TEXT)')
    rows = db.execute('SELECT definition FROM "_definitions" ORDER BY rowid').fetchall()
    return [_sobject(**json.loads(text)) for (text,) in rows]


def _sobject(fields: list[dict[str, object]], **flags: object) -> SObject:
    made = [field_from_json(each) for each in fields]
    return SObject(fields={each.name: each for each in made}, **flags)  # type: ignore[arg-type]  # as saved above


def field_from_json(raw: dict[str, object]) -> Field:
    """Return the field that *raw* describes with the names of ``Field``."""
    return Field(**{name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()})  # type: ignore[arg-type]  # checked by use


def _index(db: sqlite3.Connection, sobject: SObject, field: Field) -> None:
    name = f"{sobject.name}.{field.name}"
    db.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "{sobject.name}" ("{field.name}")')


def _column(field: Field) -> str:
    parts = [f'"{field.name}"', _affinity(field)]
    if field.formula:
        parts.append(f"GENERATED ALWAYS AS ({field.formula}) VIRTUAL")
    if field.type == "boolean":
        parts.append(f"NOT NULL DEFAULT {int(bool(field.default_value))}")
    if field.name == "Id":
        parts.append("PRIMARY KEY")
    return " ".join(parts)


def _affinity(field: Field) -> str:
    if field.type in {"boolean", "int"}:
        return "INTEGER"
    if field.type in NUMBER_TYPES:
        return "REAL"
    case_counts = field.case_sensitive or field.type in _BINARY_TYPES
    return "TEXT" if case_counts else "TEXT COLLATE NOCASE"
