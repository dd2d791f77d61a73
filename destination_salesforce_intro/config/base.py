"""What every setting shares: frozen, checked at the door, unknown names refused in words."""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator


class Setting(BaseModel):
    """One object of the configuration; an unknown name is refused with the nearest known one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _know_every_name(cls, raw: Any) -> Any:
        unknown = [name for name in raw if name not in cls.model_fields] if _is_map(raw) else []
        if unknown:
            raise ValueError(_unknown(str(unknown[0]), list(cls.model_fields)))
        return raw

    def secrets(self) -> Iterator[str]:
        """Yield every secret in this setting and those below it, in the clear."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                yield value.get_secret_value()
            elif isinstance(value, Setting):
                yield from value.secrets()


def _is_map(raw: Any) -> bool:
    return isinstance(raw, dict)


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    advice = f'did you mean "{near[0]}"?' if near else f"known here: {', '.join(known)}"
    return f'has no setting "{name}"; {advice}'


def safe_url(url: str) -> str:
    """Return *url* without a trailing slash.

    Raises:
        ValueError: It is not https, and not http on a loopback address.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    if not (secure and parts.hostname) or parts.username or parts.password:
        raise ValueError(
            "must be an https:// URL without credentials (http:// is for loopback only)"
        )
    return url.rstrip("/")


def _is_loopback(host: str | None) -> bool:
    if host in {None, "localhost"}:
        return host is not None
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


Url = Annotated[str, AfterValidator(safe_url)]
Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
# An API name of an object or field; a relationship path (Account.Key__c) where a target takes one.
Name = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")]
Path = Annotated[str, Field(pattern=r"^[A-Za-z]\w*(\.[A-Za-z]\w*)?$")]
