"""Thorlabs PM100D and its relatives.

Sources: PM100D operation manual, section 6.4.2.2 (SCPI commands); Thorlabs,
Light_Analysis_Examples, command documentation of PM400, PM101, PM100D2, PM5020 (sensor flags).
"""

import csv
import math
import re
from dataclasses import dataclass

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import Link
from instruments.power_meters.power_meter import PowerReading

AVERAGES_LIMITS = (1, 3000)
_OUT_OF_RANGE_W = 9.0e37  # SCPI's INFINITY is 9.9E37
_SAMPLE_S = 0.003
_RANGING_S = 10.0  # the longest that a measurement blocks while it searches its range
_NEW_DIALECT_BITS = (1 << 31) | (1 << 28)  # the maker's text says bit 31 and prints bit 28
_ERROR = re.compile(r'(?P<number>[+-]?\d+)\s*,\s*"?(?P<text>[^"]*)"?')


@dataclass(frozen=True, kw_only=True)
class SensorIdentity:
    """What is screwed to the meter.

    Attributes:
        name: Model of the head.
        serial: Its serial number.
        calibrated: Its calibration date, as the head writes it.
        measures_power: Whether it measures power.
        has_wavelength: Whether its response depends on a wavelength that can be set.
        has_temperature: Whether it tells its temperature.
    """

    name: str
    serial: str
    calibrated: str
    measures_power: bool
    has_wavelength: bool
    has_temperature: bool

    @classmethod
    def from_reply(cls, reply: str) -> "SensorIdentity":
        """Decode the answer to ``SYST:SENS:IDN?``, in both dialects of its flags.

        Args:
            reply: Name, serial number, calibration date, type, subtype, flags.

        Raises:
            ValueError: The reply has another form.
        """
        fields = [field.strip() for field in next(csv.reader([reply], skipinitialspace=True))]
        if len(fields) != 6:
            raise ValueError(f"six fields expected, got {reply!r}")
        kind, flags = int(fields[3]), int(fields[5]) & 0xFFFFFFFF
        if flags & _NEW_DIALECT_BITS:
            # The new dialect has no bit for power: photodiodes, thermopiles and quadrants do.
            power, wavelength, temperature = kind in (1, 2, 4), bool(flags & 4), bool(flags & 4096)
        else:
            power, wavelength, temperature = bool(flags & 1), bool(flags & 32), bool(flags & 256)
        return cls(
            name=fields[0],
            serial=fields[1],
            calibrated=fields[2],
            measures_power=power and kind != 0,
            has_wavelength=wavelength,
            has_temperature=temperature,
        )


