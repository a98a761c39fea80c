"""What pumps, hotplates, gases and ultrasound do to each sample on the stage."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

from simulators.sample.beam import Beam, Inputs
from simulators.sample.liquid import STILL, Flow, together
from simulators.sample.supplies import BEAM, EVERYTHING, ByDevice, Line, atmosphere

_COLDEST_DEGC = -200.0


class Surroundings:
    """The settings of all pumps, thermostats and gas flow controllers of a bench.

    Args:
        lines: What the pumps hold and where it flows.
        heated: Which samples a thermostat heats.
        gases: What the flow controllers are fed with.
    """

    def __init__(
        self,
        lines: ByDevice[Line],
        heated: ByDevice[tuple[str, ...]],
        gases: ByDevice[str],
    ) -> None:
        self._lines, self._heated, self._gases = lines, heated, gases
        self._rates_ul_min: dict[str, float] = {}
        self._temperatures_degc: dict[str, float] = {}
        self._gases_sccm: dict[str, float] = {}
        self._sonication: dict[str, float] = {}

    @property
    def rate_ul_min(self) -> float:
        """What all pumps together deliver."""
        return sum(self._rates_ul_min.values())

    def knows_flow(self, device: str, rate_ul_min: float) -> bool:
        """Tell whether a pump has this rate already.

        Raises:
            ValueError: When it is no rate.
        """
        if not math.isfinite(rate_ul_min):
            message = f"{rate_ul_min} uL/min is no flow"
            raise ValueError(message)
        return rate_ul_min == self._rates_ul_min.get(device, 0.0)

    def set_flow(self, device: str, rate_ul_min: float) -> None:
        """Change the flow of a pump, negative while it withdraws."""
        self._rates_ul_min[device] = rate_ul_min

    def knows_temperature(self, device: str, temperature_degc: float) -> bool:
        """Tell whether a thermostat has this temperature already.

        Raises:
            ValueError: When it is no temperature.
        """
        if not (temperature_degc >= _COLDEST_DEGC and math.isfinite(temperature_degc)):
            message = f"{temperature_degc} °C is no temperature of a bath"
            raise ValueError(message)
        return temperature_degc == self._temperatures_degc.get(device)

    def set_temperature(self, device: str, temperature_degc: float) -> None:
        """Change the temperature of a thermostat."""
        self._temperatures_degc[device] = temperature_degc

    def knows_gas(self, device: str, flow_sccm: float) -> bool:
        """Tell whether a flow controller has this flow already.

        Raises:
            ValueError: When it is no flow.
        """
        if not (flow_sccm >= 0.0 and math.isfinite(flow_sccm)):
            message = f"{flow_sccm} sccm is no flow of gas"
            raise ValueError(message)
        return flow_sccm == self._gases_sccm.get(device, 0.0)

    def set_gas(self, device: str, flow_sccm: float) -> None:
        """Change the flow of gas through a flow controller."""
        self._gases_sccm[device] = flow_sccm

    def set_sonication(self, device: str, share: float) -> None:
        """Change the ultrasound of a bath that all samples stand in, 0 to 1.

        Raises:
            ValueError: When it is no such share.
        """
        if not 0.0 <= share <= 1.0:
            message = f"{share} is no share of full ultrasound"
            raise ValueError(message)
        self._sonication[device] = share

    def inputs(self, name: str, in_beam: str | None, beams: tuple[Beam, ...]) -> Inputs:
        """Return what acts on a sample.

        Args:
            name: Name of the sample.
            in_beam: Name of what is in the beam.
            beams: The light there.
        """
        gas = atmosphere(self._gases_sccm, self._gases)
        air, saturation = (None, None) if gas is None else gas
        return Inputs(
            beams=beams if name == in_beam else (),
            flow=self._flow(name, in_beam),
            temperature_degc=self._temperature_degc(name),
            air=air,
            vapour_saturation=saturation,
            sonication=max(self._sonication.values(), default=0.0),
        )

    def losing_ul_s(self, in_beam: str | None, vials: Collection[str]) -> float:
        """Return what pumps deliver beside all vials.

        Args:
            in_beam: Name of what is in the beam.
            vials: Names of everything that liquid can flow into.
        """
        return sum(
            max(rate_ul_min, 0.0) / 60.0
            for device, rate_ul_min in self._rates_ul_min.items()
            if self._target(device, in_beam) not in vials
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the state that ``restore`` takes, as plain data."""
        return {
            "rates_ul_min": dict(self._rates_ul_min),
            "temperatures_degc": dict(self._temperatures_degc),
            "gases_sccm": dict(self._gases_sccm),
            "sonication": dict(self._sonication),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take on a state that ``to_dict`` returned."""
        self._rates_ul_min = dict(state["rates_ul_min"])
        self._temperatures_degc = dict(state["temperatures_degc"])
        self._gases_sccm = dict(state["gases_sccm"])
        self._sonication = dict(state["sonication"])

    def _flow(self, name: str, in_beam: str | None) -> Flow:
        streams = [
            (rate_ul_min, self._lines[device].liquid)
            for device, rate_ul_min in self._rates_ul_min.items()
            if rate_ul_min != 0.0 and self._target(device, in_beam) == name
        ]
        return together(streams) if streams else STILL

    def _target(self, device: str, in_beam: str | None) -> str | None:
        """Return the name of the vial that a pump's line ends in, None for beside all of them."""
        name = self._lines[device].delivers_to
        return in_beam if name == BEAM else name

    def _temperature_degc(self, name: str) -> float | None:
        for device, temperature_degc in self._temperatures_degc.items():
            heats = self._heated[device]
            if name in heats or EVERYTHING in heats:
                return temperature_degc
        return None
