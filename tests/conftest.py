"""Fixtures that every test may use."""

import os
import tempfile
import threading

import pytest
from hypothesis import settings

from simulators.clock import patches, virtual_time

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")
os.environ["MPLBACKEND"] = "agg"  # where Qt is loaded, matplotlib would have bluesky run its loop
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers would wait for each other's
os.environ["REGROW_LOCKS"] = tempfile.mkdtemp(prefix="regrow-locks-")  # not those of this computer
settings.register_profile("regrow", deadline=None)  # no test is about how fast this computer is
settings.load_profile("regrow")
patches.install()  # before any test imports bluesky or ophyd; does nothing outside virtual_time


def pytest_addoption(parser):
    parser.addoption("--bench", help="bench file of the real instruments for tests/hardware")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--bench"):
        return
    skip = pytest.mark.skip(reason="needs real instruments: give --bench FILE")
    for item in items:
        if "hardware" in item.keywords:
            item.add_marker(skip)


@pytest.fixture
def virtual_clock():
    """The test's thread on virtual time; a thread that is left running fails the test."""
    with virtual_time(epoch_s=1_767_261_600.0) as clock:
        yield clock


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """A test must end what it started."""
    before = set(threading.enumerate())

    def started():
        # A dummy stands for a thread that Python did not start, or that is just ending.
        return {
            thread
            for thread in set(threading.enumerate()) - before
            if not isinstance(thread, threading._DummyThread)
        }

    yield
    for thread in started():
        thread.join(timeout=2.0)
    left = sorted(thread.name for thread in started())
    assert not left, f"the test left threads running: {left}"
