"""What every test and doctest shares."""

import pytest
from hypothesis import settings

from nonlin.definition import registry

settings.register_profile("busy machine", deadline=None)  # a first call compiles
settings.load_profile("busy machine")


@pytest.fixture(autouse=True)
def registered_definitions(monkeypatch):
    """Definitions that a test or an example makes are forgotten after it."""
    for known in (registry.activations, registry.losses):
        for attribute in ("_definitions", "_names"):
            monkeypatch.setattr(known, attribute, dict(getattr(known, attribute)))
