"""Where refused records and plans are kept; the property names are the Airbyte platform's."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from destination_salesforce_intro.config.base import Secret, Setting, Text


class NoStorage(Setting):
    """Keep nothing: refusals are counted and logged by code only."""

    storage_type: Literal["None"]


class FileStorage(Setting):
    """A folder on this machine, e.g. ``file:///local/rejected``."""

    storage_type: Literal["File"]
    url: Annotated[str, Field(pattern="^file:///")]


class S3Storage(Setting):
    """A bucket of S3 or of a store that speaks its protocol (*s3_endpoint*)."""

    storage_type: Literal["S3"]
    s3_bucket_name: Text
    bucket_path: str = ""
    s3_bucket_region: str | None = None
    s3_endpoint: str | None = None
    access_key_id: Secret | None = None
    secret_access_key: Secret | None = None


class UrlStorage(Setting):
    """Any place fsspec can write to, e.g. ``gs://bucket/rejected``; credentials from its own."""

    storage_type: Literal["URL"]
    url: Annotated[str, Field(pattern=r"^[a-z0-9+.-]+://")]


ObjectStorage = Annotated[
    NoStorage | FileStorage | S3Storage | UrlStorage, Field(discriminator="storage_type")
]
