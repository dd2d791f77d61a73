"""SOQL text to values, by the grammar in ``grammar.lark``; knows nothing of any org."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import cast

from lark import Lark
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from sandbox.salesforce.soql.ast import Query
from sandbox.salesforce.soql.builder import build
from sandbox.salesforce.soql.errors import SoqlError, malformed, pointing

MAX_STATEMENT_CHARS = 100_000

_PARSER = Lark(
    FilePath(__file__).with_name("grammar.lark").read_text(encoding="utf-8"),
    parser="lalr",
)


def _syntax_error(text: str, error: UnexpectedInput) -> SoqlError:
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return _unexpected(text, error.token.start_pos or 0, str(error.token))
    if isinstance(error, UnexpectedCharacters):
        position = cast("int", error.pos_in_stream)  # lark's annotation knows only the default
        return _unexpected(text, position, error.char)
    return _unexpected(text, len(text), "<EOF>")


def _unexpected(text: str, position: int, token: str) -> SoqlError:
    return pointing("MALFORMED_QUERY", text, position, f"unexpected token: '{token}'")


def parse(text: str) -> Query:
    """Parse one statement.

    Raises:
        SoqlError: ``MALFORMED_QUERY``, for a statement that breaks the grammar or a length limit.
    """
    if len(text) > MAX_STATEMENT_CHARS:
        raise malformed(f"SOQL statements cannot be longer than {MAX_STATEMENT_CHARS} characters.")
    try:
        return build(_PARSER.parse(text))
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from error
    except VisitError as error:
        raise error.orig_exc from error
