"""Ingest jobs: what one is made from, and what may be asked of it in which state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sandbox.salesforce import dml
from sandbox.salesforce.bulk.bodies import Request, State
from sandbox.salesforce.bulk.files import Cells, Table
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.dml.rows import RowResult
from sandbox.salesforce.org import BULK_BATCHES, Org
from sandbox.salesforce.rest.calls import ApiError
from sandbox.salesforce.schema import SObject

MAX_UPLOAD_BYTES = 150 * 1024 * 1024


class IngestRequest(Request):
    """The body that creates an ingest job."""

    object: str
    operation: Literal["insert", "update", "upsert", "delete", "hardDelete"]
    externalIdFieldName: str | None = None  # noqa: N815  # the API's name
    assignmentRuleId: str | None = None  # noqa: N815  # the API's name


class Settled(NamedTuple):
    """A row that was attempted, and what became of it."""

    cells: Cells
    result: RowResult


@dataclass
class IngestJob(Job):
    """An ingest job; rows of *table* beyond those *settled* are unprocessed."""

    request: IngestRequest
    uploads: list[bytes] = field(default_factory=list)
    table: Table = field(default_factory=lambda: Table([], []))
    settled: list[Settled] = field(default_factory=list)
    dropped_result_rows: int = 0

    type = "V2Ingest"

    def base_json(self) -> dict[str, Any]:
        """See ``Job``."""
        content = f"services/data/v{self.version}/jobs/ingest/{self.id}/batches"
        return {**super().base_json(), "contentUrl": content}

    def info_json(self) -> dict[str, Any]:
        """See ``Job``."""
        info = super().info_json()
        return {
            **info,
            "apiActiveProcessingTime": info["totalProcessingTime"],
            "apexProcessingTime": 0,  # the org has no code of its own
            "numberRecordsFailed": self.failed,
        }

    def upload(self, content: bytes) -> None:
        """Take the data of a PUT; a second one makes closing fail.

        Raises:
            ApiError: The job is closed, or the data too large.
        """
        self.require(State.OPEN)
        if len(content) > MAX_UPLOAD_BYTES:
            sentence = f"ClientInputError : data exceeds {MAX_UPLOAD_BYTES} bytes"
            raise ApiError(413, "EXCEEDED_MAX_SIZE_REQUEST", sentence)
        self.uploads.append(content)

    def close(self, now: str) -> None:
        """Hand the data over to be processed.

        Raises:
            ApiError: The job is not open, or did not get its data in exactly one PUT.
        """
        self.require(State.OPEN)
        if len(self.uploads) > 1:
            sentence = (
                f"InvalidJob : Found multipe contents for job: <{self.id}>, please 'Close' /"
                " 'Abort' / 'Delete' the current Job then create a new Job and make sure you only"
                " do 'PUT' once on a given Job."
            )
            raise ApiError(400, "INVALIDJOB", sentence)
        if not self.uploads:
            sentence = f"InvalidJob : No content was uploaded for job: <{self.id}>"
            raise ApiError(400, "INVALIDJOB", sentence)
        self.move(State.UPLOAD_COMPLETE, now)

    def settle(self, cells: Cells, result: RowResult) -> None:
        """Take down what became of the next row."""
        self.settled.append(Settled(cells, result))
        self.processed += 1
        self.failed += not result.success


def new_job(org: Org, job_id: str, version: str, request: IngestRequest) -> IngestJob:
    """Return an open job.

    Raises:
        ApiError: ``INVALIDENTITY`` for an unknown object, ``INVALIDJOB`` for a key that cannot
            identify records, ``FEATURENOTENABLED`` for hardDelete, ``EXCEEDEDQUOTA`` when the
            day's batches are used up.
    """
    sobject = _sobject(org, request.object)
    if not org.daily[BULK_BATCHES].left:
        sentence = "ExceededQuota : the daily batch allocation is used up"
        raise ApiError(400, "EXCEEDEDQUOTA", sentence)
    if request.operation == "hardDelete":
        sentence = "FeatureNotEnabled : hardDelete is not enabled for this user"
        raise ApiError(400, "FEATURENOTENABLED", sentence)
    if request.operation == "upsert":
        _check_key(sobject, request.externalIdFieldName)
    now = org.now()
    return IngestJob(job_id, version, request, sobject.name, now, State.OPEN, now)


def _sobject(org: Org, name: str) -> SObject:
    try:
        return org.sobject(name)
    except LookupError:
        sentence = f"InvalidEntity : Entity '{name}' is not supported by the Bulk API."
        raise ApiError(400, "INVALIDENTITY", sentence) from None


def _check_key(sobject: SObject, name: str | None) -> None:
    if not name:
        sentence = f"InvalidJob : External ID was blank for {sobject.name}."
        raise ApiError(400, "INVALIDJOB", sentence)
    try:
        dml.key_of(sobject, name)
    except ValueError:
        sentence = (
            f"InvalidJob : Field name provided, {name} does not match an External ID,"
            f" Salesforce Id, or indexed field for {sobject.name}"
        )
        raise ApiError(400, "INVALIDJOB", sentence) from None
