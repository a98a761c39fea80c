"""What experiments share that look at PL in probe light."""

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Annotated, Any

from bluesky.utils import MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.spectrometers.spectrometer import Spectrometer
from instruments.stages.stage import Stage
from plans.analysis import TrackPoint
from plans.annotations import Averages, IntegrationTimeS, Position, ProbeMwCm2, WavelengthNm
from plans.checks import check_light, check_positions
from plans.experiments.base import Experiment
from plans.frames import PLSeries
from plans.importing.end_product import read_end_product
from plans.live.end_product import EndProduct
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import set_and_wait

_FRAME_OVERHEAD_S = 0.5


class NoSignalError(RuntimeError):
    """The baseline shows no PL; nothing was done to the sample."""


@dataclass(frozen=True, eq=False)
class PLExperiment(Experiment[PLSeries]):
    """An experiment on one light path: a light source excites, a spectrometer looks."""

    spectrometer: Annotated[Spectrometer, Quantity(help="takes the PL spectra")]
    light: Annotated[LightSource, Quantity(help="excites the sample")]
    _: KW_ONLY
    wavelength_nm: WavelengthNm = 405.0
    probe_irradiance_mw_cm2: ProbeMwCm2 = 1.0
    integration_time_s: IntegrationTimeS = 0.2
    averages: Averages = 1
    position: Position = "sample"
    stage: Annotated[Stage | None, Quantity(help="brings the sample into the beam")] = None
    monitor: Annotated[
        PowerMeter | None,
        Quantity(help="reads the lamp beside the sample with every frame", when_named=True),
    ] = None
    end_product: Annotated[
        str,
        Quantity(help="run or file that ends with the product alone; its share is followed"),
    ] = ""

    @property
    def probe(self) -> Emission:
        """What the sample is looked at with."""
        return Emission(
            wavelength_nm=self.wavelength_nm,
            irradiance_mw_cm2=self.probe_irradiance_mw_cm2,
            purpose="probe",
        )

    def actinic(self, irradiance_mw_cm2: float) -> Emission:
        """Return what changes the sample.

        Args:
            irradiance_mw_cm2: Irradiance at the sample, mW/cm².
        """
        return Emission(wavelength_nm=self.wavelength_nm, irradiance_mw_cm2=irradiance_mw_cm2)

    def watched(self) -> Sequence[Any]:
        """Return what is read into every frame, too."""
        return ()

    def positions_needed(self) -> tuple[str, ...]:
        """Return the stage positions that the run visits."""
        return (self.position,)

    def irradiances_needed(self) -> tuple[float, ...]:
        """Return all irradiances that the run asks for, mW/cm²."""
        return (self.probe_irradiance_mw_cm2,)

    def frame_s(self) -> float:
        """Return how long the probe light is on for a spectrum: one more is taken and discarded."""
        return self.integration_time_s * (self.averages + 1)

    def frame_time_s(self) -> float:
        """Return how long a spectrum takes with all that is around it, s."""
        return self.frame_s() + _FRAME_OVERHEAD_S

    def make_logbook(self) -> PLSeries:
        """Return the series of PL frames."""
        return PLSeries(
            self.spectrometer,
            self.light,
            probe=self.probe,
            watched=tuple(self.watched()),
            monitor=self.monitor,
            end=self._end,
        )

    @cached_property
    def _end(self) -> EndProduct | None:
        return read_end_product(self.end_product) if self.end_product else None

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light, stage and end product."""
        try:
            _ = self._end
        except (OSError, ValueError) as error:
            yield Check(name="end product", verdict="refused", detail=str(error))
        yield from check_light(self.light, self.wavelength_nm, self.irradiances_needed())
        yield from check_positions(self.stage, self.positions_needed())

    def prepare(self, log: PLSeries) -> MsgGenerator[None]:
        """Set the exposure and bring the sample into the beam, in the dark."""
        yield from self.set_exposure(log)
        yield from log.go_to(self.stage, self.position)

    def set_exposure(self, log: PLSeries) -> MsgGenerator[None]:
        """Set integration time and averages, and the wavelength of the monitor.

        Args:
            log: The series.
        """
        if self.monitor is not None:
            yield from set_and_wait(self.monitor.wavelength_nm, self.wavelength_nm)
        yield from log.use_integration_time(self.integration_time_s)
        yield from set_and_wait(self.spectrometer.averages, self.averages)


def require_peak(points: Sequence[TrackPoint]) -> list[float]:
    """Return the peaks of a baseline, nm.

    Args:
        points: Its frames.

    Raises:
        NoSignalError: Fewer than two of them show a peak.
    """
    peaks = [point.peak_nm for point in points if point.peak_nm is not None]
    if len(peaks) < 2:
        flags = ", ".join(sorted({flag for point in points for flag in point.flags}))
        raise NoSignalError(
            f"{len(peaks)} of {len(points)} baseline spectra show a PL peak "
            f"(flags: {flags or 'none'}): "
            "check sample, probe irradiance and integration time; the sample was not exposed"
        )
    return peaks
