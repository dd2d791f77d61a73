"""Airbyte source: Customer.io segment memberships and profiles as changes."""
