"""Files as the programs of the instruments write them."""

import sys

import h5py
import numpy as np
import pytest

from plans.importing import SpectrumFileError, apart, binary_files, read_folder, read_spectra
from plans.importing.binary_files import in_nm

NM = np.linspace(400.0, 700.0, 61)
LINE = 1000.0 * np.exp(-4 * np.log(2) * ((NM - 515.0) / 25.0) ** 2)
TABLE = "\n".join(f"{nm:.3f}\t{counts:.2f}" for nm, counts in zip(NM, LINE, strict=True))

OCEANVIEW = f"""Data from HDX_1.txt Node

Date: Tue Mar 03 10:00:30 CET 2020
User: lab
Spectrometer: HDX00123
Trigger mode: 0
Integration Time (sec): 2.500000E-1
Scans to average: 4
Boxcar width: 0
XAxis mode: Wavelengths
Number of Pixels in Spectrum: 61
>>>>>Begin Spectral Data<<<<<
{TABLE}
"""
SPECTRASUITE = f"""SpectraSuite Data File
++++++++++++++++++++++++++++++++++++
Date: Tue Mar 03 10:00:00 CET 2020
User: lab
Dark Spectrum Present: No
Integration Time (usec): 250000 (USB2G1)
Spectra Averaged: 4
>>>>>Begin Processed Spectral Data<<<<<
{TABLE}
>>>>>End Processed Spectral Data<<<<<
"""
EDINBURGH = "\n".join(
    [
        "Labels,NC 5 nM,",
        "Type,Emission Scan,",
        "Comment,,",
        "Start,400.00,",
        "Stop,700.00,",
        "Step,5.00,",
        "Fixed/Offset,405.00,",
        "Xaxis,Wavelength,",
        "Yaxis,Counts,",
        "Scans,1,",
        "",
        *(f"{nm:.2f},{counts:.4E}," for nm, counts in zip(NM, LINE, strict=True)),
    ]
)
HORIBA = "\n".join(
    [
        "Wavelength\tS1c / R1c",
        "nm\tCPS / MicroAmps",
        "\tEmission, ex 405 nm",
        *(f"{nm:.1f}\t{counts:.5f}" for nm, counts in zip(NM, LINE, strict=True)),
    ]
)


def assert_is_the_line(spectrum, tolerance=0.01):
    assert spectrum.wavelength_nm == pytest.approx(NM, abs=0.01)
    assert spectrum.counts == pytest.approx(LINE, abs=1000 * tolerance)


@pytest.mark.parametrize(
    ("text", "exposure_s"),
    [(OCEANVIEW, 0.25), (SPECTRASUITE, 0.25), (EDINBURGH, None), (HORIBA, None)],
    ids=["oceanview", "spectrasuite", "edinburgh", "horiba"],
)
def test_text_exports_of_common_programs_are_read(tmp_path, text, exposure_s):
    path = tmp_path / "frame 12.txt"
    path.write_text(text, encoding="cp1252")
    (spectrum,) = read_spectra(path).spectra
    assert_is_the_line(spectrum)
    assert spectrum.integration_time_s == exposure_s


def test_a_series_of_oceanview_has_one_spectrum_a_row(tmp_path):
    axis = "\t\t" + "\t".join(f"{nm:.3f}" for nm in NM)
    rows = [
        f"2020-03-03 10:00:{10 * i:02d}.000\t{1583226000000 + 10_000 * i}\t"
        + "\t".join(f"{(1 + i) * counts:.2f}" for counts in LINE)
        for i in range(3)
    ]
    head = OCEANVIEW.split(TABLE)[0]
    path = tmp_path / "series.txt"
    path.write_text(head + "\n".join([axis, *rows, "2020-03-03 10:01:00\tcut"]) + "\n")
    series = read_spectra(path)
    assert [spectrum.time_s for spectrum in series.spectra] == [0.0, 10.0, 20.0]
    assert_is_the_line(series.spectra[0])
    assert series.spectra[2].counts == pytest.approx(3 * LINE, abs=0.1)
    assert series.spectra[0].integration_time_s == 0.25


def test_single_files_of_a_folder_become_one_series_in_the_order_of_their_dates(tmp_path):
    for name, second in (("a", 50), ("b", 10), ("c", 30)):
        text = OCEANVIEW.replace("10:00:30", f"10:00:{second}")
        (tmp_path / f"{name}.txt").write_text(text)
    found, failed = read_folder(tmp_path)
    assert failed == []
    (series,) = found
    assert [(s.name, s.time_s) for s in series.spectra] == [("b", 0.0), ("c", 20.0), ("a", 40.0)]


