"""What experiments share that measure absorbance between the PL spectra."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Annotated, ClassVar

import numpy as np
from bluesky.utils import MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from plans.absorbance import Absorbance, AbsorbanceMeter
from plans.analysis import correct_cuvette, fit_peak
from plans.annotations import BlankPosition, IntegrationTimeS
from plans.experiments.pl import PLExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER
from plans.parameters import Quantity
from plans.preflight import Check

_LEAST_ABSORBANCE = 1e-4
_SCATTER_NM = 10.0


@dataclass(frozen=True, eq=False)
class TransmissionExperiment(PLExperiment):
    """An experiment with a white lamp behind the sample, if the bench has one."""

    absorbance_stream: ClassVar[str] = "absorbance"
    """Where absorbances go."""

    _: KW_ONLY
    blank_position: BlankPosition = "blank"
    lamp_irradiance_mw_cm2: Annotated[
        float, Quantity(help="of the white lamp", unit="mW/cm²", minimum=0.001, maximum=20)
    ] = 0.5
    lamp_integration_time_s: IntegrationTimeS = 0.05
    lamp: Annotated[
        LightSource | None, Quantity(help="white lamp that shines through the sample")
    ] = None

    def white(self) -> tuple[LightSource, float] | None:
        """Return the white lamp and the wavelength that names its channel, None without one.

        It is a light source of its own, or the channel of one that the bench file says shines
        through the sample.
        """
        for source in (self.lamp, self.light):
            if source is not None and source.channels_in("transmission"):
                return source, source.channels_in("transmission")[0].wavelength_nm
        return None if self.lamp is None else (self.lamp, self.lamp.channels[0].wavelength_nm)

    def positions_needed(self) -> tuple[str, ...]:
        """Return the sample, and the blank if there is a lamp."""
        return (self.position, self.blank_position) if self.white() else (self.position,)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light and stage, and whether absorbance can be measured."""
        yield from super().checks()
        white = self.white()
        if white is None:
            yield Check(
                name="absorbance",
                verdict="note",
                detail="no white lamp, or no blank: peaks are not corrected for reabsorption",
            )
            return
        lamp, name_nm = white
        low, high = lamp.irradiance_range_mw_cm2(name_nm)
        fits = low <= self.lamp_irradiance_mw_cm2 <= high
        yield Check(
            name="white lamp",
            verdict="ok" if fits else "refused",
            detail=f"{self.lamp_irradiance_mw_cm2:g} mW/cm² asked, {lamp.name} gives "
            f"{low:.3g} to {high:.3g} mW/cm²",
        )

    def take_blank(
        self, log: PLSeries, *, back: bool = True
    ) -> MsgGenerator[AbsorbanceMeter | None]:
        """Take the lamp through the blank and come back to the sample.

        Args:
            log: The series.
            back: Whether to move back to the position of the sample.

        Returns:
            What measures absorbance from here on, None without a lamp.
        """
        white = self.white()
        if white is None:
            return None
        lamp, name_nm = white
        emission = Emission(
            wavelength_nm=name_nm,
            irradiance_mw_cm2=self.lamp_irradiance_mw_cm2,
            purpose="probe",
        )
        meter = AbsorbanceMeter(self.spectrometer, lamp, emission, stream=self.absorbance_stream)
        yield from log.go_to(self.stage, self.blank_position)
        yield from log.use_integration_time(self.lamp_integration_time_s)
        yield from meter.reference()
        if back:
            yield from log.go_to(self.stage, self.position)
        return meter

    def measure_absorbance(
        self, log: PLSeries, meter: AbsorbanceMeter | None
    ) -> MsgGenerator[Absorbance | None]:
        """Measure the sample in the beam; the PL's integration time is set again afterwards.

        Args:
            log: The series.
            meter: What :meth:`take_blank` has returned.
        """
        if meter is None:
            return None
        before_s = log.integration_time_s
        yield from log.use_integration_time(self.lamp_integration_time_s)
        found = yield from meter.measure()
        yield from log.use_integration_time(before_s)
        return found

    def corrected_peak_nm(self, log: PLSeries, absorbance: Absorbance | None) -> float:
        """Return the last peak corrected for what the cuvette absorbs, NaN without absorbance.

        Args:
            log: The series, with the last spectrum.
            absorbance: Of the same sample.
        """
        spectrum = log.tracker.latest
        if absorbance is None or spectrum is None or spectrum.wavelength_nm.size == 0:
            return NO_NUMBER
        axis = spectrum.wavelength_nm
        known = np.isfinite(absorbance.absorbance)
        if not known.any():
            return NO_NUMBER
        along = np.interp(axis, absorbance.wavelength_nm[known], absorbance.absorbance[known])
        corrected = correct_cuvette(
            axis,
            spectrum.counts_s,
            excitation_absorbance=max(absorbance.at(self.wavelength_nm), _LEAST_ABSORBANCE),
            emission_absorbance=along,
        )
        if corrected.wavelength_nm is None or corrected.counts is None:
            return NO_NUMBER
        peak = fit_peak(
            corrected.wavelength_nm, corrected.counts, excitation_nm=(self.wavelength_nm,)
        )
        return NO_NUMBER if peak.peak_nm is None else peak.peak_nm

    def turbidity(self, log: PLSeries, absorbance: Absorbance | None) -> float:
        """Return the absorbance at 700 nm; without it scattered light over the height of the PL.

        Args:
            log: The series, with the last spectrum.
            absorbance: Of the same sample, or None.
        """
        if absorbance is not None:
            return absorbance.at(700.0)
        spectrum = log.tracker.latest
        if spectrum is None or spectrum.wavelength_nm.size == 0:
            return NO_NUMBER
        scattered = np.abs(spectrum.wavelength_nm - self.wavelength_nm) <= _SCATTER_NM
        if not scattered.any():
            return NO_NUMBER
        height = float(np.max(spectrum.counts_s[~scattered]))
        return float(np.mean(spectrum.counts_s[scattered])) / height if height > 0 else NO_NUMBER
