"""What the operator of the sandbox does to the org, beside its API."""
