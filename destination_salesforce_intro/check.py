"""Whether a sync could work: login, version, objects, fields, permissions, storage place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map

from destination_salesforce_intro import problems
from destination_salesforce_intro.config import Config
from destination_salesforce_intro.errors import ConnectorError, Fault
from destination_salesforce_intro.org import ownership
from destination_salesforce_intro.org.schema import ObjectSchema
from destination_salesforce_intro.problems import Problem
from destination_salesforce_intro.salesforce.client import SalesforceClient
from destination_salesforce_intro.salesforce.metadata import ask_limits, schemas_for
from destination_salesforce_intro.salesforce.queries import Queries
from destination_salesforce_intro.salesforce.wire import Request
from destination_salesforce_intro.storage.folders import open_folder
from destination_salesforce_intro.storage.rejected import object_of
from destination_salesforce_intro.writing import mirror

MOST_SHOWN = 3


def check(
    config: Config,
    client: SalesforceClient,
    warn: Callable[[str], None],
    sleep: Callable[[float], None],
) -> None:
    """Prove what a sync with *config* needs; *warn* is told what may go wrong later.

    Raises:
        ConnectorError: What is missing, in one sentence, and what to do.
    """
    client.json(Request("GET", "", "the list of its resources", "describe"))
    prepare(config, client, warn)
    ask_limits(client)
    for shortage in client.limits.shortages():
        warn(shortage)
    probes = [ownership.probe(mapping, object_of(mapping)) for mapping in config.mappings]
    for _record in Queries(client, sleep).run(probes):
        pass  # that Salesforce answers is the proof
    folder = open_folder(config.object_storage_config)
    if folder is not None:
        folder.probe()


def prepare(
    config: Config, client: SalesforceClient, warn: Callable[[str], None]
) -> dict[str, ObjectSchema]:
    """Return the schemas that the mappings need, if the mappings fit them.

    Raises:
        ConnectorError: CONFIG, naming up to three things to fix.
    """
    schemas = schemas_for(client, config.mappings)
    found = list(_found(config, schemas))
    for place, problem in found:
        if not problem.is_fatal:
            warn(f"mappings[{place}]: {problem.text}")
    fatal = [f"mappings[{place}]: {problem.text}" for place, problem in found if problem.is_fatal]
    if fatal:
        more = f" (and {len(fatal) - MOST_SHOWN} more)" if len(fatal) > MOST_SHOWN else ""
        raise ConnectorError(" ".join(fatal[:MOST_SHOWN]) + more, Fault.CONFIG)
    return schemas


def _found(config: Config, schemas: Map[str, ObjectSchema]) -> Iterator[tuple[int, Problem]]:
    """Yield each problem with the place of its mapping: of mappings alone, then between them."""
    for place, mapping in enumerate(config.mappings):
        for problem in problems.find(mapping, schemas):
            yield place, problem
        if text := mirror.problem(mapping, config.object_storage_config):
            yield place, Problem(text)
    yield from problems.between(config.mappings, schemas)
