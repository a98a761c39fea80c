"""A gas flow as plans see it."""

import math
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

from bluesky.protocols import Reading
from ophyd import Component as Cpt

from instruments.device import Driver
from instruments.errors import DeviceFaultError, LimitError
from instruments.ordered import OrderedDevice
from instruments.signals import InstrumentSignal
from instruments.tasks import Status

_LOOK_INTERVAL_S = 0.2
_MARGIN_S = 30.0  # after a failure the valve is closed first, a few times if need be


@dataclass(frozen=True, kw_only=True)
class FlowReading:
    """What the controller says, in one look.

    Attributes:
        flow_sccm: Mass flow, standard cm3/min.
        setpoint_sccm: What it regulates to.
        pressure_kpa: Absolute pressure of the gas.
        temperature_degc: Temperature of the gas.
        gas: What it is calibrated for.
        fault: What is wrong, "" for nothing.
    """

    flow_sccm: float
    setpoint_sccm: float
    pressure_kpa: float
    temperature_degc: float
    gas: str
    fault: str


class GasFlowDriver(Driver, Protocol):
    """What a gas flow needs of its driver."""

    @property
    def full_scale_sccm(self) -> float:
        """Highest flow."""
        ...

    @property
    def resolution_sccm(self) -> float:
        """Smallest step of a set point."""
        ...

    def prepare(self, gas: str) -> None:
        """Close the valve, regulate the mass flow, and check the gas."""
        ...

    def set_flow_sccm(self, flow_sccm: float) -> None:
        """Regulate to a flow, confirmed."""
        ...

    def reading(self) -> FlowReading:
        """Look."""
        ...


