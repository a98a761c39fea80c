"""How the sample absorbs, filters and scatters light.

One shape describes the absorption of every particle: a sigmoid continuum that grows towards the
blue, an exciton line at the edge, and an exponential (Urbach) tail below it. It is 1 at 400 nm,
where the extinction coefficient is known. There are two forms of it: floats for the rate
equations, which need one wavelength at a time, and arrays for spectra.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from simulators.sample.material import LN10

Floats: TypeAlias = npt.NDArray[np.float64]

ANCHOR_EV = 3.0996
"""Photon energy of 400 nm, where the shape is 1."""
_CONTINUUM = 0.30
_CONTINUUM_OFFSET_EV = 0.030
_CONTINUUM_WIDTH_EV = 0.030
_CONTINUUM_GROWTH = 2.33
_CONTINUUM_POWER = 1.3
_EXCITON = 0.10
_EXCITON_WIDTH_EV = 0.035
_TAIL_BELOW_EDGE_EV = 0.045
_URBACH_EV = 0.019
SCATTER_SEEN_BY_EMISSION = 0.2
"""Part of the scattered emission that is lost: most is scattered forwards and still arrives."""


def _band(energy_ev: float, edge_ev: float) -> float:
    reach = min(max((energy_ev - edge_ev) / (ANCHOR_EV - edge_ev), 0.0), 3.0)
    step = 1.0 + math.exp(-(energy_ev - edge_ev - _CONTINUUM_OFFSET_EV) / _CONTINUUM_WIDTH_EV)
    growth: float = _CONTINUUM_GROWTH * reach**_CONTINUUM_POWER
    continuum = _CONTINUUM / step * (1.0 + growth)
    exciton = (energy_ev - edge_ev) / _EXCITON_WIDTH_EV
    return continuum + _EXCITON * math.exp(-0.5 * exciton * exciton)


def absorption_shape(energy_ev: float, edge_ev: float) -> float:
    """Return the absorption at one photon energy relative to 400 nm.

    Args:
        energy_ev: Photon energy.
        edge_ev: Energy of the absorption edge of the particle.
    """
    knee_ev = edge_ev - _TAIL_BELOW_EDGE_EV
    anchor = _band(ANCHOR_EV, edge_ev)
    if energy_ev > knee_ev:
        return _band(energy_ev, edge_ev) / anchor
    return _band(knee_ev, edge_ev) * math.exp((energy_ev - knee_ev) / _URBACH_EV) / anchor


def absorption_shapes(energy_ev: Floats, edge_ev: float) -> Floats:
    """Return the absorption at many photon energies relative to 400 nm.

    Args:
        energy_ev: Photon energies, shape [n].
        edge_ev: Energy of the absorption edge of the particle.
    """
    knee_ev = edge_ev - _TAIL_BELOW_EDGE_EV
    anchor = _band(ANCHOR_EV, edge_ev)
    high = energy_ev > knee_ev
    above = energy_ev[high] - edge_ev
    reach = np.clip(above / (ANCHOR_EV - edge_ev), 0.0, 3.0)
    step = 1.0 + np.exp((_CONTINUUM_OFFSET_EV - above) / _CONTINUUM_WIDTH_EV)
    continuum = _CONTINUUM / step * (1.0 + _CONTINUUM_GROWTH * reach**_CONTINUUM_POWER)
    exciton = _EXCITON * np.exp(-0.5 / _EXCITON_WIDTH_EV**2 * above**2)
    shapes: Floats = np.empty_like(energy_ev)
    shapes[high] = (continuum + exciton) / anchor
    tail = np.exp((energy_ev[~high] - knee_ev) / _URBACH_EV)
    shapes[~high] = tail * (_band(knee_ev, edge_ev) / anchor)
    return shapes


def scatter_law(wavelength_nm: float) -> float:
    """Return how strongly wires scatter at a wavelength, 1 at 500 nm."""
    return float((500.0 / wavelength_nm) ** 3)


def mean_transmission(absorbance: float) -> float:
    """Return the mean of 10^-(A x) over the depth x from 0 to 1 of a cuvette."""
    napierian = absorbance * LN10
    if napierian < 1e-9:
        return 1.0
    return -math.expm1(-napierian) / napierian


def mean_transmissions(absorbance: Floats) -> Floats:
    """Return the mean of 10^-(A x) over the depth x from 0 to 1, for an array of absorbances."""
    napierian = np.maximum(absorbance * LN10, 1e-9)
    transmissions: Floats = -np.expm1(-napierian) / napierian
    return transmissions
