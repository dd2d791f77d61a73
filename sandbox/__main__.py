"""``python -m sandbox serve``: both stand-ins on loopback, till SIGTERM or SIGINT."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from sandbox.customerio.seed.newcomers import Cast
from sandbox.customerio.seed.plant import SEGMENTS
from sandbox.serve import main
from sandbox.servers import MEMORY, Settings


def parser() -> ArgumentParser:
    """Describe the command line."""
    whole = ArgumentParser(prog="python -m sandbox", description=__doc__)
    serve = whole.add_subparsers(dest="command", required=True).add_parser(
        "serve", help="serve both APIs; prints one line of JSON with URLs and credentials"
    )
    serve.add_argument("--people", type=int, default=2_000, help="how many people to make")
    serve.add_argument("--seed", type=int, default=1, help="the random seed to make them with")
    serve.add_argument(
        "--all-in", type=int, choices=list(SEGMENTS), help="a segment that everybody is in"
    )
    serve.add_argument("--db", default=MEMORY, help="where to keep the data; default: nowhere")
    serve.add_argument("--customerio-port", type=int, default=0, help="0 is any free port")
    serve.add_argument("--salesforce-port", type=int, default=0, help="0 is any free port")
    serve.add_argument(
        "--rate-limit", action="store_true", help="hold the App API's 10 requests a second"
    )
    return whole


def _settings(given: Namespace) -> Settings:
    cast = Cast(given.people, given.seed, given.all_in)
    ports = given.customerio_port, given.salesforce_port
    return Settings(cast, given.db, *ports, rate_limit=given.rate_limit)


if __name__ == "__main__":
    main(_settings(parser().parse_args()))
