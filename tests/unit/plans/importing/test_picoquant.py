"""Decays of PicoQuant files, written by the library and read back."""

import sys

import numpy as np
import pytest

from plans.importing import apart, picoquant
from plans.importing.decay_file import DecayFileError, read_decay

ptufile = pytest.importorskip("ptufile")


def write(path, histogram, tcspc_s=25e-12):
    image = np.asarray(histogram, dtype=np.uint16)[None, None, None, None, :]
    image = np.repeat(image, 4, axis=1)
    with ptufile.PtuWriter(
        path, image.shape, global_resolution=25e-9, tcspc_resolution=tcspc_s, pixel_time=25e-3
    ) as file:
        file.write(image)


def test_a_decay_is_read_with_its_bins_and_rate(tmp_path):
    decay = np.round(200 * np.exp(-np.arange(1000) * 0.025 / 4.5)).astype(np.uint16)
    write(tmp_path / "decay.ptu", decay)
    found = read_decay(tmp_path / "decay.ptu")
    assert found.time_ns[1] == pytest.approx(0.025)
    assert found.repetition_rate_hz == pytest.approx(40e6)
    np.testing.assert_array_equal(found.counts[:1000], 4.0 * decay)


def test_a_file_that_is_none_says_so(tmp_path):
    (tmp_path / "broken.ptu").write_bytes(b"PQTTTR\0\0" + bytes(200))
    with pytest.raises(DecayFileError, match=r"broken\.ptu"):
        read_decay(tmp_path / "broken.ptu")


@pytest.mark.parametrize(
    ("program", "why"),
    [("while True: pass", "did not end within"), ("import os; os._exit(139)", "ended with 139")],
)
def test_a_file_that_hangs_or_crashes_the_library_is_refused(tmp_path, monkeypatch, program, why):
    monkeypatch.setattr(picoquant, "_READ", program)
    monkeypatch.setattr(apart, "_PATIENCE_S", 0.5 if "while" in program else 30.0)
    write(tmp_path / "one.ptu", np.ones(100))
    with pytest.raises(DecayFileError, match=rf"one\.ptu.*{why}"):
        read_decay(tmp_path / "one.ptu")


def test_a_measurement_without_photons_is_no_decay(tmp_path):
    write(tmp_path / "dark.ptu", np.zeros(100))
    with pytest.raises(DecayFileError, match=r"dark\.ptu"):
        read_decay(tmp_path / "dark.ptu")


def test_the_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ptufile", None)
    with pytest.raises(DecayFileError, match=r"regrow\[files\]"):
        read_decay(tmp_path / "decay.ptu")