class GasFlow(OrderedDevice):
    """Lets gas flow over or through the sample.

    What flows beside the carrier gas - solvent vapour from a bubbler or saturator - is no business
    of the controller; it is written into the bench file and kept with every run.

    Args:
        name: Name on the bench.
        driver: The instrument.
        gas: What flows.
        limit_sccm: Highest flow.
        vapour: Solvent with which the gas is saturated, "" for dry gas.
        saturation: Share of the vapour's saturation pressure, 0 to 1.
        tolerance_sccm: A flow so near to its set point has settled.
        settle_timeout_s: How long settling may take, s.
        **kwargs: As for ``ophyd.Device``.
    """

    flow_sccm = Cpt(
        InstrumentSignal,
        getter="_get_flow",
        kind="hinted",
        units="cm3/min",
        precision=2,
        doc="Mass flow at standard conditions, measured",
    )
    setpoint_sccm = Cpt(
        InstrumentSignal,
        getter="_get_setpoint",
        kind="normal",
        units="cm3/min",
        precision=2,
        doc="Mass flow that is regulated to, read back",
    )
    pressure_kpa = Cpt(
        InstrumentSignal,
        getter="_get_pressure",
        kind="normal",
        units="kPa",
        precision=2,
        doc="Absolute pressure of the gas",
    )
    temperature_degc = Cpt(
        InstrumentSignal,
        getter="_get_temperature",
        kind="normal",
        units="degC",
        precision=2,
        doc="Temperature of the gas",
    )
    fault = Cpt(
        InstrumentSignal, getter="_get_fault", kind="normal", doc="What is wrong, empty for nothing"
    )
    gas = Cpt(InstrumentSignal, getter="_get_gas", kind="config", doc="Gas it is calibrated for")
    vapour = Cpt(
        InstrumentSignal,
        getter="_get_vapour",
        kind="config",
        doc="Solvent whose vapour the gas carries, empty for dry gas",
    )
    saturation = Cpt(
        InstrumentSignal,
        getter="_get_saturation",
        kind="config",
        precision=2,
        doc="Share of the saturation pressure of that vapour, by the bench file",
    )

    def __init__(
        self,
        *,
        name: str,
        driver: GasFlowDriver,
        gas: str,
        limit_sccm: float,
        vapour: str = "",
        saturation: float = 0.0,
        tolerance_sccm: float,
        settle_timeout_s: float,
        **kwargs: Any,
    ) -> None:
        self._controller = driver
        self._gas = gas
        self.limit_sccm = limit_sccm
        self._vapour = vapour
        self._saturation = saturation
        self._tolerance_sccm = tolerance_sccm
        self._settle_timeout_s = settle_timeout_s
        self.order_timeout_s = settle_timeout_s + _MARGIN_S
        self._look = threading.local()
        super().__init__(name=name, driver=driver, rest=0.0, **kwargs)

    def prepare(self) -> None:
        """Close the valve, regulate the mass flow, and check the gas."""
        self._controller.prepare(self._gas)

    def check(self, flow_sccm: float) -> None:
        """Check that a flow can be set.

        Args:
            flow_sccm: What is meant to be set, standard cm3/min.

        Raises:
            LimitError: It cannot.
        """
        if not (math.isfinite(flow_sccm) and 0 <= flow_sccm <= self.limit_sccm):
            raise LimitError(
                self.name,
                f"takes 0 to {self.limit_sccm:g} cm3/min, asked for {flow_sccm!r}; nothing was "
                "sent",
                value=flow_sccm,
                unit="cm3/min",
                limits=(0.0, self.limit_sccm),
            )

    def set(self, flow_sccm: float) -> Status:
        """Let gas flow.

        Args:
            flow_sccm: Standard cm3/min; 0 closes the valve.

        Returns:
            A status that is done when the measured flow has settled.

        Raises:
            LimitError: Outside the limits; nothing was sent.
        """
        self.check(flow_sccm)
        return self._carry_out(flow_sccm, lambda order: self._bring(flow_sccm, order))

    def _bring(self, flow_sccm: float, order: int) -> None:
        with self._controller.link.exchange():
            self._orders.check(order, f"{flow_sccm:g} cm3/min")
            self._controller.set_flow_sccm(flow_sccm)
        end_s = time.monotonic() + self._settle_timeout_s
        while True:
            self._orders.check(order, f"{flow_sccm:g} cm3/min")
            reading = self._controller.reading()
            if abs(reading.flow_sccm - flow_sccm) <= self._tolerance_sccm:
                return
            if time.monotonic() >= end_s:
                raise DeviceFaultError(
                    self.name,
                    f"{reading.flow_sccm:g} cm3/min flow {self._settle_timeout_s:g} s after "
                    f"{flow_sccm:g} cm3/min was set ({reading.pressure_kpa:.4g} kPa"
                    f"{', ' if reading.fault else ''}{reading.fault}); check the gas supply",
                )
            time.sleep(_LOOK_INTERVAL_S)

    def _come_to_rest(self) -> None:
        with self._controller.link.exchange(urgent=True):
            self._controller.make_safe()

    def _in_words(self, wanted: float) -> str:
        return f"{wanted:g} cm3/min"

    # -- looking -----------------------------------------------------------------------------

    def read(self) -> dict[str, Reading[Any]]:
        """Return all signals from one look at the instrument."""
        self._look.reading = self._reading()
        try:
            return super().read()
        finally:
            self._look.reading = None

    def _reading(self) -> FlowReading:
        held: FlowReading | None = getattr(self._look, "reading", None)
        return self._controller.reading() if held is None else held

    def _get_flow(self) -> float:
        return self._reading().flow_sccm

    def _get_setpoint(self) -> float:
        return self._reading().setpoint_sccm

    def _get_pressure(self) -> float:
        return self._reading().pressure_kpa

    def _get_temperature(self) -> float:
        return self._reading().temperature_degc

    def _get_fault(self) -> str:
        return self._reading().fault

    def _get_gas(self) -> str:
        return self._reading().gas

    def _get_vapour(self) -> str:
        return self._vapour

    def _get_saturation(self) -> float:
        return self._saturation
