"""The stand-in for the Salesforce REST and Bulk 2.0 APIs."""
