from pathlib import Path

import numpy as np
import pytest

from simulators.sample import (
    DARK,
    PixelGrid,
    ReplaySample,
    SampleConfigurationError,
    World,
    read_series,
)

MEASURED = Path(__file__).parents[3] / "data" / "real-spectra" / "cdse-growth"
EMISSION = sorted(MEASURED.glob("* FL emission.csv"))


@pytest.fixture
def written(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "series.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def two_columns(written):
    return read_series(written("nm,10 s,20 s\r\n500,0,0\r\n510,100,0\r\n520,0,200\r\n530,0,0\r\n"))


def grid():
    return PixelGrid(np.arange(490.0, 541.0))


@pytest.mark.parametrize("path", EMISSION, ids=lambda path: path.stem)
def test_every_measured_series_is_read(path):
    series = read_series(path)
    assert series.signal.shape == (series.time_s.size, series.wavelength_nm.size)
    assert series.time_s[0] in (30.0, 60.0)
    assert series.time_s[-1] == 600.0
    assert series.wavelength_nm[-1] == 600.0
    assert np.isfinite(series.signal).all()


def test_the_text_below_the_numbers_is_left_out():
    series = read_series(MEASURED / "Run 5 FL emission.csv")
    assert series.wavelength_nm[0] == 430.0
    assert series.wavelength_nm.size < 200
    assert series.time_s.size == 18


def test_a_measured_absorption_that_falls_in_wavelength_is_turned_round():
    series = read_series(MEASURED / "Run 2 UV-Vis.csv")
    assert np.all(np.diff(series.wavelength_nm) > 0)
    assert series.wavelength_nm[0] == pytest.approx(350.0, abs=0.1)


def test_there_are_measured_series_to_read():
    assert len(EMISSION) == 3


def test_titles_in_other_units_and_columns_out_of_order_are_understood(written):
    series = read_series(written("\ufeffnm,1 h,2 min,30 s , note\n500,3,2,1,x\n501,6,5,4,y\n"))
    assert series.time_s.tolist() == [30.0, 120.0, 3600.0]
    assert series.signal.tolist() == [[1, 4], [2, 5], [3, 6]]


def test_rows_with_a_gap_are_left_out(written):
    series = read_series(written("nm,1 s,2 s\n500,1,2\n501,1\n502,,2\n503,nan,2\n504,3,4\n"))
    assert series.wavelength_nm.tolist() == [500.0, 504.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column has a time"),
        ("nm,first,second\n500,1,2\n", "no column has a time"),
        ("nm,1 s\n500,1\n", "fewer than two"),
        ("nm,60 s,1 min\n500,1,2\n501,1,2\n", "two columns have the same time"),
    ],
)
def test_a_file_without_a_series_is_refused(written, text, message):
    with pytest.raises(SampleConfigurationError, match=message):
        read_series(written(text))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(SampleConfigurationError, match="cannot be read"):
        read_series(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("time_s", "at_510", "at_520"),
    [(0, 100, 0), (10, 100, 0), (12.5, 75, 50), (15, 50, 100), (20, 0, 200), (99, 0, 200)],
)
def test_between_two_columns_the_spectrum_is_interpolated(two_columns, time_s, at_510, at_520):
    assert two_columns.at(time_s)[1:3] == pytest.approx([at_510, at_520])


def test_the_series_begins_with_the_first_light_and_then_runs_by_itself(two_columns, light):
    replay = ReplaySample(two_columns, "two")
    replay.step(100.0, DARK)
    assert replay.elapsed_s == 0.0
    replay.step(1.0, light(1.0))
    replay.step(14.0, DARK)
    assert replay.elapsed_s == 15.0
    assert replay.truth()["replay_s"] == 15.0


@pytest.mark.parametrize("wavelength_nm", [365.0, 405.0, 530.0])
def test_a_replay_is_equally_bright_under_any_light_and_dark_without(
    two_columns, light, wavelength_nm
):
    replay = ReplaySample(two_columns, "two")
    for irradiance_mw_cm2 in (0.1, 20.0):
        replay.step(20.0, light(irradiance_mw_cm2, wavelength_nm))
        emission = replay.emission_per_s(grid(), light(irradiance_mw_cm2, wavelength_nm).beams)
    assert 1.05 * emission.max() == pytest.approx(100_000)
    assert emission[grid().wavelength_nm < 500].max() == 0.0
    assert not replay.emission_per_s(grid(), ()).any()


def test_negative_noise_of_a_measurement_is_no_light(written, light):
    replay = ReplaySample(read_series(written("nm,1 s\n500,-5\n510,10\n520,-5\n")), "noise")
    assert replay.emission_per_s(grid(), light(1.0).beams).min() == 0.0


def test_a_replay_can_be_copied(two_columns, light):
    replay = ReplaySample(two_columns, "two", peak_counts_per_s=5e4)
    replay.step(15.0, light(20.0))
    twin = replay.copy()
    twin.step(5.0, light(20.0))
    assert (replay.elapsed_s, twin.elapsed_s) == (15.0, 20.0)
    assert twin.ledger.dose_j_cm2 == pytest.approx(0.4)
    beams = light(1.0).beams
    assert twin.emission_per_s(grid(), beams).max() == pytest.approx(5e4 / 1.05)


def test_a_world_plays_a_measured_series(hdx_grid):
    world = World.from_config(
        {
            "replay": {"file": "Run 2 FL emission.csv"},
            "light": {
                "channel": [
                    {
                        "number": 1,
                        "wavelength_nm": 405,
                        "fwhm_nm": 12,
                        "irradiance_mw_cm2_per_ma": 0.05,
                    }
                ]
            },
        },
        seed=1,
        folder=MEASURED,
    )
    world.set_light(0.0, 1, 20.0)
    peaks = []
    for start_s in (0.0, 300.0, 700.0):
        handle = world.open_exposure(start_s, hdx_grid.wavelength_nm)
        photons = world.close_exposure(start_s + 0.2, handle)
        peaks.append(hdx_grid.wavelength_nm[photons.argmax()])
    series = read_series(MEASURED / "Run 2 FL emission.csv")
    tops = [series.wavelength_nm[series.at(time_s).argmax()] for time_s in (0.2, 300.2, 700.2)]
    assert peaks == pytest.approx(tops, abs=0.8)
    assert peaks[2] - peaks[0] > 5.0
    assert 10_000 < 1.05 * photons.max() <= 20_001
    assert world.truth(700.2)["dose_j_cm2"] == pytest.approx(0.7002, rel=1e-6)
