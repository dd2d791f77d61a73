"""The three result files of an ingest job."""

from __future__ import annotations

from sandbox.salesforce.bulk.files import Results, line, result_lines
from sandbox.salesforce.bulk.ingest import IngestJob, Settled
from sandbox.salesforce.dml.rows import RowError


def successful(job: IngestJob) -> list[str]:
    """Return the lines of ``successfulResults``; rows that a fault drops are missing."""
    rows = [
        (str(done.result.id), "true" if done.result.created else "false", done.cells)
        for done in job.settled
        if done.result.success
    ]
    kept = rows[job.dropped_result_rows :]
    return _lines(job, Results(("sf__Id", "sf__Created"), kept))


def failed(job: IngestJob) -> list[str]:
    """Return the lines of ``failedResults``."""
    rows = [
        (_given_id(job, done), "; ".join(map(_error, done.result.errors)), done.cells)
        for done in job.settled
        if not done.result.success
    ]
    return _lines(job, Results(("sf__Id", "sf__Error"), rows))


def unprocessed(job: IngestJob) -> list[str]:
    """Return the lines of ``unprocessedrecords``: the header as it was, the rows not attempted."""
    delimiter = job.request.columnDelimiter.char
    rest = job.table.rows[len(job.settled) :]
    return [delimiter.join(job.table.columns), *(line(cells, delimiter) for cells in rest)]


def _lines(job: IngestJob, results: Results) -> list[str]:
    return result_lines(results, job.table.columns, job.request, seed=job.id)


def _given_id(job: IngestJob, done: Settled) -> str:
    """Return the id that a refused update or delete named; an upsert's row names none."""
    names = [name.lower() for name in job.table.columns]
    return done.cells[names.index("id")] if "id" in names else ""


def _error(error: RowError) -> str:
    fields = "".join(f"{name} " for name in error["fields"])
    return f"{error['statusCode']}:{error['message']}:{fields}--"
