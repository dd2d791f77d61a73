"""Airbyte destination: Salesforce records kept in step by identity key."""
