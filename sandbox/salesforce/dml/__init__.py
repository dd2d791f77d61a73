"""Writing records: ``apply`` is where every REST, Collections, Composite and Bulk write ends."""

from sandbox.salesforce.dml.options import Options
from sandbox.salesforce.dml.transaction import (
    MAX_ROWS_PER_TRANSACTION,
    Operation,
    Run,
    apply,
    apply_runs,
    key_of,
)

__all__ = [
    "MAX_ROWS_PER_TRANSACTION",
    "Operation",
    "Options",
    "Run",
    "apply",
    "apply_runs",
    "key_of",
]
