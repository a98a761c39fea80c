"""Calibration of the irradiance at the sample with a power meter."""

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from bluesky.utils import Msg, MsgGenerator

from instruments.light_sources.emission import Emission
from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.stages.stage import Stage
from plans.analysis.calibration import fit_through_zero
from plans.annotations import MeterPosition
from plans.checks import check_positions
from plans.experiments.base import Experiment, plan_of
from plans.logbook import Logbook, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import dark, expose, move_dark, save_event, set_and_wait

_LEAST = 0.02  # of the range; weaker light is lost in the meter's offset
_LINEAR = 0.02


@dataclass(frozen=True, eq=False)
class CalibrateIrradiance(Experiment[Logbook]):
    """Measure irradiance against current for every LED, with the power meter at the sample plane.

    The summary says how far each channel is from the calibration of the bench file; a note holds
    the lines to put there. The current that was read back counts, not the one that was asked for.
    """

    light: Annotated[LightSource, Quantity(help="is calibrated")]
    meter: Annotated[PowerMeter, Quantity(help="stands at the sample plane")]
    _: dataclasses.KW_ONLY
    wavelengths_nm: Annotated[
        tuple[float, ...],
        Quantity(help="channels, with commas; empty for all that excite", unit="nm", minimum=200),
    ] = ()
    points: Annotated[int, Quantity(help="currents of each channel", minimum=3, maximum=30)] = 6
    highest_share: Annotated[
        float, Quantity(help="of the strongest irradiance of a channel", minimum=0.1, maximum=1)
    ] = 0.8
    warm_up_s: Annotated[
        float, Quantity(help="light before each reading", unit="s", minimum=0, maximum=600)
    ] = 2.0
    distance_mm: Annotated[
        float, Quantity(help="head to sample plane, for the record", unit="mm", minimum=-50)
    ] = 0.0
    meter_position: MeterPosition = "meter"
    stage: Annotated[Stage | None, Quantity(help="brings the meter into the beam")] = None

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def channels_nm(self) -> tuple[float, ...]:
        """Return the wavelengths that are calibrated, nm."""
        excitation = self.light.channels_in("right-angle")
        return self.wavelengths_nm or tuple(channel.wavelength_nm for channel in excitation)

    def duration_s(self) -> float:
        """Return how long it takes, s."""
        return 30.0 + len(self.channels_nm()) * self.points * (self.warm_up_s + 3.0)

    def checks(self) -> Iterator[Check]:
        """Yield the checks of channels and stage, and a word about eyes."""
        there = [channel.wavelength_nm for channel in self.light.channels]
        missing = [nm for nm in self.channels_nm() if nm not in there]
        yield Check(
            name="channels",
            verdict="refused" if missing or not self.channels_nm() else "ok",
            detail=f"{self.light.name} has {', '.join(f'{nm:g}' for nm in there)} nm",
        )
        yield from check_positions(self.stage, (self.meter_position,))
        detail = "every LED goes up to its highest current: enclosure shut, goggles on"
        yield Check(name="eyes", verdict="note", detail=detail)

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Measure channel after channel."""
        yield from move_dark(self.stage, self.meter_position, self.light)
        for nm in self.channels_nm():
            log.progress.phase = f"{nm:g} nm"
            yield from set_and_wait(self.meter.wavelength_nm, nm)
            rows = yield from self._channel(log, nm)
            yield from self._judge(log, nm, rows)
        yield from log.end("done", f"{len(self.channels_nm())} channels")
        deviations = [float(row["deviation"]) for row in log.rows]
        yield from log.conclude(
            {
                "channels": len(log.rows),
                "largest_deviation": max(deviations, key=abs),
                "largest_nonlinearity": max(float(row["nonlinearity"]) for row in log.rows),
                "distance_mm": self.distance_mm,
            }
        )

    def _channel(self, log: Logbook, nm: float) -> MsgGenerator[list[Row]]:
        _, high = self.light.irradiance_range_mw_cm2(nm)
        key = "current_ma" if self.light.channel_of(nm).unit == "mA" else "level_percent"
        top = self.highest_share * high
        bottom = max(_LEAST * high, top / self.points)
        rows: list[Row] = []
        for number in range(self.points):
            asked = bottom + (top - bottom) * number / (self.points - 1)
            yield Msg("checkpoint")
            emission = Emission(wavelength_nm=nm, irradiance_mw_cm2=asked)
            yield from set_and_wait(self.light, emission)
            yield Msg("sleep", None, self.warm_up_s)
            yield from expose(self.meter)
            values = yield from save_event("meter", self.meter, self.light)
            row: Row = {
                "wavelength_nm": nm,
                "level": float(values[f"{self.light.name}_{key}"]),
                "irradiance_asked_mw_cm2": asked,
                "irradiance_mw_cm2": float(values[f"{self.meter.name}_irradiance_mw_cm2"]),
            }
            rows.append(row)
            yield from log.result(row, table="readings")
        yield from dark(self.light)
        return rows

    def _judge(self, log: Logbook, nm: float, rows: Sequence[Row]) -> MsgGenerator[None]:
        levels = [float(row["level"]) for row in rows]
        found = fit_through_zero(levels, [float(row["irradiance_mw_cm2"]) for row in rows])
        channel = self.light.channel_of(nm)
        known = fit_through_zero(levels, [channel.irradiance_mw_cm2(level) for level in levels])
        yield from log.result(
            {
                "wavelength_nm": nm,
                "slope_mw_cm2_per_unit": found.slope,
                "slope_mw_cm2_per_unit_se": found.slope_se,
                "bench_mw_cm2_per_unit": known.slope,
                "unit": channel.unit,
                "deviation": found.slope / known.slope - 1.0,
                "nonlinearity": found.largest_deviation,
                "is_linear": int(found.largest_deviation <= _LINEAR),
            }
        )
        today = datetime.fromtimestamp(time.time(), tz=UTC).date()
        yield from log.say(
            [
                f"for the bench file, channel {channel.number} ({nm:g} nm): {found.slope:.4g} "
                f"mW/cm² per {channel.unit}, calibrated = {today}"
            ]
        )


calibrate_irradiance = plan_of(CalibrateIrradiance)
