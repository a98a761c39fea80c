"""Read spectra from JCAMP-DX, SPC and NeXus files."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np

from plans.analysis.noise import FloatArray
from plans.analysis.spectrum import HC_EV_NM
from plans.importing.apart import RAISED, read_apart
from plans.importing.spectrum_file import Spectrum, SpectrumFileError, SpectrumSeries

_EXTRA: Final = "install it with: pip install 'regrow[files]'"
_WAVENUMBER: Final = ("1/cm", "cm-1", "cm^-1", "wavenumber")
_MICROMETRE: Final = ("micrometers", "micrometer", "microns", "um", "µm")
_FEWEST_PIXELS: Final = 3
_SPC_UNITS: Final = {"XWAVEN": "1/cm", "XUMETR": "um", "XNMETR": "nm", "XEV": "eV"}
"""Kinds of axis as spc-io names them; any other counts as nm."""
_WALK: Final = """
import h5py, sys
def look(name, node):
    dict(node.attrs)
    if isinstance(node, h5py.Dataset):
        node[()]
with h5py.File(sys.argv[1], "r") as file:
    look("", file)
    file.visititems(look)
"""


def read_jcamp(path: Path) -> SpectrumSeries:
    """Read a JCAMP-DX file with the package jcamp.

    Raises:
        SpectrumFileError: it cannot be read, or the package is missing.
    """
    jcamp = _library("jcamp", path)
    try:
        found = jcamp.readfile(str(path))
    except Exception as error:
        raise _broken(path, "JCAMP-DX", error) from error
    blocks = found.get("children") or [found]
    spectra = []
    for number, block in enumerate(blocks, start=1):
        x, y = (_column(block.get(axis)) for axis in ("x", "y"))
        if x is not None and y is not None and x.size == y.size:
            name = str(block.get("title") or f"spectrum {number}")
            axis = in_nm(x, str(block.get("xunits", "")))
            spectra.append(Spectrum(name=name, wavelength_nm=axis, counts=y))
    return _series(path, spectra, "JCAMP-DX")


def read_spc(path: Path) -> SpectrumSeries:
    """Read a Galactic SPC file with the package spc-io.

    Raises:
        SpectrumFileError: it cannot be read, or the package is missing.
    """
    spc_io = _library("spc_io", path)
    try:
        with path.open("rb") as stream:
            found = spc_io.SPC.from_bytes_io(stream)
        unit = _SPC_UNITS.get(str(getattr(found, "xtype", "")), "nm")
        spectra = [
            Spectrum(
                name=f"spectrum {number}",
                wavelength_nm=in_nm(np.asarray(part.xarray, dtype=np.float64), unit),
                counts=np.asarray(part.yarray, dtype=np.float64),
                time_s=float(part.z) if len(found) > 1 else None,
            )
            for number, part in enumerate(found, start=1)
        ]
    except Exception as error:
        raise _broken(path, "SPC", error) from error
    return _series(path, spectra, "SPC")


def read_nexus(path: Path) -> SpectrumSeries:
    """Read the spectra of a NeXus file: the default NXdata, one spectrum or one a row.

    Raises:
        SpectrumFileError: it cannot be read, or holds no such data.
    """
    import h5py

    _require_whole(path)
    try:
        with h5py.File(path, "r") as file:
            data = _default_data(file)
            signal = np.asarray(data[_word(data.attrs["signal"])], dtype=np.float64)
            axes = [_word(name) for name in np.atleast_1d(data.attrs["axes"])]
            columns = {name: np.asarray(data[name], dtype=np.float64) for name in axes}
            unit = _word(data[axes[-1]].attrs.get("units", "nm"))
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _broken(path, "NeXus", error) from error
    rows = np.atleast_2d(signal)
    times = columns[axes[0]] if len(axes) > 1 else np.full(rows.shape[0], np.nan)
    axis = in_nm(columns[axes[-1]], unit)
    if rows.ndim != 2 or rows.shape != (times.size, axis.size):
        raise SpectrumFileError(
            f"{path}: the signal of shape {signal.shape} does not fit its axes {axes}"
        )
    spectra = [
        Spectrum(
            name=f"{time:.1f} s" if np.isfinite(time) else f"spectrum {number}",
            wavelength_nm=axis,
            counts=row,
            time_s=float(time) if np.isfinite(time) else None,
        )
        for number, (row, time) in enumerate(zip(rows, times, strict=True), start=1)
    ]
    return _series(path, spectra, "NeXus")


def _require_whole(path: Path) -> None:
    """Let another process walk through a file first: a damaged one can hang or crash HDF5.

    What the walk only finds odd is left to the reader.

    Raises:
        SpectrumFileError: It did not come back.
    """
    try:
        walk = read_apart(_WALK, path)
    except OSError as error:
        raise _broken(path, "NeXus", error) from error
    if walk.returncode not in (0, RAISED):
        raise _broken(path, "NeXus", RuntimeError(f"HDF5 ended with code {walk.returncode}"))


def in_nm(values: FloatArray, unit: str) -> FloatArray:
    """Return an axis in nm.

    Args:
        values: in their unit.
        unit: as files name it; what is not known counts as nm.
    """
    plain = unit.strip().lower()
    with np.errstate(divide="ignore", invalid="ignore"):
        if any(word in plain for word in _WAVENUMBER):
            return np.asarray(1e7 / values)
        if plain == "ev" or "electron" in plain:
            return np.asarray(HC_EV_NM / values)
        if plain in _MICROMETRE:
            return np.asarray(1e3 * values)
    return values


def _default_data(file: Any) -> Any:
    node = file
    for _ in range(4):
        if _word(node.attrs.get("NX_class", "")) == "NXdata":
            return node
        name = node.attrs.get("default")
        node = node[_word(name)] if name is not None else _first_group(node)
    raise KeyError("no NXdata")


def _first_group(node: Any) -> Any:
    for wanted in ("NXdata", "NXentry"):
        for child in node.values():
            if _word(getattr(child, "attrs", {}).get("NX_class", "")) == wanted:
                return child
    raise KeyError("no NXentry with NXdata")


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _column(values: Any) -> FloatArray | None:
    try:
        found = np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        return None
    return found if found.size >= _FEWEST_PIXELS else None


def _series(path: Path, spectra: list[Spectrum], kind: str) -> SpectrumSeries:
    if not spectra:
        raise SpectrumFileError(f"{path}: the {kind} file holds no spectrum")
    axis = spectra[0].wavelength_nm
    falling = bool(axis.size and axis[0] > axis[-1])
    return SpectrumSeries(path=path, spectra=tuple(spectra), descending=falling)


def _library(name: str, path: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = name.replace("_", "-")
        raise SpectrumFileError(
            f"{path}: reading this kind of file needs the package {package}; {_EXTRA}"
        ) from error


def _broken(path: Path, kind: str, error: Exception) -> SpectrumFileError:
    return SpectrumFileError(
        f"{path}: cannot be read as {kind} ({error}); check that the file is whole"
    )
