"""Simulated Thorlabs PM100D and PM100D2 power meters with a photodiode head.

SCPI commands: PM100D operation manual, section 6.4.2.2; Thorlabs/Light_Analysis_Examples,
"commandDocu/pm400.html" and "commandDocu/pm100d2.html": the flags of the head and the time of a
sample (3 ms and 1 ms) differ. About 3 ms a sample: PM100D manual, specifications.
"""

import collections
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulators.instrument import JSON, LineBuffer, SwitchLog, World, unknown_fault

_OVER_RANGE = 9.9e37
_WAVELENGTHS_NM = (200.0, 1100.0)  # S120VC
_RANGES_W = (500e-9, 5e-6, 50e-6, 500e-6, 5e-3, 50e-3)
_SMALLEST_W = 1e-12  # what is written in dBm when nothing is there
_ZERO_TAKES_S = 2.0
_QUEUE_LENGTH = 30
_LONG_FORMS = {
    "AUTO": "AUTO",
    "AVERAGE": "AVER",
    "BEAMDIAMETER": "BEAM",
    "COLLECT": "COLL",
    "CONDITION": "COND",
    "CONFIGURE": "CONF",
    "CORRECTION": "CORR",
    "ERROR": "ERR",
    "FETCH": "FETC",
    "INITIATE": "INIT",
    "MAGNITUDE": "MAGN",
    "MEASURE": "MEAS",
    "OPERATION": "OPER",
    "POWER": "POW",
    "RANGE": "RANG",
    "REFERENCE": "REF",
    "SENSE": "SENS",
    "SENSOR": "SENS",
    "STATE": "STAT",
    "STATUS": "STAT",
    "SYSTEM": "SYST",
    "WAVELENGTH": "WAV",
}
_OPTIONAL = {"SCAL", "SCALAR", "COUN", "COUNT", "UPP", "UPPER", "NEXT", "IMM", "IMMEDIATE", "DC"}
_NUMBER = re.compile(r"([-+]?\d*\.?\d+(?:E[-+]?\d{1,3})?) ?(NM|W)?\Z")


class _ScpiError(Exception):
    """An entry for the error queue, in its own words."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What differs between the generations.

    Attributes:
        model: As in ``*IDN?``.
        sample_s: Time of a sample.
        sensor_flags: Last field of the head's identity: its properties, as the generation counts.
    """

    model: str
    sample_s: float
    sensor_flags: int


PM100D = Dialect(model="PM100D", sample_s=0.003, sensor_flags=1 + 32)
PM100D2 = Dialect(
    model="PM100D2",
    sample_s=0.001,
    # auto-range, wavelength, bandwidth limit, zeroing; bit 31 marks the generation
    sensor_flags=1 + 4 + 32 + 256 + (1 << 31),
)


