"""One file of every kind that the readers know, for the campaign to damage."""

from pathlib import Path

import h5py
import numpy as np
import ptufile
import spc_io

NM = np.linspace(400.0, 700.0, 301)
LINE = 1000.0 * np.exp(-4 * np.log(2) * ((NM - 515.0) / 25.0) ** 2) + 5.0 * np.sin(NM**2)
TABLE = "\n".join(f"{nm:.3f}\t{counts:.2f}" for nm, counts in zip(NM, LINE, strict=True))
SERIES = "\n".join(
    f"12:00:0{row}.500\t{row}.0\t" + "\t".join(f"{(1 + row) * counts:.1f}" for counts in LINE)
    for row in range(4)
)
DECAY = np.round(40.0 * np.exp(-np.arange(400) * 0.064 / 4.5)).astype(np.int64)
DECAYS = {".asc", ".phd", ".ptu"}
"""Endings of the files that hold decays."""
TEXTS = {
    "oceanview.txt": "Data from HDX_1.txt Node\n\nDate: Mon Mar 02 10:11:12 UTC 2026\n"
    "Integration Time (sec): 1.000000E-1\nXAxis mode: Wavelengths\n"
    f"Number of Pixels in Spectrum: 301\n>>>>>Begin Spectral Data<<<<<\n{TABLE}\n",
    "series.txt": "Data from HDX_1.txt Node\n>>>>>Begin Spectral Data<<<<<\n\t\t"
    + "\t".join(f"{nm:.3f}" for nm in NM)
    + f"\n{SERIES}\n",
    "spectrasuite.tsv": "SpectraSuite Data File\n+++\nIntegration Time (usec): 100000 (USB4A)\n"
    f">>>>>Begin Processed Spectral Data<<<<<\n{TABLE}\n>>>>>End Processed Spectral Data<<<<<\n",
    "edinburgh.prn": f"Labels,a,\nType,Emission Scan\nXAxis,Wavelength(nm)\n\n{TABLE}\n",
    "horiba.dat": f"Wavelength\tS1 / R1\nnm\tCPS / MicroAmps\n{TABLE}\n",
    "energy.txt": "Energy (eV);counts\n"
    + "\n".join(
        f"{1239.842 / nm:.6f};{c:.2f}".replace(".", ",") for nm, c in zip(NM, LINE, strict=True)
    ),
    "jcamp.jdx": "##TITLE=NC\n##JCAMP-DX=4.24\n##DATA TYPE=FLUORESCENCE SPECTRUM\n"
    "##XUNITS=NANOMETERS\n##YUNITS=ARBITRARY UNITS\n##XFACTOR=1.0\n##YFACTOR=1.0\n"
    "##FIRSTX=400\n##LASTX=700\n##NPOINTS=301\n##FIRSTY=0\n##XYPOINTS=(XY..XY)\n"
    + TABLE.replace("\t", " ")
    + "\n##END=\n",
    "picoharp.phd": "#PicoHarp 300  Histogram Data\n#channels per curve\n400\n#ns/channel\n0.0640\n"
    "#counts\n" + "\n".join(map(str, DECAY)),
    "columns.asc": "Repetition rate: 2.5 MHz\nAcquisition time = 60 s\nTime [ns]\tCounts\n"
    + "\n".join(f"{0.064 * row:.3f}\t{count}" for row, count in enumerate(DECAY)),
}


def write_kinds(folder: Path) -> None:
    """Write one file of every kind.

    Args:
        folder: Where they go.
    """
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    _write_nexus(folder / "one.nxs")
    _write_spc(folder / "one.spc")
    image = np.repeat(DECAY.astype(np.uint16)[None, None, None, None, :], 4, axis=1)
    with ptufile.PtuWriter(
        folder / "one.ptu",
        image.shape,
        global_resolution=25.6e-9,
        tcspc_resolution=64e-12,
        pixel_time=25e-3,
    ) as file:
        file.write(image)


def _write_nexus(path: Path) -> None:
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        entry.attrs["NX_class"] = "NXentry"
        data = entry.create_group("data")
        data.attrs.update({"NX_class": "NXdata", "signal": "counts", "axes": ["time", "nm"]})
        data["counts"], data["time"], data["nm"] = np.array([LINE, 2 * LINE]), [0.0, 5.0], NM


def _write_spc(path: Path) -> None:
    whole = spc_io.SPC(xarray=NM)
    whole.add_subfile(yarray=LINE)
    path.write_bytes(whole.to_spc_raw().to_bytes())
