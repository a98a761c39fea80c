"""Decays in PicoQuant .ptu files, read with the package ptufile."""

from pathlib import Path

import numpy as np

from plans.importing.decay_file import DecayFile, DecayFileError


def read_ptu(path: Path) -> DecayFile:
    """Read the decay of the channel with the most photons of a T3 measurement.

    The library does the decoding (PicoQuant unified TTTR format); the repetition rate is that of
    the sync channel.

    Args:
        path: The file.

    Raises:
        DecayFileError: It holds no decay, is broken, or the package is missing.
    """
    try:
        import ptufile
    except ImportError as error:
        raise DecayFileError(
            f"{path}: reading a .ptu file needs the package ptufile; install it with: "
            "pip install 'regrow[files]'"
        ) from error
    try:
        with ptufile.PtuFile(path) as file:
            if not file.is_t3:
                raise DecayFileError(f"{path}: holds time tags without a sync (T2), no decay")
            histogram = np.atleast_2d(file.decode_histogram(dtype="uint32"))
            width_ns = 1e9 * float(file.tcspc_resolution)
            rate_hz, exposure_s = float(file.frequency), float(file.acquisition_time)
    except DecayFileError:
        raise
    except Exception as error:
        raise DecayFileError(f"{path}: cannot be read as a PicoQuant file ({error})") from error
    counts = np.asarray(histogram[int(np.argmax(histogram.sum(axis=-1)))], dtype=np.float64)
    if not counts.sum() > 0.0 or not width_ns > 0.0:
        raise DecayFileError(f"{path}: no photon was counted")
    return DecayFile(
        time_ns=np.asarray(np.arange(counts.size) * width_ns, dtype=np.float64),
        counts=counts,
        repetition_rate_hz=rate_hz if rate_hz > 0.0 else None,
        exposure_s=exposure_s if exposure_s > 0.0 else None,
    )
