"""Stand-ins for the Customer.io App API and the Salesforce REST and Bulk 2.0 APIs, on loopback."""
