"""A power meter as plans see it."""

from dataclasses import dataclass
from typing import Any, Protocol

from ophyd import Component as Cpt

from instruments.device import BenchDevice, Driver
from instruments.signals import InstrumentSignal
from instruments.tasks import Status

_MW_PER_W = 1000.0
_MARGIN_S = 5.0


@dataclass(frozen=True, kw_only=True)
class PowerReading:
    """One reading.

    Attributes:
        power_w: Power, NaN when the meter has no number for it.
        fault: Why it has none, "" when it has.
    """

    power_w: float
    fault: str


class SensorDescription(Protocol):
    """What a driver says about the head of its meter."""

    @property
    def name(self) -> str:
        """Model of the head."""
        ...

    @property
    def serial(self) -> str:
        """Its serial number."""
        ...

    @property
    def calibrated(self) -> str:
        """Its calibration date."""
        ...


class PowerMeterDriver(Driver, Protocol):
    """What a power meter needs of its driver."""

    @property
    def reading_timeout_s(self) -> float:
        """How long a reading may take."""
        ...

    def prepare(self, *, wavelength_nm: float, averages: int) -> SensorDescription:
        """Set what must hold before a reading is a power."""
        ...

    def wavelength_nm(self) -> float:
        """Return the wavelength that the meter corrects for."""
        ...

    def set_wavelength_nm(self, wavelength_nm: float) -> None:
        """Set the wavelength that the meter corrects for."""
        ...

    def averages(self) -> int:
        """Return how many samples make a reading."""
        ...

    def set_averages(self, averages: int) -> None:
        """Set how many samples make a reading."""
        ...

    def read_power(self) -> PowerReading:
        """Measure."""
        ...


class PowerMeter(BenchDevice):
    """Measures the power on its head, and through its aperture the irradiance.

    Args:
        name: Name on the bench.
        driver: The instrument.
        wavelength_nm: What it corrects for when it is connected.
        averages: Samples per reading.
        aperture_area_cm2: Area through which the light falls on the head.
        **kwargs: As for ``ophyd.Device``.
    """

    power_w = Cpt(
        InstrumentSignal,
        getter="_get_power",
        kind="hinted",
        units="W",
        precision=9,
        doc="Power on the head at the last trigger, NaN when out of range",
    )
    irradiance_mw_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_irradiance",
        kind="normal",
        units="mW/cm2",
        precision=4,
        doc="Power by area of the aperture",
    )
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="Why there is no number, if so"
    )
    wavelength_nm = Cpt(
        InstrumentSignal,
        getter="_get_wavelength",
        setter="_set_wavelength",
        kind="config",
        units="nm",
        precision=0,
        tolerance=0.5,
        doc="Wavelength that the meter corrects for",
    )
    averages = Cpt(
        InstrumentSignal,
        getter="_get_averages",
        setter="_set_averages",
        kind="config",
        precision=0,
        doc="Samples per reading",
    )
    aperture_area_cm2 = Cpt(
        InstrumentSignal,
        getter="_get_area",
        kind="config",
        units="cm2",
        precision=4,
        doc="Area through which the light falls on the head",
    )
    sensor = Cpt(
        InstrumentSignal, getter="_get_sensor", kind="config", doc="Head and its calibration date"
    )

    def __init__(
        self,
        *,
        name: str,
        driver: PowerMeterDriver,
        wavelength_nm: float,
        averages: int,
        aperture_area_cm2: float,
        **kwargs: Any,
    ) -> None:
        self._meter = driver
        self._initial_wavelength_nm = wavelength_nm
        self._initial_averages = averages
        self._area_cm2 = aperture_area_cm2
        self._sensor = ""
        self._reading = PowerReading(power_w=float("nan"), fault="not triggered yet")
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Set watts, absolute readings, wavelength and averages."""
        head = self._meter.prepare(
            wavelength_nm=self._initial_wavelength_nm, averages=self._initial_averages
        )
        self._sensor = f"{head.name} no. {head.serial}, calibrated {head.calibrated}"

    def trigger(self) -> Status:  # type: ignore[override]
        """Measure; :meth:`read` gives the reading when the status is done."""
        return self.run_in_thread(self._measure, self._meter.reading_timeout_s + _MARGIN_S)

    def _measure(self) -> None:
        self._reading = self._meter.read_power()

    def stop(self, *, success: bool = False) -> None:
        """Do nothing: a reading ends by itself, and nothing is emitted.

        Args:
            success: Has no meaning here.
        """

    # -- signals -----------------------------------------------------------------------------

    def _get_power(self) -> float:
        return self._reading.power_w

    def _get_irradiance(self) -> float:
        return self._reading.power_w * _MW_PER_W / self._area_cm2

    def _get_fault(self) -> str:
        return self._reading.fault

    def _get_wavelength(self) -> float:
        return self._meter.wavelength_nm()

    def _set_wavelength(self, wavelength_nm: float) -> None:
        self._meter.set_wavelength_nm(wavelength_nm)

    def _get_averages(self) -> int:
        return self._meter.averages()

    def _set_averages(self, averages: int) -> None:
        self._meter.set_averages(averages)

    def _get_area(self) -> float:
        return self._area_cm2

    def _get_sensor(self) -> str:
        return self._sensor