class ThorlabsPM100D:
    """The console and its head.

    Args:
        world: Gives the power on the head.
        aperture_area_cm2: Of the head.
        serial_number: Of the console.
        firmware: Of the console.
        wavelength_nm: That was set last.
        dialect: Generation of the console.
    """

    fault_kinds = ("no-sensor", "over-range", "over-temperature")

    def __init__(
        self,
        world: World,
        *,
        aperture_area_cm2: float = 0.709,
        serial_number: str = "P0024871",
        firmware: str = "2.8.0",
        wavelength_nm: float = 532.0,
        dialect: Dialect = PM100D,
    ) -> None:
        self._world = world
        self._area_cm2 = aperture_area_cm2
        self._dialect = dialect
        maker = "THORLABS" if dialect is PM100D else "Thorlabs"
        self._identity = f"{maker},{dialect.model},{serial_number},{firmware}"
        self._stored_wavelength_nm = wavelength_nm
        self._lines = LineBuffer(b"\n")
        self._log = SwitchLog()
        self._waiting: collections.deque[str] = collections.deque(maxlen=_QUEUE_LENGTH)
        self._faults: set[str] = set()
        self._reset()

    def _reset(self) -> None:
        self._wavelength_nm = self._stored_wavelength_nm
        self._averages = 1
        self._unit = "W"
        self._delta = False
        self._reference_w = 0.0
        self._auto_range = True
        self._range_w = _RANGES_W[-1]
        self._beam_mm = 9.5
        self._zero_w = 0.0
        self._zero_ends_s: float | None = None
        self._measuring_until_s: float | None = None
        self._reply_when_done = False
        self._power_w: float | None = None
        self._errors: collections.deque[str] = collections.deque()

    # -- the instrument

    def feed(self, data: bytes, now_s: float) -> bytes:
        """Take bytes of the host and return the replies that are due."""
        for line in self._lines.feed(data):
            self._waiting.extend(line.decode("ascii", "replace").strip().split(";"))
        return self.poll(now_s)

    def poll(self, now_s: float) -> bytes:
        """End a measurement that is over, and answer what has waited for it."""
        out: list[str] = []
        if self._zero_ends_s is not None and now_s >= self._zero_ends_s:
            self._zero_ends_s = None
            self._zero_w = self._world.meter_power_w(now_s, self._area_cm2)
        while True:
            if self._measuring_until_s is not None:
                if now_s < self._measuring_until_s:
                    break
                self._measuring_until_s = None
                self._power_w = self._measure(now_s)
                if self._reply_when_done:
                    self._reply_when_done = False
                    out.append(self._shown_power())
            if not self._waiting:
                break
            reply = self._execute(self._waiting.popleft().strip().upper(), now_s)
            if reply is not None:
                out.append(reply)
        return "".join(f"{reply}\n" for reply in out).encode("ascii")

    def next_event_s(self) -> float | None:
        """Return when the measurement or the zeroing is over."""
        times_s = (self._measuring_until_s, self._zero_ends_s)
        return min((time_s for time_s in times_s if time_s is not None), default=None)

    def line_closed(self, now_s: float) -> None:
        """Forget what nobody waits for."""
        self._lines.clear()
        self._waiting.clear()
        self._measuring_until_s = None
        self._reply_when_done = False

    def power_cycle(self, now_s: float) -> None:
        """Start with the stored wavelength, in W, without an error."""
        self.line_closed(now_s)
        self._reset()
        self._log.add(now_s, "power on")

    def set_fault(self, kind: str, *, on: bool = True, now_s: float, channel: int = 0) -> None:
        """Unplug the head, drive it over its range or overheat it."""
        if kind not in self.fault_kinds:
            raise unknown_fault("PM100D", kind, self.fault_kinds)
        (self._faults.add if on else self._faults.discard)(kind)

    def state(self) -> dict[str, JSON]:
        """Return the settings. A meter emits nothing, so it is always safe."""
        return {
            "safe": True,
            "measuring": self._measuring_until_s is not None,
            "power_w": self._power_w,
            "wavelength_nm": self._wavelength_nm,
            "averages": self._averages,
            "unit": self._unit,
            "delta": self._delta,
            "log": self._log.entries(),
        }

    # -- measuring

    def _begin(self, now_s: float, *, reply: bool) -> None:
        self._measuring_until_s = now_s + self._averages * self._dialect.sample_s
        self._reply_when_done = reply

    def _measure(self, now_s: float) -> float:
        power_w = self._world.meter_power_w(now_s, self._area_cm2) - self._zero_w
        limit_w = _RANGES_W[-1] if self._auto_range else self._range_w
        if self._faults & {"over-range", "no-sensor"} or power_w > limit_w:
            return _OVER_RANGE
        return power_w

    def _shown_power(self) -> str:
        power_w = 0.0 if self._power_w is None else self._power_w
        if power_w >= _OVER_RANGE:
            return _real(_OVER_RANGE)
        if self._delta:
            power_w -= self._reference_w
        if self._unit == "DBM":
            return _real(10.0 * math.log10(max(power_w, _SMALLEST_W) / 1e-3))
        return _real(power_w)

    # -- commands

    def _execute(self, text: str, now_s: float) -> str | None:
        if not text:
            return None
        header, _, argument = text.partition(" ")
        try:
            name = _short(header)
            if name in self._actions:
                return self._actions[name](self, argument.strip(), now_s)
            raise _ScpiError('-113,"Undefined header"')
        except _ScpiError as error:
            if len(self._errors) < _QUEUE_LENGTH:
                self._errors.append(str(error))
            return None

    def _take_error(self, argument: str, now_s: float) -> str:
        return self._errors.popleft() if self._errors else '0,"No error"'

    def _clear(self, argument: str, now_s: float) -> None:
        self._errors.clear()

    def _restart(self, argument: str, now_s: float) -> None:
        errors = self._errors
        self._reset()
        self._errors = errors

    def _sensor(self, argument: str, now_s: float) -> str:
        if "no-sensor" in self._faults:
            return '"no sensor","","",0,0,0'
        return f'"S120VC","16060232","02-JUN-2026",1,18,{self._dialect.sensor_flags}'

    def _measure_now(self, argument: str, now_s: float) -> None:
        self._begin(now_s, reply=True)

    def _initiate(self, argument: str, now_s: float) -> None:
        self._begin(now_s, reply=False)

    def _fetch(self, argument: str, now_s: float) -> str | None:
        if self._power_w is None:
            self._begin(now_s, reply=True)
            return None
        return self._shown_power()

    def _abort(self, argument: str, now_s: float) -> None:
        self._measuring_until_s = None

    def _set_wavelength(self, argument: str, now_s: float) -> None:
        self._wavelength_nm = float(round(_value(argument, *_WAVELENGTHS_NM)))
        self._stored_wavelength_nm = self._wavelength_nm

    def _get_wavelength(self, argument: str, now_s: float) -> str:
        return _real(_value(argument, *_WAVELENGTHS_NM) if argument else self._wavelength_nm)

    def _set_averages(self, argument: str, now_s: float) -> None:
        self._averages = round(_value(argument, 1, 10000))

    def _set_unit(self, argument: str, now_s: float) -> None:
        if argument not in {"W", "DBM"}:
            raise _ScpiError('-224,"Illegal parameter value"')
        self._unit = argument

    def _set_delta(self, argument: str, now_s: float) -> None:
        self._delta = _switch(argument)

    def _set_reference(self, argument: str, now_s: float) -> None:
        self._reference_w = _value(argument, -1.0, 1.0)

    def _set_auto_range(self, argument: str, now_s: float) -> None:
        self._auto_range = _switch(argument)

    def _set_range(self, argument: str, now_s: float) -> None:
        wanted_w = _value(argument, _RANGES_W[0], _RANGES_W[-1])
        self._range_w = next(range_w for range_w in _RANGES_W if range_w >= wanted_w)
        self._auto_range = False

    def _zero(self, argument: str, now_s: float) -> None:
        self._zero_ends_s = now_s + _ZERO_TAKES_S

    def _abort_zero(self, argument: str, now_s: float) -> None:
        self._zero_ends_s = None

    def _condition(self, argument: str, now_s: float) -> str:
        bits = {
            7: self._zero_ends_s is not None,
            8: "no-sensor" not in self._faults,
            9: self._power_w is not None,
            11: "over-temperature" in self._faults,
        }
        return str(sum(1 << bit for bit, is_set in bits.items() if is_set))

    _actions: Mapping[str, Callable[["ThorlabsPM100D", str, float], str | None]] = {
        "*IDN?": lambda self, argument, now_s: self._identity,
        "*OPC?": lambda self, argument, now_s: "1",
        "*TST?": lambda self, argument, now_s: "0",
        "*CLS": _clear,
        "*RST": _restart,
        "SYST:ERR?": _take_error,
        "SYST:SENS:IDN?": _sensor,
        "STAT:OPER:COND?": _condition,
        "MEAS:POW?": _measure_now,
        "MEAS?": _measure_now,
        "READ?": _measure_now,
        "INIT": _initiate,
        "FETC?": _fetch,
        "ABOR": _abort,
        "CONF:POW": lambda self, argument, now_s: None,
        "CONF?": lambda self, argument, now_s: "POW",
        "CORR:WAV": _set_wavelength,
        "CORR:WAV?": _get_wavelength,
        "CORR:BEAM?": lambda self, argument, now_s: _real(self._beam_mm),
        "CORR:COLL:ZERO": _zero,
        "CORR:COLL:ZERO:INIT": _zero,
        "CORR:COLL:ZERO:ABOR": _abort_zero,
        "CORR:COLL:ZERO:STAT?": lambda self, argument, now_s: _flag(self._zero_ends_s is not None),
        "CORR:COLL:ZERO:MAGN?": lambda self, argument, now_s: _real(self._zero_w),
        "AVER": _set_averages,
        "AVER?": lambda self, argument, now_s: str(self._averages),
        "POW:UNIT": _set_unit,
        "POW:UNIT?": lambda self, argument, now_s: self._unit,
        "POW:REF": _set_reference,
        "POW:REF?": lambda self, argument, now_s: _real(self._reference_w),
        "POW:REF:STAT": _set_delta,
        "POW:REF:STAT?": lambda self, argument, now_s: _flag(self._delta),
        "POW:RANG": _set_range,
        "POW:RANG?": lambda self, argument, now_s: _real(self._range_w),
        "POW:RANG:AUTO": _set_auto_range,
        "POW:RANG:AUTO?": lambda self, argument, now_s: _flag(self._auto_range),
    }


