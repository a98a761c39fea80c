"""A spectrometer whose detector is cooled."""

from typing import Any, Protocol

from ophyd import Component as Cpt

from instruments.signals import InstrumentSignal
from instruments.spectrometers.driver import SpectrometerDriver
from instruments.spectrometers.spectrometer import Spectrometer

_SETPOINT_RESOLUTION_DEGC = 0.1


class CooledSpectrometerDriver(SpectrometerDriver, Protocol):
    """What a cooled spectrometer needs of its driver."""

    def detector_temperature_degc(self) -> float:
        """Return the temperature of the detector."""
        ...

    def detector_is_stable(self) -> bool:
        """Return whether it has reached its set point."""
        ...

    def detector_setpoint_degc(self) -> float:
        """Return the set point."""
        ...

    def set_detector_setpoint_degc(self, temperature_degc: float) -> None:
        """Switch the cooler on and set its temperature."""
        ...


class CooledSpectrometer(Spectrometer):
    """A spectrometer with a thermoelectric cooler; the dark counts depend on its temperature.

    Args:
        name: Name on the bench.
        driver: The instrument.
        detector_setpoint_degc: What the cooler is set to when it is connected; None leaves it.
        **kwargs: As for :class:`Spectrometer`.
    """

    detector_temperature_degc = Cpt(
        InstrumentSignal,
        getter="_get_detector_temperature",
        kind="normal",
        units="degC",
        precision=2,
        doc="Temperature of the detector",
    )
    detector_is_stable = Cpt(
        InstrumentSignal,
        getter="_get_detector_is_stable",
        kind="normal",
        doc="Whether the detector has reached its set point, as the instrument judges it",
    )
    detector_setpoint_degc = Cpt(
        InstrumentSignal,
        getter="_get_detector_setpoint",
        setter="_set_detector_setpoint",
        kind="config",
        units="degC",
        precision=1,
        tolerance=_SETPOINT_RESOLUTION_DEGC,
        doc="Temperature that the cooler is set to",
    )

    def __init__(
        self,
        *,
        name: str,
        driver: CooledSpectrometerDriver,
        detector_setpoint_degc: float | None = None,
        **kwargs: Any,
    ) -> None:
        self._cooled = driver
        self._initial_setpoint_degc = detector_setpoint_degc
        super().__init__(name=name, driver=driver, **kwargs)

    def prepare(self) -> None:
        """Set integration time and cooler, read wavelength axis and nonlinearity."""
        super().prepare()
        if self._initial_setpoint_degc is not None:
            self._cooled.set_detector_setpoint_degc(self._initial_setpoint_degc)

    def _get_detector_temperature(self) -> float:
        return self._cooled.detector_temperature_degc()

    def _get_detector_is_stable(self) -> bool:
        return self._cooled.detector_is_stable()

    def _get_detector_setpoint(self) -> float:
        return self._cooled.detector_setpoint_degc()

    def _set_detector_setpoint(self, temperature_degc: float) -> None:
        self._cooled.set_detector_setpoint_degc(temperature_degc)
