"""Keeping secrets out of what is printed. Pure, but for what it has been told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

MIN_CHARS = 6  # a shorter part would hide ordinary words
MASK = "****"


class Concealment:
    """Secrets, in every form in which a text may hold them."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def add(self, secret: str) -> None:
        """Let *secret* appear in no text from now on."""
        self._forms.update(forms(secret))

    def text(self, text: str) -> str:
        """Return *text* with every secret masked, longer ones first."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text

    def message(self, value: Any) -> Any:
        """Return a message with every text in it masked; keys are ours and stay."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.message(item) for key, item in value.items()}
        return [self.message(item) for item in value] if isinstance(value, list) else value


def forms(secret: str) -> Iterator[str]:
    r"""Yield *secret* as it is, as Python and JSON would quote it, and each line of it.

    A PEM key has many lines; quoted, its line ends are the two characters ``\n``.
    """
    whole = {secret, repr(secret)[1:-1], orjson.dumps(secret).decode()[1:-1]}
    lines = {line.strip() for line in secret.replace("\\n", "\n").splitlines()}
    yield from (form for form in whole if form)
    yield from (line for line in lines if len(line) >= MIN_CHARS)
