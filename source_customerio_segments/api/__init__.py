"""Customer.io's App API: requests as values, the rate, retries, the client."""
