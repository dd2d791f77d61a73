"""The same straight way, with the checks without which rows are lost or wrong.

Addresses go through email-validator, numbers and lengths are looked at, of two records of a person
the newer one counts, and every row is looked for in the job's three result files. It still looks
nothing up, retries nothing, and has no budget, null contract or exits.

    python -m benchmarks.baselines.checked_bulk2 write --config config.json --catalog catalog.json
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from email_validator import validate_email
from simple_salesforce.bulk2 import SFBulk2Type

from benchmarks.baselines.bulk2 import Bulk2, row

LONGEST_NAME = 80


class CheckedBulk2(Bulk2):
    """Checks what it sends, and reads what became of it."""

    def rows(self, records: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
        """Return the newest row of each person, checked.

        Raises:
            ValueError: A value does not fit.
        """
        newest: dict[str, Mapping[str, Any]] = {}
        for record in records:
            held = newest.get(record["cio_id"])
            if held is None or held["updated_at"] <= record["updated_at"]:
                newest[record["cio_id"]] = record
        return list(map(_checked, newest.values()))

    def settle(self, contacts: SFBulk2Type, jobs: list[Any]) -> None:
        """Find every row in the results.

        Raises:
            RuntimeError: Rows are missing.
        """
        for job in jobs:
            found = [
                len(list(csv.DictReader(io.StringIO(read(job["job_id"])))))
                for read in (
                    contacts.get_successful_records,
                    contacts.get_failed_records,
                    contacts.get_unprocessed_records,
                )
            ]
            if sum(found) != int(job["numberRecordsTotal"]):
                raise RuntimeError(f"{found} of {job['numberRecordsTotal']} rows were answered for")


def _checked(record: Mapping[str, Any]) -> dict[str, str]:
    made = row(record)
    address = validate_email(made["Email"], check_deliverability=False, test_environment=True)
    if len(made["LastName"]) > LONGEST_NAME:
        raise ValueError("the name is too long")
    return {**made, "Email": address.normalized.lower(), "Cart_Value__c": _number(made)}


def _number(made: Mapping[str, str]) -> str:
    return str(float(made["Cart_Value__c"]))


if __name__ == "__main__":
    CheckedBulk2().run(sys.argv[1:])
