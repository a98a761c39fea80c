"""Corrections that a bench file names for its spectrometer."""

import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.bench_file import Table
from instruments.errors import ConfigurationError
from instruments.spectrometers import Spectrometer
from instruments.spectrometers.bench_table import settings
from instruments.spectrometers.corrections import read_corrections
from instruments.spectrometers.response_file import ResponseFile, read_response, write_response
from tests.unit.instruments.fake_drivers import FakeSpectrometer

DAY = datetime.date(2026, 11, 2)
ABOUT = "# calibration = 'lamp 7'\n# calibrated = 2026-11-02\n# expires = 2027-11-02\n"
COLUMNS = "wavelength_nm,factor\n399.0,2.0\n402.0,1.0\n405.0,0.5\n"


@pytest.fixture
def table(tmp_path):
    def of(text=ABOUT + COLUMNS, **keys):
        (tmp_path / "response.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return Table(str(tmp_path / "bench.toml"), "device.spectrometer", keys)

    return of


def test_a_table_without_corrections_gives_none_and_the_configuration_stays(table, virtual_clock):
    assert read_corrections(table()) is None
    assert "corrections" not in settings(table(), (0.001, 10.0))
    device = Spectrometer(name="s", driver=FakeSpectrometer(), integration_time_s=0.2)
    device.connect()
    assert not [key for key in device.read_configuration() if "response" in key or "stray" in key]


def test_file_and_windows_reach_the_configuration_and_the_counts_stay_raw(table, virtual_clock):
    keys = table(
        response="response.csv",
        stray_light_dark_nm=[400, 402],
        stray_light_calibrated=DAY,
    )
    driver = FakeSpectrometer()
    found = settings(keys, (0.001, 10.0))
    keys.finish()
    device = Spectrometer(name="s", driver=driver, **found)
    device.connect()
    values = {key: reading["value"] for key, reading in device.read_configuration().items()}
    assert values["s_response_wavelength_nm"].tolist() == [399.0, 402.0, 405.0]
    assert values["s_response_factor"].tolist() == [2.0, 1.0, 0.5]
    assert values["s_response_calibration"] == "lamp 7"
    assert values["s_response_calibrated"] == "2026-11-02"
    assert values["s_response_expires"] == "2027-11-02"
    assert values["s_stray_light_dark_nm"].tolist() == [400.0, 402.0]
    assert values["s_stray_light_calibration"] == "dark at 400-402 nm"
    assert values["s_stray_light_expires"] == ""
    described = device.describe_configuration()
    assert set(described) == set(values)
    assert described["s_response_factor"]["shape"] == [3]
    assert described["s_response_calibration"]["dtype"] == "string"
    assert not [key for key in device.read() if "response" in key]
    driver.spectra = [[1, 2, 3, 4, 5]]
    status = device.trigger()
    status.wait(10)
    assert device.read()["s_spectrum_counts"]["value"].tolist() == [1, 2, 3, 4, 5]


def test_keys_of_the_bench_stand_above_what_the_file_says(table):
    keys = {"response_calibrated": datetime.date(2026, 12, 1), "response_id": "mine"}
    found = read_corrections(table(response="response.csv", **keys)).response.source
    assert (found.calibration, found.calibrated) == ("mine", "2026-12-01")
    assert found.expires == "2027-11-02"
    plain = read_corrections(table(COLUMNS, response="response.csv", response_calibrated=DAY))
    assert plain.response.source.calibration == "response.csv"
    assert plain.response.source.expires == ""


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (COLUMNS, "response_calibrated is missing"),
        (b"\xff\xfe\x00", "is no text"),
        ("", "holds 0 pairs"),
        (ABOUT, "holds 0 pairs"),
        (ABOUT + "400,1\n", "holds 1 pairs"),
        (ABOUT + "400,1\n401\n", "line 5, '401', is no pair"),
        (ABOUT + "400,1\n401,x\n", "line 5, '401,x', is no pair"),
        (ABOUT + "400;1;2\n401;1;2\n", "line 4, '400;1;2', is no pair"),
        (ABOUT + "401,1\n400,1\n", "wavelengths that rise"),
        (ABOUT + "nan,1\n401,1\n", "wavelengths that rise"),
        (ABOUT + "400,1\n401,0\n", "holds the factor 0"),
        (ABOUT + "400,1\n401,nan\n", "holds the factor nan"),
        (ABOUT + "# pixels = 4\n" + COLUMNS, "is cut: 3 of 4 pixels"),
        (ABOUT + "# pixels = 3\n" + COLUMNS[:-1], "is cut: its last line has no end"),
        ("# calibrated = 2026-13-02\n" + COLUMNS, "line 1, .* is no TOML"),
        ("# calibrated = 'today'\n" + COLUMNS, "calibrated must be a date like"),
        ("# calibration = 7\n" + COLUMNS, "calibration must be a text in quotes"),
        ("# calibrated = 2026-11-02\n# expires = 2026-11-01\n" + COLUMNS, "before it was calib"),
    ],
)
def test_a_file_that_holds_no_response_is_refused_with_the_reason(table, text, match):
    with pytest.raises(ConfigurationError, match=match) as raised:
        read_corrections(table(text, response="response.csv"))
    assert "response.csv" in str(raised.value) or "bench.toml" in str(raised.value)


