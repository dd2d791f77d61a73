"""Where refused records, plans and marks are kept: a folder of any file system fsspec knows.

A part is durable when `write` returns. Parts are whole files, because object stores cannot append.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import PurePosixPath
from typing import Any

from destination_salesforce_intro.config import (
    FileStorage,
    NoStorage,
    ObjectStorage,
    S3Storage,
    UrlStorage,
)
from destination_salesforce_intro.errors import ConnectorError, Fault

PROBE = "airbyte-write-probe"


class Folder:
    """One folder of one file system."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self._url = url
        self._options = options

    def write(self, name: str, content: bytes) -> None:
        """Store *content* as the file *name*, durably.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        with _in_words("written to"):
            files, folder = self._open()
            files.makedirs(folder, exist_ok=True)
            path = str(PurePosixPath(folder) / name)
            with files.open(path, "wb") as file:
                file.write(content)
                if _is_local(files):
                    file.flush()
                    os.fsync(file.fileno())
            if _is_local(files):
                _sync_folder(folder)

    def read(self, name: str) -> bytes:
        """Return the content of the file *name*.

        Raises:
            ConnectorError: CONFIG; it cannot be read.
        """
        with _in_words("read"):
            files, folder = self._open()
            return bytes(files.cat_file(str(PurePosixPath(folder) / name)))

    def rename(self, name: str, new: str) -> None:
        """Give the file *name* another name.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        with _in_words("written to"):
            files, folder = self._open()
            files.mv(str(PurePosixPath(folder) / name), str(PurePosixPath(folder) / new))

    def remove(self, name: str) -> None:
        """Delete the file *name*; one that is not there is deleted.

        Raises:
            ConnectorError: CONFIG; the place cannot be written to.
        """
        with _in_words("written to"), suppress(FileNotFoundError):
            files, folder = self._open()
            files.rm_file(str(PurePosixPath(folder) / name))

    def names(self, prefix: str) -> list[str]:
        """Return the names of the files that begin with *prefix*, sorted.

        Raises:
            ConnectorError: CONFIG; the place cannot be read.
        """
        with _in_words("read"):
            files, folder = self._open()
            if not files.exists(folder):
                return []
            found = (PurePosixPath(path).name for path in files.ls(folder, detail=False))
            return sorted(name for name in found if name.startswith(prefix))

    def probe(self) -> None:
        """Prove that the place can be written to, and leave nothing there.

        Raises:
            ConnectorError: CONFIG; it cannot.
        """
        self.write(PROBE, b"")
        self.remove(PROBE)

    def _open(self) -> tuple[Any, str]:
        import fsspec  # noqa: PLC0415  (most syncs refuse nothing, and keep nothing)

        files, folder = fsspec.core.url_to_fs(self._url, **self._options)
        return files, str(folder)


def _is_local(files: Any) -> bool:
    return "file" in files.protocol


def open_folder(storage: ObjectStorage) -> Folder | None:
    """Return the place that the configuration names; None for ``storage_type`` ``None``."""
    match storage:
        case NoStorage():
            return None
        case FileStorage(url=url) | UrlStorage(url=url):
            return Folder(url, {})
        case S3Storage():
            return Folder(_s3_url(storage), _s3_options(storage))


def _s3_url(storage: S3Storage) -> str:
    return f"s3://{storage.s3_bucket_name}/{storage.bucket_path.strip('/')}".rstrip("/")


def _s3_options(storage: S3Storage) -> dict[str, Any]:
    client = {"region_name": storage.s3_bucket_region, "endpoint_url": storage.s3_endpoint}
    secrets = {"key": storage.access_key_id, "secret": storage.secret_access_key}
    return {
        **{name: value.get_secret_value() for name, value in secrets.items() if value},
        "client_kwargs": {name: value for name, value in client.items() if value},
    }


@contextmanager
def _in_words(what: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise ConnectorError(
            "This installation cannot reach the kind of storage in object_storage_config: install "
            "the fsspec package for it (s3fs for S3, gcsfs for gs://, adlfs for abfs://).",
            Fault.CONFIG,
        ) from None
    except (OSError, ValueError) as error:
        raise ConnectorError(
            f"The place in object_storage_config cannot be {what} ({type(error).__name__}). Check "
            "its address, that it exists, and the permissions of this connector's user.",
            Fault.CONFIG,
        ) from None


def _sync_folder(folder: str) -> None:
    """Make the new name durable too, not only the content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
