"""Decays in PicoQuant .ptu files, read with the package ptufile."""

import importlib.util
import io
from pathlib import Path
from typing import Final

import numpy as np

from plans.importing.apart import read_apart
from plans.importing.decay_file import DecayFile, DecayFileError

_NO_SYNC: Final = 3  # exit code of the program below
_READ: Final = f"""
import io, sys
import numpy as np
import ptufile
with ptufile.PtuFile(sys.argv[1]) as file:
    if not file.is_t3:
        sys.exit({_NO_SYNC})
    histogram = np.atleast_2d(file.decode_histogram(dtype="uint32"))
    written = io.BytesIO()
    np.savez(
        written,
        counts=histogram[int(np.argmax(histogram.sum(axis=-1)))],
        width_ns=1e9 * float(file.tcspc_resolution),
        rate_hz=float(file.frequency),
        exposure_s=float(file.acquisition_time),
    )
sys.stdout.buffer.write(written.getvalue())
"""


def read_ptu(path: Path) -> DecayFile:
    """Read the decay of the channel with the most photons of a T3 measurement.

    The library does the decoding (PicoQuant unified TTTR format); the repetition rate is that of
    the sync channel. It decodes in another process: in a damaged file it may never end.

    Args:
        path: The file.

    Raises:
        DecayFileError: It holds no decay, is broken, or the package is missing.
    """
    if importlib.util.find_spec("ptufile") is None:
        raise DecayFileError(
            f"{path}: reading a .ptu file needs the package ptufile; install it with: "
            "pip install 'regrow[files]'"
        )
    try:
        read = read_apart(_READ, path)
    except OSError as error:
        raise _broken(path, str(error)) from error
    if read.returncode == _NO_SYNC:
        raise DecayFileError(f"{path}: holds time tags without a sync (T2), no decay")
    if read.returncode != 0:
        said = read.stderr.decode(errors="replace").strip().splitlines()
        raise _broken(path, said[-1] if said else f"its reader ended with {read.returncode}")
    with np.load(io.BytesIO(read.stdout), allow_pickle=False) as found:
        counts = np.asarray(found["counts"], dtype=np.float64)
        width_ns, rate_hz, exposure_s = (
            float(found[key]) for key in ("width_ns", "rate_hz", "exposure_s")
        )
    if not counts.sum() > 0.0 or not width_ns > 0.0:
        raise DecayFileError(f"{path}: no photon was counted")
    return DecayFile(
        time_ns=np.asarray(np.arange(counts.size) * width_ns, dtype=np.float64),
        counts=counts,
        repetition_rate_hz=rate_hz if rate_hz > 0.0 else None,
        exposure_s=exposure_s if exposure_s > 0.0 else None,
    )


def _broken(path: Path, why: str) -> DecayFileError:
    return DecayFileError(f"{path}: cannot be read as a PicoQuant file ({why})")