class ThorlabsPm100(LinkedInstrument):
    """The meter with its head.

    Args:
        link: USBTMC, serial or socket link, LF both ways.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link)
        self._averages = 1
        self._wavelength_limits_nm: tuple[float, float] | None = None
        self._prepared_nm: float | None = None
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- exchanges ---------------------------------------------------------------------------

    def _resynchronise(self) -> None:
        self.link.synchronise("*IDN?", lambda answer: answer.upper().startswith("THORLABS,"))

    def _restore(self) -> None:
        """Set again what the meter may have lost with its power."""
        if self._prepared_nm is not None:
            self.prepare(wavelength_nm=self._prepared_nm, averages=self._averages)

    def _query(self, command: str, timeout_s: float | None = None) -> str:
        with self.link.exchange():
            self.link.write(command)
            return str(self.link.read(timeout_s=timeout_s)).strip()

    def _number(self, command: str, timeout_s: float | None = None) -> float:
        reply = self._query(command, timeout_s)
        try:
            return float(reply)
        except ValueError as error:
            raise ProtocolError(
                self.link.name, f"{command!r} was answered {reply!r}, which is no number"
            ) from error

    def _command(self, command: str) -> None:
        with self.link.exchange():
            self.link.write(command)
            reply = self._query("SYST:ERR?")
            match = _ERROR.fullmatch(reply)
            if match is None:
                raise ProtocolError(
                    self.link.name, f"'SYST:ERR?' was answered {reply!r}", reply=reply
                )
        if int(match["number"]) != 0:
            raise DeviceFaultError(
                self.link.name,
                f"{command!r} was refused: error {match['number']}, {match['text']}",
                code=int(match["number"]),
            )

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return what the meter says it is."""
        reply = self._query("*IDN?")
        fields = [field.strip() for field in reply.split(",")]
        if len(fields) != 4:
            raise ProtocolError(self.link.name, f"'*IDN?' was answered {reply!r}", reply=reply)
        return Identity(maker=fields[0], model=fields[1], serial=fields[2], firmware=fields[3])

    def sensor(self) -> SensorIdentity:
        """Return what head is connected.

        Raises:
            ProtocolError: The answer has another form.
        """
        reply = self._query("SYST:SENS:IDN?")
        try:
            return SensorIdentity.from_reply(reply)
        except (ValueError, csv.Error) as error:
            raise ProtocolError(
                self.link.name, f"'SYST:SENS:IDN?': {error}", reply=reply
            ) from error

    def prepare(self, *, wavelength_nm: float, averages: int) -> SensorIdentity:
        """Set what must hold before a reading is a power in watts.

        Args:
            wavelength_nm: Wavelength to be measured, whole nm within the limits of the head.
            averages: Samples of about 3 ms per reading, 1 to 3000.

        Returns:
            The head that is connected.

        Raises:
            DeviceFaultError: No head, or one that measures no power.
            LimitError: Wavelength or averages are outside; nothing was sent for them.
        """
        with self.link.exchange():
            sensor = self.sensor()
            if not sensor.measures_power:
                raise DeviceFaultError(
                    self.link.name,
                    f"head {sensor.name or 'none'!r} measures no power; connect a power head",
                )
            self._command("SENS:POW:UNIT W")
            self._command("SENS:POW:REF:STAT 0")
            self._command("SENS:POW:RANG:AUTO 1")
            self._check_absolute_watts()
            self._wavelength_limits_nm = (
                self._number("SENS:CORR:WAV? MIN"),
                self._number("SENS:CORR:WAV? MAX"),
            )
            self.set_wavelength_nm(wavelength_nm)
            self.set_averages(averages)
        return sensor

    def _check_absolute_watts(self) -> None:
        unit, delta = self._query("SENS:POW:UNIT?"), self._number("SENS:POW:REF:STAT?")
        if unit != "W" or delta != 0:
            raise DeviceFaultError(
                self.link.name,
                f"readings are in {unit}{' relative to a reference' if delta else ''}, not in "
                "absolute W; somebody has set that at the meter: connect again",
            )

    # -- settings ----------------------------------------------------------------------------

    def wavelength_nm(self) -> float:
        """Return the wavelength that the meter corrects for, in nm."""
        return self._number("SENS:CORR:WAV?")

    def wavelength_limits_nm(self) -> tuple[float, float]:
        """Return the shortest and longest wavelength that the head is calibrated for."""
        if self._wavelength_limits_nm is None:
            with self.link.exchange():
                self._wavelength_limits_nm = (
                    self._number("SENS:CORR:WAV? MIN"),
                    self._number("SENS:CORR:WAV? MAX"),
                )
        return self._wavelength_limits_nm

    def set_wavelength_nm(self, wavelength_nm: float) -> None:
        """Set the wavelength that the meter corrects for.

        Args:
            wavelength_nm: Whole nm within the limits of the head; never rounded or clipped.

        Raises:
            LimitError: Outside or no whole number; it was not sent.
            DeviceFaultError: The meter refused or reads back another value.
        """
        low_nm, high_nm = self.wavelength_limits_nm()
        if not low_nm <= wavelength_nm <= high_nm or wavelength_nm != round(wavelength_nm):
            raise LimitError(
                self.link.name,
                f"wavelength must be whole nm from {low_nm:g} to {high_nm:g}, asked for "
                f"{wavelength_nm!r}",
                value=wavelength_nm,
                unit="nm",
                limits=(low_nm, high_nm),
            )
        with self.link.exchange():
            self._command(f"SENS:CORR:WAV {round(wavelength_nm)}")
            actual_nm = self.wavelength_nm()
        if actual_nm != wavelength_nm:
            raise DeviceFaultError(
                self.link.name, f"wavelength reads {actual_nm:g} nm after {wavelength_nm:g} was set"
            )
        self._prepared_nm = wavelength_nm

    def averages(self) -> int:
        """Return how many samples make a reading."""
        self._averages = round(self._number("SENS:AVER?"))
        return self._averages

    def set_averages(self, averages: int) -> None:
        """Set how many samples of about 3 ms make a reading.

        Args:
            averages: 1 to 3000.

        Raises:
            LimitError: Outside; nothing was sent.
        """
        low, high = AVERAGES_LIMITS
        if not low <= averages <= high or averages != int(averages):
            raise LimitError(
                self.link.name,
                f"averages must be a whole number from {low} to {high}, asked for {averages!r}",
                value=averages,
                limits=(low, high),
            )
        with self.link.exchange():
            self._command(f"SENS:AVER {int(averages)}")
            actual = self.averages()
        if actual != averages:
            raise DeviceFaultError(self.link.name, f"averages read {actual} after {averages}")

    # -- reading -----------------------------------------------------------------------------

    @property
    def reading_timeout_s(self) -> float:
        """How long a reading may take: its samples and the search for a range."""
        return self._averages * _SAMPLE_S + _RANGING_S + 1.0

    def read_power(self) -> PowerReading:
        """Measure and return the power.

        Returns:
            The power in W, or NaN with the reason when the meter has no number for it.

        Raises:
            DeviceFaultError: The meter was set to dBm or to relative readings.
        """
        with self.link.exchange():
            self._check_absolute_watts()
            power_w = self._number("MEAS:POW?", self.reading_timeout_s)
        if math.isnan(power_w):
            return PowerReading(power_w=math.nan, fault="the meter gives no number")
        if abs(power_w) >= _OUT_OF_RANGE_W:
            side = "above" if power_w > 0 else "below"
            return PowerReading(power_w=math.nan, fault=f"power is {side} the range of the head")
        return PowerReading(power_w=power_w, fault="")

    def make_safe(self) -> None:
        """Do nothing: a power meter neither emits nor moves."""
