"""Driver of the Ocean QE Pro, a spectrometer with a cooled detector.

Limits, pixels, dark pixels, trigger modes: python-seabreeze 2.11, ``pyseabreeze/devices.py``, class
``QEPRO``.
Message numbers: Ocean Optics SeaBreeze, ``OBPMessageTypes.h``. Metadata in front of a spectrum: QE
Pro Data Sheet 891-00000-000-05, pages 11 and 12.
"""

from types import MappingProxyType

from instruments.errors import DeviceFaultError, ProtocolError
from instruments.links import Link
from instruments.spectrometers import obp
from instruments.spectrometers.driver import Counts
from instruments.spectrometers.obp import MessageType
from instruments.spectrometers.obp_driver import UNKNOWN_MESSAGE, ObpSpectrometer
from instruments.spectrometers.ocean import FREE

_SAME_TIME = 0.01  # integration times that differ by less are the same, rounded


class OceanQePro(ObpSpectrometer):
    """The spectrometer. It exposes ahead, so a series begins with an empty buffer.

    Args:
        link: Nothing is added to or taken from its bytes.
        discard_after_change: Spectra thrown away after a change.
    """

    model = "QE Pro"
    pixel_count = 1044
    full_scale_counts = float(2**18 - 1)
    integration_limits_s = (0.008, 1600.0)
    dark_pixels = (0, 1, 2, 3, 1040, 1041, 1042, 1043)
    trigger_modes = MappingProxyType({FREE: 0, "level": 1, "edge": 3})
    detector_limits_degc = (-40.0, 20.0)
    spectrum_message = MessageType.BUFFERED_SPECTRUM

    def __init__(self, link: Link, *, discard_after_change: int = 1) -> None:
        super().__init__(link, discard_after_change=discard_after_change)
        self._has_buffer = True
        self._setpoint_degc: float | None = None

    def _restore(self) -> None:
        super()._restore()
        if self._setpoint_degc is not None:
            self.set_detector_setpoint_degc(self._setpoint_degc)

    # -- spectra

    def _begin_series(self) -> None:
        """Throw away what the instrument has exposed before it was asked for."""
        if not self._has_buffer:
            return
        try:
            self._command(MessageType.CLEAR_BUFFER)
        except DeviceFaultError as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            self._has_buffer = False  # a firmware without a buffer has nothing old to give

    def _unpack(self, payload: bytes) -> Counts:
        metadata, counts = obp.read_spectrum_with_metadata(payload, self.pixel_count)
        set_us = self._exposure_s * 1e6
        if abs(metadata.integration_time_us - set_us) > _SAME_TIME * set_us and not self._stale:
            raise ProtocolError(
                self.link.name,
                f"a spectrum of {metadata.integration_time_us} us came after "
                f"{set_us:.0f} us was set; raise discard_after_change",
            )
        return counts

    # -- detector temperature

    def detector_temperature_degc(self) -> float:
        """Return the temperature of the detector."""
        return obp.read_float32(self._query(MessageType.DETECTOR_TEMPERATURE))

    def detector_is_stable(self) -> bool:
        """Return whether the detector has reached its set point, as the instrument judges it."""
        return obp.read_uint8(self._query(MessageType.DETECTOR_IS_STABLE)) != 0

    def detector_setpoint_degc(self) -> float:
        """Return the temperature that the cooler is set to."""
        return obp.read_float32(self._query(MessageType.DETECTOR_SETPOINT))

    def set_detector_setpoint_degc(self, temperature_degc: float) -> None:
        """Switch the cooler on and set its temperature.

        Args:
            temperature_degc: Within ``detector_limits_degc``.

        Raises:
            LimitError: Outside; nothing was sent.
        """
        self.check_limits(
            "detector temperature", temperature_degc, self.detector_limits_degc, "degC"
        )
        with self.link.exchange():
            self._command(MessageType.SET_DETECTOR_SETPOINT, obp.float32_payload(temperature_degc))
            self._command(MessageType.SET_COOLER, b"\x01")
        self._setpoint_degc = temperature_degc
