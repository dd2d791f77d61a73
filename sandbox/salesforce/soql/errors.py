"""How Salesforce refuses a statement: a code, the place in the statement, a sentence."""

from __future__ import annotations

_CONTEXT_CHARS = 40


class SoqlError(Exception):
    """A refused statement; over HTTP ``400 [{"message": message, "errorCode": code}]``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def malformed(sentence: str) -> SoqlError:
    """Return the error of a statement that breaks the grammar or a limit."""
    return SoqlError("MALFORMED_QUERY", sentence)


def pointing(code: str, text: str, position: int, sentence: str) -> SoqlError:
    """Return an error whose message quotes the statement around *position*, as Salesforce's do.

    Such a message may hold literals of the statement, so a client must not log it.
    """
    start = max(0, position - _CONTEXT_CHARS)
    excerpt = " ".join(text[start : position + _CONTEXT_CHARS].splitlines())
    caret = " " * (position - start) + "^"
    row = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    where = f"ERROR at Row:{row}:Column:{column}"
    return SoqlError(code, f"\n{excerpt}\n{caret}\n{where}\n{sentence}")
