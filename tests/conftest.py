"""Settings of all tests: how much Hypothesis tries, and that nobody's clock fails a test.

`pytest --hypothesis-profile=long` tries ten times as much.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "gate",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long",
    parent=settings.get_profile("gate"),
    max_examples=1000,
)
settings.load_profile("gate")
