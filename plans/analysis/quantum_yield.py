"""Photoluminescence quantum yield against a reference."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from plans.analysis.noise import FloatArray
from plans.analysis.power_law import columns, straight_line

REFRACTIVE_INDEX: Final = {
    "toluene": 1.497,
    "hexane": 1.375,
    "octane": 1.398,
    "ethanol": 1.361,
    "water": 1.333,
}
"""Refractive indices at 589 nm and 20 degC."""
LARGEST_ABSORBANCE: Final = 0.3
"""Above this no quantum yield is given: the inner filter is larger than the answer's accuracy."""
WARN_ABSORBANCE: Final = 0.1
FEWEST_DILUTIONS: Final = 4
SMALLEST_R2: Final = 0.99
_UNSURE_SHARE: Final = 0.1

Absorption = Literal["absorptance", "linear"]


@dataclass(frozen=True, kw_only=True)
class QuantumYieldResult:
    """A relative quantum yield.

    Attributes:
        quantum_yield: None when there is none.
        quantum_yield_se: standard uncertainty, from slopes, reference and refractive indices.
        sample_slope: emission per absorbed light of the sample.
        reference_slope: the same of the reference.
        sample_r2: how straight the dilutions of the sample lie; None for a single point.
        reference_r2: the same of the reference.
        flags: what to think of before it is believed.
        reason: why there is none, empty if there is one.
    """

    quantum_yield: float | None = None
    quantum_yield_se: float | None = None
    sample_slope: float | None = None
    reference_slope: float | None = None
    sample_r2: float | None = None
    reference_r2: float | None = None
    flags: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class _Slope:
    value: float
    se: float
    r2: float | None
    flags: frozenset[str]


def absorbed(absorbance: FloatArray, absorption: Absorption = "absorptance") -> FloatArray:
    """Return the absorbed share, 1 - 10^-A, or its straight-line approximation A ln 10."""
    natural = np.log(10.0) * absorbance
    return np.asarray(natural if absorption == "linear" else -np.expm1(-natural))


def relative_quantum_yield(
    *,
    sample_absorbance: ArrayLike,
    sample_photons: ArrayLike,
    reference_absorbance: ArrayLike,
    reference_photons: ArrayLike,
    reference_quantum_yield: float,
    reference_quantum_yield_se: float = 0.0,
    sample_index: float = REFRACTIVE_INDEX["toluene"],
    reference_index: float = REFRACTIVE_INDEX["water"],
    index_se: float = 0.002,
    absorbance_se: float = 0.0,
    absorption: Absorption = "absorptance",
    smallest_r2: float = SMALLEST_R2,
) -> QuantumYieldResult:
    """Compare the emission per absorbed light of a sample with that of a reference.

    The slope over at least four dilutions is compared, or one point with one point. The absorbed
    share is 1 - 10^-A; the common A ln 10 is 12 % too large at A = 0.1 and is here to compare. A
    yield is biased when the absorbance is known to no better than a tenth of the absorbed share
    (van Dam, arXiv 1711.06200).

    Args:
        sample_absorbance: decadic absorbance of each dilution at the excitation.
        sample_photons: emission of each dilution, integral of the corrected photon spectrum.
        reference_absorbance: the same of the reference.
        reference_photons: the same of the reference, taken under the same conditions.
        reference_quantum_yield: of the reference.
        reference_quantum_yield_se: its standard uncertainty.
        sample_index: refractive index of the sample's solvent.
        reference_index: refractive index of the reference's solvent.
        index_se: standard uncertainty of each index.
        absorbance_se: standard uncertainty of one absorbance.
        absorption: "absorptance" for 1 - 10^-A, "linear" for A ln 10.
        smallest_r2: a worse line gives no answer.
    """
    indices = (sample_index, reference_index)
    if not all(np.isfinite(value) and value >= 1.0 for value in indices):
        return QuantumYieldResult(reason="a refractive index is below one")
    if not 0.0 < reference_quantum_yield <= 1.0:
        return QuantumYieldResult(reason="the reference's quantum yield is not between 0 and 1")
    sample = _slope("sample", sample_absorbance, sample_photons, absorption, absorbance_se)
    reference = _slope(
        "reference", reference_absorbance, reference_photons, absorption, absorbance_se
    )
    if isinstance(sample, str):
        return QuantumYieldResult(reason=sample)
    if isinstance(reference, str):
        return QuantumYieldResult(reason=reference)
    shares = (
        reference_quantum_yield_se / reference_quantum_yield,
        *(2.0 * index_se / value for value in indices),
    )
    scale = reference_quantum_yield * (sample_index / reference_index) ** 2
    return _compared(sample, reference, scale, shares, smallest_r2)


