"""What every test and doctest shares."""

from importlib.util import find_spec

import pytest
from hypothesis import settings

from nonlin.definition import registry

settings.register_profile("busy machine", deadline=None)  # a first call compiles
settings.load_profile("busy machine")

PEERS = ("torch", "jax")  # no dependencies: tests that need one are marked and can be run where it is installed
collect_ignore_glob = [f"src/nonlin/*{peer}*" for peer in PEERS if not find_spec(peer)]  # their examples cannot run


@pytest.fixture(autouse=True)
def registered_definitions(monkeypatch):
    """Definitions that a test or an example makes are forgotten after it."""
    for known in (registry.activations, registry.losses):
        for attribute in ("_definitions", "_names"):
            monkeypatch.setattr(known, attribute, dict(getattr(known, attribute)))


@pytest.fixture
def torch():
    """PyTorch."""
    return pytest.importorskip("torch")


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items):
    """Mark the tests that ask for a peer's fixture, and the examples in files named after a peer."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        if not set(PEERS).isdisjoint(item.fixturenames) or any(peer in file for peer in PEERS):
            item.add_marker("peer")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Fail a test that is skipped for want of a peer and has no marker: the run where peers are installed misses it."""
    report = yield
    return report if item.get_closest_marker("peer") else _never_for_want_of_a_peer(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    """Fail a whole file that is skipped so: no marker can be seen in it."""
    return _never_for_want_of_a_peer((yield))


def _never_for_want_of_a_peer(report):
    if report.skipped and any(f"could not import '{peer}" in str(report.longrepr) for peer in PEERS):
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr[-1]}; ask for it with its fixture, or mark the test `peer`"
    return report
