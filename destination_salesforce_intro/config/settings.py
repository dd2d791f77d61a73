"""The whole configuration, parsed once at the door."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError
from typing_extensions import Self

from destination_salesforce_intro.config.auth import Auth
from destination_salesforce_intro.config.base import Setting, Url
from destination_salesforce_intro.config.mappings import Mapping
from destination_salesforce_intro.config.refusals import explain
from destination_salesforce_intro.config.storage import NoStorage, ObjectStorage
from destination_salesforce_intro.errors import ConnectorError, Fault

Percent = Annotated[float, Field(ge=0, le=100)]


class Config(Setting):
    """Every setting of the destination; secrets have no repr.

    *mappings* may be empty: the platform's data activation then names objects and keys itself.
    """

    auth: Auth
    login_url: Url = "https://login.salesforce.com"
    api_version: Annotated[str, Field(pattern=r"^\d{2,3}\.0$")] = "65.0"
    mappings: tuple[Mapping, ...] = ()
    write_api: Literal["auto", "rest", "bulk"] = "auto"
    max_removals: Annotated[int, Field(ge=0)] = 1000
    max_removal_percent: Percent = 20
    api_quota_reserve_percent: Percent = 20
    object_storage_config: ObjectStorage = NoStorage(storage_type="None")
    on_rejected: Literal["continue", "fail"] = "continue"
    dry_run: bool = False
    _given: Map[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def parse(cls, raw: Map[str, Any]) -> Self:
        """Check *raw* (the JSON of ``--config``) and return it typed.

        Raises:
            ConnectorError: Fault CONFIG; says which setting is wrong and what it should be, and
                quotes no value.
        """
        try:
            config = cls.model_validate(raw)
        except ValidationError as error:
            raise ConnectorError(explain(error, raw), Fault.CONFIG) from None
        config._given = raw  # noqa: SLF001  (a factory fills what it makes)
        return config

    def with_refresh_token(self, token: str) -> dict[str, Any]:
        """Return the settings as they were given, secrets in the clear, but with *token*."""
        return {**self._given, "auth": {**self._given["auth"], "refresh_token": token}}