def test_jcamp_dx_is_read(tmp_path):
    pytest.importorskip("jcamp")
    rows = "\n".join(f"{nm:.3f} {counts:.3f}" for nm, counts in zip(NM, LINE, strict=True))
    text = (
        "##TITLE=NC 5 nM\n##JCAMP-DX=4.24\n##DATA TYPE=FLUORESCENCE SPECTRUM\n"
        "##XUNITS=NANOMETERS\n##YUNITS=ARBITRARY UNITS\n##XFACTOR=1.0\n##YFACTOR=1.0\n"
        f"##FIRSTX=400\n##LASTX=700\n##NPOINTS={NM.size}\n##FIRSTY=0\n"
        f"##XYPOINTS=(XY..XY)\n{rows}\n##END=\n"
    )
    for name in ("a.jdx", "a.txt"):
        (tmp_path / name).write_text(text)
        (spectrum,) = read_spectra(tmp_path / name).spectra
        assert_is_the_line(spectrum)
        assert spectrum.name == "NC 5 nM"


@pytest.mark.parametrize(
    ("kind", "values"),
    [(0, NM), (3, NM), (1, 1e7 / NM), (2, 1e-3 * NM), (14, 1239.841984 / NM)],
)  # byte 28 of the header is the kind of the axis (Galactic: SPC file format); spc-io writes 0
def test_spc_is_read_with_any_axis_of_light(tmp_path, kind, values):
    spc_io = pytest.importorskip("spc_io")
    whole = spc_io.SPC(xarray=values)
    whole.add_subfile(yarray=LINE)
    content = bytearray(whole.to_spc_raw().to_bytes())
    content[28] = kind
    (tmp_path / "a.spc").write_bytes(content)
    (spectrum,) = read_spectra(tmp_path / "a.spc").spectra
    assert_is_the_line(spectrum)


def test_a_missing_library_names_the_extra(tmp_path, monkeypatch):
    path = tmp_path / "a.spc"
    path.write_bytes(b"\x00\x4b" + bytes(600))
    monkeypatch.setitem(sys.modules, "spc_io", None)
    with pytest.raises(SpectrumFileError, match=r"spc-io.*regrow\[files\]"):
        read_spectra(path)


@pytest.mark.parametrize("name", ["a.spc", "a.jdx", "a.nxs"])
def test_a_broken_file_names_itself(tmp_path, name):
    pytest.importorskip({"a.spc": "spc_io", "a.jdx": "jcamp"}.get(name, "h5py"))
    (tmp_path / name).write_bytes(b"this is no such file")
    with pytest.raises(SpectrumFileError, match=name):
        read_spectra(tmp_path / name)


@pytest.mark.parametrize(
    ("walk", "patience_s"), [("while True: pass", 0.2), ("import os; os._exit(139)", 30.0)]
)
def test_a_file_that_hangs_or_crashes_hdf5_is_refused(tmp_path, monkeypatch, walk, patience_s):
    monkeypatch.setattr(binary_files, "_WALK", walk)
    monkeypatch.setattr(apart, "_PATIENCE_S", patience_s)
    write_nexus(tmp_path / "one.nxs", LINE, wavelength=NM)
    with pytest.raises(SpectrumFileError, match=r"one\.nxs"):
        read_spectra(tmp_path / "one.nxs")


def write_nexus(path, signal, **axes):
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": list(axes)})
        data["counts"] = signal
        for name, values in axes.items():
            data[name] = values


def test_nexus_files_of_others_are_read(tmp_path):
    write_nexus(tmp_path / "one.nxs", LINE, wavelength=NM)
    (spectrum,) = read_spectra(tmp_path / "one.nxs").spectra
    assert_is_the_line(spectrum)
    write_nexus(tmp_path / "many.dat", [LINE, 2 * LINE], time=[0.0, 5.0], wavelength=NM)
    many = read_spectra(tmp_path / "many.dat").spectra
    assert [spectrum.time_s for spectrum in many] == [0.0, 5.0]
    write_nexus(tmp_path / "odd.h5", np.ones((2, 3, 4)), time=[0, 1], wavelength=NM)
    with pytest.raises(SpectrumFileError, match="odd"):
        read_spectra(tmp_path / "odd.h5")


@pytest.mark.parametrize(
    ("unit", "value"), [("1/CM", 2e4), ("eV", 2.479684), ("MICROMETERS", 0.5), ("nm", 500.0)]
)
def test_axes_in_other_units_become_nanometres(unit, value):
    assert in_nm(np.array([value]), unit)[0] == pytest.approx(500.0, abs=0.01)
