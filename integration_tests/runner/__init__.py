"""A small runner that does to two connectors what the Airbyte platform does.

``ledger`` stamps and checks (pure), ``sync`` runs the two processes and may kill one of them.
"""

from integration_tests.runner.ledger import Ledger
from integration_tests.runner.sync import Kill, Outcome, command, run_sync

__all__ = ["Kill", "Ledger", "Outcome", "command", "run_sync"]
