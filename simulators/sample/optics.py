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
_LONGEST_REACH = 3.0  # of the growth, in steps from the edge to 400 nm
_EXCITON = 0.10
_EXCITON_WIDTH_EV = 0.035
_TAIL_BELOW_EDGE_EV = 0.045
_URBACH_EV = 0.019
SCATTER_SEEN_BY_EMISSION = 0.2
"""Part of the scattered emission that is lost: most is scattered forwards and still arrives."""


def _band(above_ev: float, span_ev: float) -> float:
    """Return the absorption above the edge, which is ``span_ev`` below the anchor; unscaled."""
    reach = above_ev / span_ev
    grown = 1.0
    if reach > 0.0:
        reach = reach if reach < _LONGEST_REACH else _LONGEST_REACH
        grown += _CONTINUUM_GROWTH * reach**_CONTINUUM_POWER
    step = 1.0 + math.exp((_CONTINUUM_OFFSET_EV - above_ev) / _CONTINUUM_WIDTH_EV)
    exciton = above_ev / _EXCITON_WIDTH_EV
    return _CONTINUUM * grown / step + _EXCITON * math.exp(-0.5 * exciton * exciton)


def absorption_shape(energy_ev: float, edge_ev: float) -> float:
    """Return the absorption at one photon energy relative to 400 nm.

    Args:
        energy_ev: Photon energy.
        edge_ev: Energy of the absorption edge of the particle.
    """
    above_ev, span_ev = energy_ev - edge_ev, ANCHOR_EV - edge_ev
    anchor = _band(span_ev, span_ev)
    if above_ev > -_TAIL_BELOW_EDGE_EV:
        return _band(above_ev, span_ev) / anchor
    tail = math.exp((above_ev + _TAIL_BELOW_EDGE_EV) / _URBACH_EV)
    return _band(-_TAIL_BELOW_EDGE_EV, span_ev) * tail / anchor


def absorption_shapes(energy_ev: Floats, edge_ev: float) -> Floats:
    """Return the absorption at many photon energies relative to 400 nm.

    Args:
        energy_ev: Photon energies, shape [n].
        edge_ev: Energy of the absorption edge of the particle.
    """
    span_ev = ANCHOR_EV - edge_ev
    from_edge_ev = energy_ev - edge_ev
    # below the knee the band stays as it is there, and the tail falls; above, the tail is 1
    above_ev = np.maximum(from_edge_ev, -_TAIL_BELOW_EDGE_EV)
    tail = np.exp(np.minimum(from_edge_ev + _TAIL_BELOW_EDGE_EV, 0.0) / _URBACH_EV)
    reach = np.minimum(above_ev / span_ev, _LONGEST_REACH)
    growth = np.zeros_like(reach)
    np.power(reach, _CONTINUUM_POWER, out=growth, where=reach > 0.0)
    step = 1.0 + np.exp((_CONTINUUM_OFFSET_EV - above_ev) / _CONTINUUM_WIDTH_EV)
    continuum = (_CONTINUUM + _CONTINUUM * _CONTINUUM_GROWTH * growth) / step
    exciton = _EXCITON * np.exp(-0.5 / _EXCITON_WIDTH_EV**2 * above_ev**2)
    shapes: Floats = (continuum + exciton) * tail / _band(span_ev, span_ev)
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
