"""Logging in: the OAuth endpoints and the connected app behind them."""

from sandbox.salesforce.auth.connected_app import credentials
from sandbox.salesforce.auth.endpoints import routes

__all__ = ["credentials", "routes"]
