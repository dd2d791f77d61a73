"""What a test or a demo may do to Bulk jobs: slow them, break the next one, change the answers."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, PositiveInt


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NextJob(_Part):
    """Trouble for the next ingest job that is closed.

    After the first *fails_after_rows* rows (or *aborts_after_rows*) it ends, what is committed
    stays, the rest is unprocessed. *drops_result_rows* rows are missing from its results.
    """

    fails_after_rows: NonNegativeInt | None = None
    aborts_after_rows: NonNegativeInt | None = None
    error_message: str = "InternalServerError : Batch failed. Retry limit exceeded"
    drops_result_rows: NonNegativeInt = 0

    @property
    def ends_after_rows(self) -> int | None:
        """After how many rows the job ends before its time, if it does."""
        return self.aborts_after_rows if self.fails_after_rows is None else self.fails_after_rows


class Behaviour(_Part):
    """The body of ``POST /__sandbox__/bulk``; what a body does not name stays as it was.

    *queued_s* and *in_progress_s*: how long jobs stay UploadComplete and InProgress. *charset*:
    whether results say that they are UTF-8, which they are. *result_page_rows*: the most rows that
    one answer with results of an ingest job has; more need the ``Sforce-Locator``.
    """

    queued_s: NonNegativeFloat = 0
    in_progress_s: NonNegativeFloat = 0
    charset: bool = False
    result_page_rows: PositiveInt | None = None
    next_job: NextJob = NextJob()

    def changed(self, raw: bytes) -> Behaviour:
        """Return this with what the JSON object *raw* names.

        Raises:
            pydantic.ValidationError: It names what there is not.
        """
        given = Behaviour.model_validate_json(raw)
        return self.model_copy(
            update={name: getattr(given, name) for name in given.model_fields_set}
        )

    def without_trouble(self) -> Behaviour:
        """Return this with no trouble for the job after the next."""
        return self.model_copy(update={"next_job": NextJob()})
