"""How close attribute reads come to the rate allowed, and whether they ever pass it.

Against the sandbox as a process of its own, with 400 ms of latency and its limiter on. What counts
is when requests *arrive*: the sandbox's log of the arrivals is the judge.

    python -m benchmarks.attribute_pace [--requests 300]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from contextlib import closing
from itertools import islice
from typing import NamedTuple

from benchmarks.sandbox_process import sandbox_process
from sandbox.control import CustomerioControl
from source_customerio_segments.api.client import CustomerioClient
from source_customerio_segments.config import Config

LATENCY_MS = 400
RATES = (1, 5, 8, 10)


class Reached(NamedTuple):
    """What the sandbox saw of one run."""

    allowed: float
    reached: float
    most_in_a_second: int
    refused: int


def measure(url: str, key: str, rate: float, requests: int) -> Reached:
    """Read *requests* batches of profiles at *rate* and return what the sandbox saw."""
    control = CustomerioControl(url)
    control.reset_requests()
    raw = {"app_api_key": key, "api_url": url, "requests_per_second": rate}
    with closing(CustomerioClient(Config.parse(raw))) as client:
        people = [cio_id for page in client.membership(9) for cio_id in page.cio_ids]
        batches = (people[at % 50 : at % 50 + 100] for at in range(requests))
        for _ in client.attributes(islice(batches, requests)):
            pass
    log = control.requests()["recent"]
    return judged(rate, [each["at"] for each in log[1:]], [each["status"] for each in log])


def judged(rate: float, arrivals: Sequence[float], statuses: Sequence[int]) -> Reached:
    """Work out the rate reached and the fullest second."""
    return Reached(
        rate,
        (len(arrivals) - 1) / (arrivals[-1] - arrivals[0]),
        max(sum(begin <= at < begin + 1 for at in arrivals) for begin in arrivals),
        statuses.count(429),
    )


def main() -> None:
    """Measure the rates in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    requests = parser.parse_args().requests
    print("allowed/s  reached/s   share  fullest second   429")
    with sandbox_process("--people", "2000", "--rate-limit") as box:
        delay = {"delay_ms": LATENCY_MS}
        CustomerioControl(box["customerio"]).fault(delay, times=None, path="/attributes")
        for rate in RATES:
            time.sleep(1.1)  # the limiter's window still holds the end of the run before
            count = min(requests, int(rate * 30))
            seen = measure(box["customerio"], box["app_api_key"], rate, count)
            share = seen.reached / seen.allowed
            print(
                f"{seen.allowed:9}  {seen.reached:9.2f}  {share:6.1%}"
                f"  {seen.most_in_a_second:14}  {seen.refused:4}"
            )


if __name__ == "__main__":
    main()
