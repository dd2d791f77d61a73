"""Run the main job three times against the embedded sandbox and compare the two sides.

``python -m examples.demo`` (or ``make demo``). Exits 1 on any difference, or on any write of the
third sync, which has nothing to do.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from rich.console import Console

from examples.demo import story
from examples.demo.compare import differences
from examples.demo.pipe import Sync, sync
from examples.demo.report import Report
from examples.demo.setup import prepare
from sandbox.serve import Running, running

PEOPLE = 4_000


def main() -> int:
    """Tell the story; return the exit code."""
    report = Report(Console(width=110))
    with running(people=PEOPLE) as box, tempfile.TemporaryDirectory(prefix="demo-") as folder:
        prepare(Path(folder), box)
        return _story(Path(folder), box, report)


def _story(folder: Path, box: Running, report: Report) -> int:
    known = story.crm_contacts(box.customerio_control.truth())
    box.salesforce_control.do({"create": {"object": "Contact", "records": known}})
    report.chapter("First sync", [f"{len(known)} people are in the CRM already, by e-mail only"])
    done = [_sync(folder, "first", box, report)]
    operations, day = story.a_day_later(box.customerio_control.truth())
    box.customerio_control.do(*operations)
    report.chapter("Second sync, a day later", day)
    done.append(_sync(folder, "second", box, report))
    report.chapter("Third sync", ["nothing has changed"])
    done.append(_sync(folder, "third", box, report))
    idle = not box.salesforce_control.writes()["calls"]
    report.chapter("Comparison, person by person")
    return _verdict(box, report, failed=any(one.exit_code for one in done) or not idle)


def _sync(folder: Path, name: str, box: Running, report: Report) -> Sync:
    sides = {"Customer.io": box.customerio_control, "Salesforce": box.salesforce_control}
    for control in sides.values():
        control.reset_requests()
    box.salesforce_control.reset_writes()
    done = sync(folder, name)
    calls = {side: control.requests()["counts"] for side, control in sides.items()}
    report.sync(done, calls, box.salesforce_control.writes())
    return done


def _verdict(box: Running, report: Report, *, failed: bool) -> int:
    found = differences(box)
    truth = box.customerio_control.truth()
    people = {one for members in truth["segments"].values() for one in members}
    report.verdict(found, len(people))
    if failed:
        report.chapter("[red]A sync failed, or the third one wrote something")
    return int(bool(found) or failed)


if __name__ == "__main__":
    sys.exit(main())
