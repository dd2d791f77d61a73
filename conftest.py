"""What all tests share: Hypothesis never fails a test for being slow, since machines are noisy."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),  # a build says the same of the same code
)
settings.load_profile("steady")
