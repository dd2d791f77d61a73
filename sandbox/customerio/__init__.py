"""The stand-in for the Customer.io App API."""
