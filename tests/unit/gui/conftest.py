"""A window whose processes are silent: the test says what they would say."""

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import scripted
from qtpy.QtWidgets import QApplication


@pytest.fixture
def window(qtbot, tmp_path):
    """A window on a bench of a light, a pump and a spectrometer, shown and ready."""
    made = scripted.make_window(tmp_path)
    made.show()
    made.conductor.session.say(scripted.bench_info(tmp_path))
    made.conductor.session.say(scripted.devices())
    made.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not None)  # it is the active window
    yield made
    scripted.destroy(made)
