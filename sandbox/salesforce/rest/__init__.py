"""The REST API: requests as values, the handlers that answer them, HTTP around both."""
