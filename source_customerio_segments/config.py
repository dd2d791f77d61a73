"""The settings: parsed once, at the door, and trusted everywhere else.

``spec.yaml`` is the same in Airbyte's form; a test holds the two equal.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from source_customerio_segments.errors import ConnectorError, Fault

# https://docs.customer.io/accounts/settings/data-centers/: no redirect from one to the other.
HOSTS = {"us": "https://api.customer.io", "eu": "https://api-eu.customer.io"}
MAX_REQUESTS_PER_SECOND = 10  # per workspace; https://docs.customer.io/integrations/api/app/


def _as_text(value: object) -> object:
    """Take a segment id written as a number for the text it would be in Airbyte's form."""
    return str(value) if type(value) is int else value


Name = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
SegmentName = Annotated[Name, BeforeValidator(_as_text)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Cadence(_Settings):
    """How often one segment is read: ``{"segment": "Lapsed - 180d", "every_minutes": 1440}``."""

    segment: SegmentName
    every_minutes: int = Field(gt=0)


class Config(_Settings):
    """The validated settings; `repr` does not show the key.

    Segments are named by id or exact name, always as text: ``("7", "VIP - Top 10%")``.
    """

    app_api_key: SecretStr
    region: Literal["us", "eu"] = "us"
    segments: tuple[SegmentName, ...] = ()
    attributes: tuple[Name, ...] = ()
    events: tuple[Name, ...] = ()
    start_date: datetime | None = None
    attribute_refresh_minutes: int = Field(default=0, ge=0)
    cadence: tuple[Cadence, ...] = ()
    requests_per_second: float = Field(default=8, gt=0, le=MAX_REQUESTS_PER_SECOND)
    max_exit_percent: float = Field(default=50, ge=0, le=100)
    max_exit_minimum: int = Field(default=100, ge=0)
    release_segments: tuple[SegmentName, ...] = ()
    on_segment_gone: Literal["hold", "exit_all"] = "hold"
    max_state_megabytes: float = Field(default=2, gt=0)
    api_url: str | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Config:
        """Validate the settings as the runner gives them.

        Keys that begin with ``_`` belong to the framework and are passed over; any other unknown
        key is an error, because a misspelt ``segments`` would mean "all of them".

        Raises:
            ConnectorError: A setting is missing, unknown or out of range; never quotes its value.
        """
        own = {key: value for key, value in raw.items() if not key.startswith("_")}
        try:
            return cls.model_validate(own)
        except ValidationError as error:
            raise ConnectorError(_in_words(error), Fault.CONFIG) from None

    @property
    def base_url(self) -> str:
        """Where the App API answers, without a slash at the end."""
        return self.api_url or HOSTS[self.region]

    def in_other_region(self) -> Config:
        """Return these settings with the other of the two regions."""
        return self.model_copy(update={"region": "eu" if self.region == "us" else "us"})

    @field_validator("app_api_key")
    @classmethod
    def _trim_key(cls, key: SecretStr) -> SecretStr:
        trimmed = key.get_secret_value().strip()  # pasted with its line end
        if not trimmed:
            raise ValueError("is empty: create an App API key in Customer.io's account settings")
        if not (trimmed.isascii() and trimmed.isprintable() and " " not in trimmed):
            raise ValueError("holds characters that no App API key has: copy the key again")
        return SecretStr(trimmed)

    @field_validator("start_date", mode="before")
    @classmethod
    def _only_text(cls, value: object) -> object:
        if value is None or isinstance(value, (str, datetime)):
            return value
        raise ValueError("must be a date such as 2026-11-01 or 2026-11-01T00:00:00Z")

    @field_validator("start_date")
    @classmethod
    def _as_utc(cls, value: datetime | None) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=timezone.utc)

    @field_validator("api_url")
    @classmethod
    def _safe_url(cls, url: str | None) -> str | None:
        return None if not url or not url.strip() else _checked_url(url.strip())


def _checked_url(url: str) -> str:
    """Return *url* without a slash at the end; refuse what would carry the key in clear text."""
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must be a URL such as https://api.customer.io")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("must use https:// (http:// is for loopback addresses only)")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be host, port and path only")
    if parts.path.rstrip("/").endswith("/v1"):
        raise ValueError("must end before /v1, which each request adds")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_words(error: ValidationError) -> str:
    problems = (_problem(each["loc"], each["type"], each["msg"]) for each in error.errors())
    return f"The configuration cannot be used: {'; '.join(problems)}."


def _problem(place: tuple[int | str, ...], kind: str, message: str) -> str:
    name = ".".join(str(part) for part in place)
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        return f"{name} is not a setting of this connector (is it misspelt?)"
    return f"{name}: {message.removeprefix('Value error, ')}"
