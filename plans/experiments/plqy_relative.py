"""Relative quantum yield against a reference dye, over dilutions."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from bluesky.utils import MsgGenerator

from plans.absorbance import AbsorbanceMeter
from plans.analysis import relative_quantum_yield
from plans.analysis.calibration import photon_integral
from plans.annotations import FramesEach
from plans.checks import SOLVENTS
from plans.experiments.base import plan_of
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check

_MOST_ABSORBANCE = 0.3  # a yield at more is refused, above 0.1 it is noted
_MUCH_ABSORBANCE = 0.1
_SCATTER_NM = 45.0
_BAND_END_NM = 720.0
_ABSORBANCE_SE = 0.0005


@dataclass(frozen=True, kw_only=True)
class ReferenceDye:
    """A dye of known quantum yield.

    Attributes:
        quantum_yield: Its yield.
        quantum_yield_se: Standard uncertainty.
        refractive_index: Of its solvent.
    """

    quantum_yield: float
    quantum_yield_se: float
    refractive_index: float


# Brouwer, Pure Appl. Chem. 2011, 83, 2213 (IUPAC recommended standards).
DYES: Final = {
    "fluorescein in 0.1 M NaOH": ReferenceDye(
        quantum_yield=0.91, quantum_yield_se=0.02, refractive_index=1.333
    ),
    "quinine sulfate in 0.5 M H2SO4": ReferenceDye(
        quantum_yield=0.546, quantum_yield_se=0.027, refractive_index=1.333
    ),
    "rhodamine 6G in ethanol": ReferenceDye(
        quantum_yield=0.94, quantum_yield_se=0.02, refractive_index=1.361
    ),
    "coumarin 153 in ethanol": ReferenceDye(
        quantum_yield=0.53, quantum_yield_se=0.04, refractive_index=1.361
    ),
}

_PLACES = "one a dilution, with commas"


@dataclass(frozen=True, eq=False)
class PlqyRelative(TransmissionExperiment):
    """Measure a quantum yield relative to a dye: PL photons against absorbed light.

    At every dilution of dye and sample the absorbance at the excitation is measured with the white
    lamp (or given) and the PL is integrated. The slopes against 1 - 10^-A are compared; the common
    A ln 10 is given beside, to show what it would have cost. Four dilutions with A from 0.02 to
    0.1 are right.
    """

    _: dataclasses.KW_ONLY
    sample_positions: Annotated[
        tuple[str, ...], Quantity(help=f"stage positions of the sample, {_PLACES}")
    ] = ("sample",)
    reference_positions: Annotated[
        tuple[str, ...], Quantity(help=f"stage positions of the dye, {_PLACES}")
    ] = ("reference",)
    sample_absorbances: Annotated[
        tuple[float, ...],
        Quantity(help="absorbances of the sample, when there is no lamp", minimum=0, maximum=3),
    ] = ()
    reference_absorbances: Annotated[
        tuple[float, ...],
        Quantity(help="absorbances of the dye, when there is no lamp", minimum=0, maximum=3),
    ] = ()
    reference: Annotated[str, Quantity(help="the reference", choices=tuple(DYES))] = (
        "fluorescein in 0.1 M NaOH"
    )
    solvent: Annotated[str, Quantity(help="solvent of the sample", choices=tuple(SOLVENTS))] = (
        "toluene"
    )
    frames_per_step: FramesEach = 5

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        spots = len(self.sample_positions) + len(self.reference_positions)
        return spots * (self.frames_per_step * 2 * self.frame_time_s() + 60.0)

    def frames(self) -> int:
        """Return about how many spectra are taken."""
        spots = len(self.sample_positions) + len(self.reference_positions)
        return spots * (self.frames_per_step + 14)

    def positions_needed(self) -> tuple[str, ...]:
        """Return all positions, the blank first if there is a lamp."""
        blank = (self.blank_position,) if self.white() else ()
        return (*blank, *self.reference_positions, *self.sample_positions)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage and absorbances."""
        yield from super().checks()
        if self.white():
            return
        for what, given, places in (
            ("sample", self.sample_absorbances, self.sample_positions),
            ("reference", self.reference_absorbances, self.reference_positions),
        ):
            fits = len(given) == len(places)
            yield Check(
                name=f"absorbance of the {what}",
                verdict="ok" if fits else "refused",
                detail=f"{len(given)} values for {len(places)} positions"
                + ("" if fits else ": without a white lamp each one must be given"),
            )

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure and bring the first dye into the beam, in the dark."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.reference_positions[0])

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Measure all dilutions of the dye, then of the sample."""
        meter = yield from self.take_blank(log, back=False)
        yield from log.use_integration_time(self.integration_time_s)
        kinds = (
            ("reference", self.reference_positions, self.reference_absorbances),
            ("sample", self.sample_positions, self.sample_absorbances),
        )
        for kind, places, given in kinds:
            log.progress.phase = kind
            for number, place in enumerate(places):
                known = given[number] if number < len(given) else NO_NUMBER
                yield from self._look(log, meter, kind, place, known)
        yield from log.end("done", f"{len(log.rows)} dilutions")
        yield from log.conclude(self.summarise(log.rows))

    def _look(
        self, log: PLSeries, meter: AbsorbanceMeter | None, kind: str, place: str, known: float
    ) -> MsgGenerator[None]:
        yield from log.go_to(self.stage, place)
        measured = yield from self.measure_absorbance(log, meter)
        absorbance = known if measured is None else measured.at(self.wavelength_nm)
        yield from log.auto_expose()
        photons = []
        for _ in range(self.frames_per_step):
            point = yield from log.dark_point()
            photons.append(self._photons(log))
        yield from log.result(
            {
                "kind": kind,
                "position": place,
                "absorbance": absorbance,
                "absorbed_share": 1 - 10**-absorbance,
                "photons": sum(photons) / len(photons),
                "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
                "flags": ",".join(log.flags()),
            }
        )

    def _photons(self, log: PLSeries) -> float:
        spectrum = log.tracker.latest
        if spectrum is None:
            return NO_NUMBER
        band_nm = (self.wavelength_nm + _SCATTER_NM, _BAND_END_NM)
        return photon_integral(spectrum.wavelength_nm, spectrum.counts_s, band_nm)

    def summarise(self, rows: Sequence[Row]) -> Row:
        """Return the quantum yield with its uncertainty, and what A ln 10 would have given.

        Args:
            rows: The table of results.
        """
        columns = {
            f"{kind}_{name}": [float(row[key]) for row in rows if row["kind"] == kind]
            for kind in ("sample", "reference")
            for name, key in (("absorbance", "absorbance"), ("photons", "photons"))
        }
        dye = DYES[self.reference]
        linear, right = (
            relative_quantum_yield(
                sample_absorbance=columns["sample_absorbance"],
                sample_photons=columns["sample_photons"],
                reference_absorbance=columns["reference_absorbance"],
                reference_photons=columns["reference_photons"],
                reference_quantum_yield=dye.quantum_yield,
                reference_quantum_yield_se=dye.quantum_yield_se,
                sample_index=SOLVENTS[self.solvent].refractive_index,
                reference_index=dye.refractive_index,
                absorbance_se=_ABSORBANCE_SE,
                absorption=absorption,
            )
            for absorption in ("linear", "absorptance")
        )
        highest = max(columns["sample_absorbance"] + columns["reference_absorbance"])
        flags = set(right.flags) | (
            {"absorbance above 0.1"} if highest > _MUCH_ABSORBANCE else set()
        )
        if highest > _MOST_ABSORBANCE:
            return {
                "quantum_yield": NO_NUMBER,
                "quantum_yield_se": NO_NUMBER,
                "quantum_yield_linear": NO_NUMBER,
                "sample_r2": NO_NUMBER,
                "reference_r2": NO_NUMBER,
                "flags": ",".join(sorted(flags)),
                "reason": f"absorbance {highest:.2g} is above {_MOST_ABSORBANCE:g}: dilute",
            }
        return {
            "quantum_yield": _number(right.quantum_yield),
            "quantum_yield_se": _number(right.quantum_yield_se),
            "quantum_yield_linear": _number(linear.quantum_yield),
            "sample_r2": _number(right.sample_r2),
            "reference_r2": _number(right.reference_r2),
            "flags": ",".join(sorted(flags)),
            "reason": right.reason,
        }


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else value


plqy_relative = plan_of(PlqyRelative)
