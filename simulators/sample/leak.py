"""Excitation light that reaches the spectrometer.

Glass and wires scatter a little of the excitation into the spectrometer; a longpass filter in
front of it blocks what is below its edge. A grating shows what passed once more, faintly, at twice
its wavelength.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulators.sample.beam import Beam
from simulators.sample.optics import Floats

_EDGE_WIDTH_NM = 2.0
_REACH_FWHM = 4.0


@dataclass(frozen=True, kw_only=True)
class Longpass:
    """A longpass filter in front of the spectrometer.

    Args:
        edge_nm: Wavelength of half transmission; 0 for no filter.
        optical_density: Blocking below the edge.
    """

    edge_nm: float = 420.0
    optical_density: float = 4.0

    def transmission(self, wavelength_nm: Floats) -> Floats:
        """Return the transmission at wavelengths, shape [n]."""
        if self.edge_nm <= 0.0:
            return np.ones_like(wavelength_nm)
        blocked = 10.0**-self.optical_density
        edge = np.clip((wavelength_nm - self.edge_nm) / _EDGE_WIDTH_NM, -50.0, 50.0)
        passed: Floats = blocked + (1.0 - blocked) / (1.0 + np.exp(-edge))
        return passed


def leak_profile(
    beam: Beam, wavelength_nm: Floats, pixel_nm: Floats, filter_: Longpass, second_order: float
) -> Floats:
    """Return how one unit of scattered excitation spreads over the pixels.

    Args:
        beam: The light; its irradiance does not matter.
        wavelength_nm: Centres of the pixels, shape [n].
        pixel_nm: Widths of the pixels, shape [n].
        filter_: What stands in front of the spectrometer.
        second_order: Strength of the image at twice the wavelength.
    """
    first = _gaussian(wavelength_nm, beam.wavelength_nm, beam.fwhm_nm)
    # light seen at a pixel in second order has half the pixel's wavelength, also at the filter
    half_nm = wavelength_nm / 2.0
    second = second_order * _gaussian(half_nm, beam.wavelength_nm, beam.fwhm_nm) / 2.0
    passed = first * filter_.transmission(wavelength_nm) + second * filter_.transmission(half_nm)
    profile: Floats = passed * pixel_nm
    return profile


def lamp_per_pixel(beam: Beam, wavelength_nm: Floats, pixel_nm: Floats) -> Floats:
    """Return how one unit of a lamp's light spreads over the pixels; arguments as above."""
    light: Floats = _gaussian(wavelength_nm, beam.wavelength_nm, beam.fwhm_nm) * pixel_nm
    return light


def _gaussian(wavelength_nm: Floats, centre_nm: float, fwhm_nm: float) -> Floats:
    """Return a line of unit area per nm, cut off where a lamp's line has ended."""
    distance = (wavelength_nm - centre_nm) / fwhm_nm
    top = 2.0 * math.sqrt(math.log(2.0) / math.pi) / fwhm_nm
    shape = top * np.exp(-4.0 * math.log(2.0) * np.minimum(distance**2, _REACH_FWHM**2))
    line: Floats = np.where(np.abs(distance) < _REACH_FWHM, shape, 0.0)
    return line