def from_table(table: Mapping[str, Any], world: World) -> ThorlabsPM100D:
    """Make the meter of a ``[device.*]`` table of a bench file."""
    return ThorlabsPM100D(world, aperture_area_cm2=float(table.get("aperture_area_cm2", 0.709)))


def pm100d2_from_table(table: Mapping[str, Any], world: World) -> ThorlabsPM100D:
    """Make the meter of the newer generation of a ``[device.*]`` table of a bench file."""
    return ThorlabsPM100D(
        world,
        aperture_area_cm2=float(table.get("aperture_area_cm2", 0.709)),
        serial_number="T00000002",
        firmware="0.1.0.1",
        dialect=PM100D2,
    )


def _short(header: str) -> str:
    """Return a header in short forms, without what may be left out."""
    query = "?" if header.endswith("?") else ""
    nodes = [node for node in header.removesuffix("?").lstrip(":").split(":") if node]
    short = [_LONG_FORMS.get(node, node) for node in nodes if node not in _OPTIONAL]
    if short[:1] == ["SENS"]:
        short = short[1:]
    return ":".join(short) + query


def _real(value: float) -> str:
    return f"{value:.8E}"


def _flag(on: bool) -> str:
    return "1" if on else "0"


def _switch(argument: str) -> bool:
    if argument not in {"0", "1", "OFF", "ON"}:
        raise _ScpiError('-224,"Illegal parameter value"')
    return argument in {"1", "ON"}


def _value(argument: str, lowest: float, highest: float) -> float:
    if not argument:
        raise _ScpiError('-109,"Missing parameter"')
    if argument in {"MIN", "MINIMUM", "MAX", "MAXIMUM"}:
        return lowest if argument.startswith("MIN") else highest
    match = _NUMBER.match(argument)
    if match is None:
        raise _ScpiError('-104,"Data type error"')
    value = float(match.group(1))
    if not lowest <= value <= highest:
        raise _ScpiError('-222,"Data out of range"')
    return value