def _compared(
    sample: _Slope,
    reference: _Slope,
    scale: float,
    shares: tuple[float, ...],
    smallest_r2: float,
) -> QuantumYieldResult:
    """Return scale x sample / reference; the shares are the relative errors of the scale."""
    quantum_yield = scale * sample.value / reference.value
    slopes = sample.se / sample.value, reference.se / reference.value
    flags = set(sample.flags | reference.flags)
    if quantum_yield > 1.0:
        flags.add("above one")
    reason = ""
    for name, slope in (("sample", sample), ("reference", reference)):
        if slope.r2 is not None and not slope.r2 >= smallest_r2:
            reason = (
                f"the dilutions of the {name} are no line: R2 {slope.r2:.4f} is below "
                f"{smallest_r2:g}"
            )
    return QuantumYieldResult(
        quantum_yield=None if reason else quantum_yield,
        quantum_yield_se=None if reason else quantum_yield * float(np.linalg.norm(slopes + shares)),
        sample_slope=sample.value,
        reference_slope=reference.value,
        sample_r2=sample.r2,
        reference_r2=reference.r2,
        flags=tuple(sorted(flags)),
        reason=reason,
    )


def _slope(
    name: str,
    absorbance: ArrayLike,
    photons: ArrayLike,
    absorption: Absorption,
    absorbance_se: float,
) -> _Slope | str:
    """Return emission per absorbed share, or why there is none."""
    held = columns(absorbance, photons)
    if held is None or held[0].size == 0:
        return f"absorbance and emission of the {name} are not two lists of the same length"
    at, emitted = held
    if float(np.min(at)) <= 0.0:
        return f"an absorbance of the {name} is not above zero"
    if float(np.max(at)) > LARGEST_ABSORBANCE:
        return f"the {name} absorbs {np.max(at):.3g}, more than {LARGEST_ABSORBANCE}: dilute it"
    share = absorbed(at, absorption)
    flags = _flags_of(at, absorbance_se)
    if at.size == 1:
        value = float(emitted[0] / share[0])
        relative = absorbance_se * np.log(10.0) * 10.0 ** -at[0] / share[0]
        slope = _Slope(
            value=value, se=value * float(relative), r2=None, flags=flags | {"single point"}
        )
    elif at.size < FEWEST_DILUTIONS:
        return f"{at.size} dilutions of the {name}: a slope needs {FEWEST_DILUTIONS}"
    else:
        line = straight_line(share, emitted)
        if line is None:
            return f"all dilutions of the {name} have the same absorbance"
        if abs(line.intercept) > max(3.0 * line.intercept_se, 0.02 * float(np.max(emitted))):
            flags |= {"line misses the origin"}
        slope = _Slope(value=line.slope, se=line.slope_se, r2=line.r2, flags=flags)
    return slope if slope.value > 0.0 else f"the emission of the {name} does not rise"


def _flags_of(absorbance: FloatArray, absorbance_se: float) -> frozenset[str]:
    flags = set()
    if float(np.max(absorbance)) > WARN_ABSORBANCE * (1.0 + 1e-9):
        flags.add("inner filter")
    if float(np.min(absorbed(absorbance))) * _UNSURE_SHARE < np.log(10.0) * absorbance_se:
        flags.add("absorbance unsure")
    return frozenset(flags)
