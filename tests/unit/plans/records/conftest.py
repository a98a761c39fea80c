"""What the tests of the records share."""

import pytest

from plans.records import RunRecorder
from tests.unit.plans.records.synthetic import Regrowth


@pytest.fixture
def record(tmp_path):
    """Feed a synthetic run to a recorder; return the recorder."""

    def feed(run=None, **changes):
        recorder = RunRecorder(tmp_path / "runs")
        for name, document in (run or Regrowth(**changes)).documents():
            recorder(name, document)
        recorder.close()
        return recorder

    return feed


@pytest.fixture
def small(record):
    """A short run with few pixels, recorded."""
    return record(baseline=3, exposure=6, dark_tail=3, pixels=64)
