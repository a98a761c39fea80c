"""Which wavelength does most per absorbed photon."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from bluesky.utils import MsgGenerator

from instruments.light_sources.emission import Emission
from plans.absorbance import AbsorbanceMeter
from plans.analysis.dose import absorbed_share, photon_flux_cm2_s
from plans.annotations import LAMP_NM, AutoExposure, BaselineFrames, Positions
from plans.checks import check_light, check_positions, check_probe_share
from plans.experiments.base import plan_of
from plans.experiments.pl import require_peak
from plans.experiments.points import compare
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import expose_to_dose

_MOVE_S = 15.0
_PER_UMOL = 6.02214076e17
"""Photons in a micromole (SI)."""
_LEAST_ABSORBANCE = 0.001  # below it the light of a whole day would hardly be absorbed


class NoAbsorbanceError(RuntimeError):
    """A sample absorbs too little at a wavelength; it was not exposed."""


@dataclass(frozen=True, eq=False)
class ActionSpectrum(TransmissionExperiment):
    """Give fresh samples the same number of absorbed photons at several wavelengths, and compare.

    The absorbance of each sample at each wavelength, measured with the white lamp or given, says
    which irradiance makes it absorb the wanted photon flux; the time is then the same for all, so
    that no reciprocity is assumed. The table holds the shift per absorbed photon, relative to the
    first wavelength. Spectra are taken with the same probe light throughout.
    """

    _: dataclasses.KW_ONLY
    wavelengths_nm: Annotated[
        tuple[float, ...],
        Quantity(help="wavelengths, with commas", unit="nm", choices=LAMP_NM),
    ] = (365.0, 405.0, 450.0)
    positions: Positions = ("sample",)
    absorbances: Annotated[
        tuple[float, ...],
        Quantity(help="absorbance at each wavelength, empty to measure", minimum=0.001, maximum=5),
    ] = ()
    absorbed_umol_cm2: Annotated[
        float,
        Quantity(help="photons that each sample absorbs", unit="µmol/cm²", minimum=0.1,
                 maximum=10000),
    ] = 100.0  # fmt: skip
    exposure_min: Annotated[
        float, Quantity(help="time in light, the same for all", unit="min", minimum=1, maximum=1440)
    ] = 60.0
    spectra: Annotated[int, Quantity(help="spectra on the way", minimum=1, maximum=1000)] = 6
    baseline_frames: BaselineFrames = 5
    auto_exposure: AutoExposure = True

    def irradiance_mw_cm2(self, wavelength_nm: float, absorbance: float) -> float:
        """Return the irradiance at which a sample absorbs the wanted photons in the time.

        Args:
            wavelength_nm: Of the light.
            absorbance: Decadic absorbance of the sample there.
        """
        wanted = self.absorbed_umol_cm2 * _PER_UMOL / (60 * self.exposure_min)
        return wanted / (photon_flux_cm2_s(1.0, wavelength_nm) * absorbed_share(absorbance))

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        frames = self.spectra + 2 * self.baseline_frames + 40
        each = 60 * self.exposure_min + frames * 2 * self.frame_time_s() + _MOVE_S
        return len(self.wavelengths_nm) * each + 60.0

    def frames(self) -> int:
        """Return about how many spectra are taken."""
        return len(self.wavelengths_nm) * (self.spectra + 2 * self.baseline_frames + 40)

    def positions_needed(self) -> tuple[str, ...]:
        """Return the samples, and the blank if absorbance is measured."""
        measured = self.white() is not None and not self.absorbances
        return (*self.positions, self.blank_position) if measured else self.positions

    def checks(self) -> Iterator[Check]:
        """Yield the checks of probe, actinic light, stage, samples and probe share."""
        yield from super().checks()
        number = len(self.wavelengths_nm)
        enough = len(self.positions) >= number
        detail = f"{number} wavelengths need as many fresh samples, {len(self.positions)} are given"
        yield Check(name="samples", verdict="ok" if enough else "refused", detail=detail)
        yield from check_positions(self.stage, self.positions)
        if self.absorbances and len(self.absorbances) != number:
            detail = f"{len(self.absorbances)} absorbances for {number} wavelengths"
            yield Check(name="absorbances", verdict="refused", detail=detail)
            return
        if not self.absorbances and self.white() is None:
            detail = "without a white lamp they must be given: absorbances=..."
            yield Check(name="absorbances", verdict="refused", detail=detail)
            return
        lit = []
        for index, nm in enumerate(self.wavelengths_nm):
            needed: tuple[float, ...] = ()
            if self.absorbances:
                needed = (self.irradiance_mw_cm2(nm, self.absorbances[index]),)
                lit.append(needed[0])
            yield from check_light(self.light, nm, needed)
        if lit:
            frames = self.spectra + 2 * self.baseline_frames
            probe = frames * self.frame_s() * self.probe_irradiance_mw_cm2
            yield check_probe_share(probe / (probe + min(lit) * 60 * self.exposure_min))

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure and bring the first sample into the beam, in the dark."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.positions[0])

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Expose one sample after the other, each at its wavelength."""
        meter = None
        if not self.absorbances:
            meter = yield from self.take_blank(log, back=False)
            yield from log.use_integration_time(self.integration_time_s)
        rows: list[dict[str, float | str | int]] = []
        for index, (position, nm) in enumerate(
            zip(self.positions, self.wavelengths_nm, strict=False)
        ):
            yield from log.go_to(self.stage, position)
            absorbance = yield from self._absorbance(log, meter, index)
            row = yield from self._cell(log, nm, absorbance)
            first = rows[0]["shift_per_photon"] if rows else row["shift_per_photon"]
            row["relative_action"] = float(row["shift_per_photon"]) / float(first)
            row["position"] = position
            rows.append(row)
            yield from log.result(row)
        yield from log.end("done", f"{len(rows)} wavelengths")
        yield from log.conclude(summarise(rows))

    def _absorbance(
        self, log: PLSeries, meter: AbsorbanceMeter | None, index: int
    ) -> MsgGenerator[float]:
        if self.absorbances:
            return self.absorbances[index]
        measured = yield from self.measure_absorbance(log, meter)
        nm = self.wavelengths_nm[index]
        found = NO_NUMBER if measured is None else measured.at(nm)
        if not found >= _LEAST_ABSORBANCE:  # NaN, too
            raise NoAbsorbanceError(
                f"the absorbance at {nm:g} nm is {found:.3g}, at least {_LEAST_ABSORBANCE:g} is "
                "needed: take a more concentrated sample, look at the lamp, or give absorbances="
            )
        return found

    def _cell(
        self, log: PLSeries, nm: float, absorbance: float
    ) -> MsgGenerator[dict[str, float | str | int]]:
        irradiance = self.irradiance_mw_cm2(nm, absorbance)
        actinic = Emission(wavelength_nm=nm, irradiance_mw_cm2=irradiance)
        if self.auto_exposure:
            yield from log.auto_expose()
        pace_s = 2 * self.frame_time_s()
        before = yield from log.points(self.baseline_frames, pace_s, phase="baseline")
        require_peak(before)
        log.progress.phase = "exposure"
        whole, given = irradiance * 60e-3 * self.exposure_min, 0.0
        for number in range(1, self.spectra + 1):
            due = whole * number / self.spectra
            given += yield from expose_to_dose(self.light, actinic, due - given)
            yield from log.dark_point()
        after = yield from log.points(self.baseline_frames, pace_s, phase="after")
        compared = compare(before, after)
        absorbed = given * 1e3 * photon_flux_cm2_s(1.0, nm) * absorbed_share(absorbance) / _PER_UMOL
        return {
            "wavelength_nm": nm,
            "absorbance": absorbance,
            "irradiance_mw_cm2": irradiance,
            "dose_j_cm2": given,
            "absorbed_umol_cm2": absorbed,
            "shift_nm": compared["shift_nm"],
            "shift_per_photon": float(compared["shift_nm"]) / absorbed,
            "area_ratio": compared["area_ratio"],
            "relative_action": NO_NUMBER,
            "position": "",
        }


def summarise(rows: Sequence[Row]) -> Row:
    """Return the wavelength with the largest action, and how much the actions differ.

    Args:
        rows: The table: ``wavelength_nm``, ``relative_action``, ``absorbed_umol_cm2``.
    """
    actions = [float(row["relative_action"]) for row in rows]
    finite = [action for action in actions if math.isfinite(action)]
    best = max(rows, key=lambda row: float(row["relative_action"]))
    absorbed = [float(row["absorbed_umol_cm2"]) for row in rows]
    mean = sum(absorbed) / len(absorbed)
    return {
        "best_nm": best["wavelength_nm"],
        "action_largest": max(finite, default=NO_NUMBER),
        "action_smallest": min(finite, default=NO_NUMBER),
        "absorbed_mean_umol_cm2": mean,
        "absorbed_spread": (max(absorbed) - min(absorbed)) / mean,
    }


action_spectrum = plan_of(ActionSpectrum)