def test_a_file_that_is_not_there_is_named_with_what_to_do(table):
    with pytest.raises(ConfigurationError, match=r"none\.csv.*cannot be read.*regrow response"):
        read_corrections(table(response="none.csv"))


@pytest.mark.parametrize("windows", [[], [400], [402, 400], [400, 401, 402]])
def test_windows_that_are_none_are_refused(table, windows):
    with pytest.raises(ConfigurationError, match="first and last wavelength of one or more"):
        read_corrections(table(stray_light_dark_nm=windows, stray_light_calibrated=DAY))


def connect(found):
    device = Spectrometer(
        name="s", driver=FakeSpectrometer(), integration_time_s=0.1, corrections=found
    )
    device.connect()


def test_what_does_not_fit_the_axis_is_refused_when_the_bench_connects(table, virtual_clock):
    far = ABOUT + "600,1\n700,1\n"
    with pytest.raises(ConfigurationError, match=r"600\.0 to 700\.0 nm.*axis of 400\.0 to 404"):
        connect(read_corrections(table(far, response="response.csv")))
    gap = ABOUT + "380,1\n400,1\n430,1\n"
    with pytest.raises(ConfigurationError, match="without gaps above 25 nm they are 20%"):
        connect(read_corrections(table(gap, response="response.csv")))
    keys = {"stray_light_dark_nm": [800, 900], "stray_light_calibrated": DAY}
    with pytest.raises(ConfigurationError, match="0 pixels from 800 to 900 nm"):
        connect(read_corrections(table(**keys)))


def test_the_response_of_another_spectrometer_is_refused(table, virtual_clock):
    other = "# spectrometer = 'HDX999'\n" + ABOUT + COLUMNS
    with pytest.raises(ConfigurationError, match="response of spectrometer HDX999, but"):
        connect(read_corrections(table(other, response="response.csv")))


@given(
    factor=st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=30),
    calibration=st.text(max_size=20),
    serial=st.text("ABC019-", max_size=8),
)
def test_what_is_written_is_read_again(tmp_path_factory, factor, calibration, serial):
    path = tmp_path_factory.mktemp("response") / "response.csv"
    axis = np.linspace(400.0, 700.0, len(factor))
    written = ResponseFile(
        wavelength_nm=axis,
        factor=np.array(factor),
        calibration=calibration,
        calibrated="2026-11-02T10:00:00+00:00",
        expires="2027-11-02",
        serial=serial,
    )
    write_response(path, written)
    read = read_response(path)
    assert np.array_equal(read.wavelength_nm, axis)
    assert np.array_equal(read.factor, factor)
    assert (read.calibrated, read.expires, read.serial) == (
        written.calibrated,
        written.expires,
        serial,
    )
    if calibration.isascii() and calibration.isalnum():
        assert read.calibration == calibration


def test_pixels_without_a_factor_are_left_out_and_a_file_is_never_overwritten(tmp_path):
    path = tmp_path / "response.csv"
    response = ResponseFile(
        wavelength_nm=np.array([400.0, 401.0, 402.0]), factor=np.array([np.nan, 1.0, 2.0])
    )
    write_response(path, response)
    assert read_response(path).wavelength_nm.tolist() == [401.0, 402.0]
    with pytest.raises(FileExistsError):
        write_response(path, response)
    none = ResponseFile(wavelength_nm=np.array([400.0]), factor=np.array([np.nan]))
    with pytest.raises(ConfigurationError, match="0 pixels have a factor"):
        write_response(tmp_path / "none.csv", none)
