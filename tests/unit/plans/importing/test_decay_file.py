"""Text exports of TCSPC programs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.importing.decay_file import DecayFileError, read_decay

COUNTS = [0, 1, 5, 900, 700, 500, 350, 240, 170, 120, 90, 60, 40, 30, 20, 14, 9, 6, 4, 3, 2, 1]


def written(tmp_path, *lines):
    path = tmp_path / "decay.txt"
    path.write_text("\n".join(map(str, lines)), encoding="utf-8")
    return path


def test_picoquant_s_export_of_one_curve(tmp_path):
    path = written(
        tmp_path, "#PicoHarp 300  Histogram Data", "#channels per curve", "22",
        "#display curve no.", "0", "#ns/channel", "0.0640", "#counts", *COUNTS,
    )  # fmt: skip
    found = read_decay(path)
    assert found.counts.tolist() == COUNTS
    assert found.time_ns[1] == pytest.approx(0.064)
    assert found.repetition_rate_hz is None


@pytest.mark.parametrize(("unit", "factor"), [("ns", 1.0), ("ps", 1e-3), ("us", 1e3)])
def test_two_columns_with_a_unit(tmp_path, unit, factor):
    rows = [f"{0.5 * n:.3f}\t{count}" for n, count in enumerate(COUNTS)]
    path = written(
        tmp_path, "Repetition rate: 2.5 MHz", "Acquisition time = 60 s", f"Time [{unit}]\tCounts",
        *rows,
    )  # fmt: skip
    found = read_decay(path)
    assert found.time_ns[2] == pytest.approx(factor)
    assert found.repetition_rate_hz == pytest.approx(2.5e6)
    assert found.exposure_s == pytest.approx(60.0)


def test_headers_with_the_value_on_the_next_line(tmp_path):
    path = written(
        tmp_path, "#ns/bin", "0.5", "#sync rate [Hz]", "250000", "#acquisition time [s]", "60",
        "#counts", *COUNTS,
    )  # fmt: skip
    found = read_decay(path)
    assert (found.repetition_rate_hz, found.exposure_s) == (250000.0, 60.0)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["nothing here"], "0 lines of numbers"),
        (COUNTS, "no line 'ns/channel'"),
        ([f"{-n} {c}" for n, c in enumerate(COUNTS)], "times must rise"),
    ],
)
def test_what_is_no_decay_is_refused_with_a_reason(tmp_path, lines, reason):
    with pytest.raises(DecayFileError, match=reason):
        read_decay(written(tmp_path, *lines))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DecayFileError, match=r"nowhere\.txt"):
        read_decay(tmp_path / "nowhere.txt")


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 10**6), min_size=20, max_size=60), bin_ns=st.floats(1e-3, 10))
def test_what_was_written_is_read(tmp_path_factory, counts, bin_ns):
    path = tmp_path_factory.mktemp("decays") / "decay.txt"
    path.write_text("\n".join(["#ns/channel", f"{bin_ns:.6f}", "#counts", *map(str, counts)]))
    found = read_decay(path)
    assert found.counts.tolist() == counts
    assert np.allclose(np.diff(found.time_ns), float(f"{bin_ns:.6f}"))
