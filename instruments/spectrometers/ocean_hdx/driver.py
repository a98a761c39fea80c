"""Ocean HDX spectrometer over TCP.

The messages are those of the Ocean Binary Protocol as python-seabreeze 2.11 speaks it to an HDX
(``devices.py``, class HDX: 2068 pixels, 6 000 us to 10 s, 65535 counts, no electric dark pixels).
"""

import numpy as np
from numpy.typing import NDArray

from instruments.driver import Identity, LinkedInstrument
from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import Link
from instruments.spectrometers.ocean_hdx import _codec
from instruments.spectrometers.ocean_hdx._codec import Flag, Message, MessageType

_NORMAL_TRIGGER = 0
_MAX_COEFFICIENTS = 8
_MAX_LATE_FRAMES = 4


class OceanHdx(LinkedInstrument):
    """The spectrometer.

    Args:
        link: Socket link; nothing is added to or taken from the bytes.
        discard_after_change: Spectra thrown away after a change, because the first may still show
            the light or the exposure from before it.
    """

    pixel_count = 2068
    full_scale_counts = 65535.0
    integration_limits_s = (0.006, 10.0)

    def __init__(self, link: Link, *, discard_after_change: int = 1) -> None:
        super().__init__(link)
        self._discard_after_change = discard_after_change
        self._stale = discard_after_change
        self._is_prepared = False
        self._exposure_s = self.integration_limits_s[1]  # the longest, until it is known
        link.resync = self._resynchronise
        link.on_reconnect = self._restore

    # -- exchanges ---------------------------------------------------------------------------

    def _exchange(self, message: Message, timeout_s: float | None = None) -> Message:
        with self.link.exchange():
            self.link.write_bytes(_codec.encode(message))
            try:
                start = self.link.read_bytes(_codec.HEADER_LENGTH, timeout_s=timeout_s)
                header = _codec.decode_header(start)
                reply = _codec.decode(header, self.link.read_bytes(header.bytes_remaining))
            except _codec.FrameError as error:
                raise ProtocolError(
                    self.link.name, f"message {message.message_type:#010x}: {error}"
                ) from error
            if reply.message_type != message.message_type:
                raise ProtocolError(
                    self.link.name,
                    f"message {message.message_type:#010x} was answered with message "
                    f"{reply.message_type:#010x}",
                )
        if reply.refused:
            raise DeviceFaultError(
                self.link.name,
                f"message {message.message_type:#010x} was refused: {reply.error_text}",
                code=reply.error_number,
            )
        return reply

    def _resynchronise(self) -> None:
        """Ask for the serial number and throw away the answers to former questions before it."""
        self.link.write_bytes(_codec.encode(Message(message_type=MessageType.SERIAL_NUMBER)))
        for _ in range(_MAX_LATE_FRAMES):
            start = self.link.read_bytes(_codec.HEADER_LENGTH, timeout_s=self.spectrum_timeout_s)
            try:
                header = _codec.decode_header(start)
            except _codec.FrameError as error:
                raise ProtocolError(self.link.name, f"after an error: {error}") from error
            self.link.read_bytes(header.bytes_remaining)
            if header.message.message_type == MessageType.SERIAL_NUMBER:
                return
        raise ProtocolError(
            self.link.name, f"{_MAX_LATE_FRAMES} late answers, and the awaited one not among them"
        )

    def _restore(self) -> None:
        """Set what a spectrometer forgets when it loses its power along with the line."""
        if self._is_prepared:
            self.prepare(self._exposure_s)

    def _query(
        self, message_type: int, payload: bytes = b"", timeout_s: float | None = None
    ) -> bytes:
        return self._exchange(
            Message(message_type=message_type, payload=payload), timeout_s
        ).payload

    def _command(self, message_type: int, payload: bytes) -> None:
        self._exchange(Message(message_type=message_type, payload=payload, flags=Flag.REQUEST_ACK))

    # -- what it is --------------------------------------------------------------------------

    def identify(self) -> Identity:
        """Return maker, model, serial number and firmware revision."""
        with self.link.exchange():
            serial = _codec.read_text(self._query(MessageType.SERIAL_NUMBER))
            firmware = _codec.read_revision(self._query(MessageType.FIRMWARE_REVISION))
        return Identity(maker="Ocean Optics", model="HDX", serial=serial, firmware=firmware)

    def prepare(self, integration_time_s: float) -> None:
        """Set what must hold before the first spectrum: free-running trigger, integration time.

        Args:
            integration_time_s: 0.006 to 10 s.
        """
        self._command(MessageType.TRIGGER_MODE, bytes([_NORMAL_TRIGGER]))
        self.set_integration_time_s(integration_time_s)
        self._is_prepared = True

    def wavelength_axis_nm(self) -> NDArray[np.float64]:
        """Return the wavelength of every pixel, from the polynomial stored in the instrument.

        Returns:
            Nanometres, shape ``(pixel_count,)``, strictly increasing.

        Raises:
            ProtocolError: The coefficients make no wavelength axis.
        """
        with self.link.exchange():
            count = _codec.read_uint8(self._query(MessageType.WAVELENGTH_COEFFICIENT_COUNT))
            if not 1 < count <= _MAX_COEFFICIENTS:
                raise ProtocolError(self.link.name, f"reports {count} wavelength coefficients")
            coefficients = [
                _codec.read_float32(self._query(MessageType.WAVELENGTH_COEFFICIENT, bytes([i])))
                for i in range(count)
            ]
        axis = np.polynomial.Polynomial(coefficients)(np.arange(self.pixel_count, dtype=float))
        if not (np.all(np.isfinite(axis)) and np.all(np.diff(axis) > 0)):
            raise ProtocolError(
                self.link.name, f"wavelength coefficients {coefficients} give no increasing axis"
            )
        return np.asarray(axis, dtype=np.float64)

    # -- exposure ----------------------------------------------------------------------------

    def integration_time_s(self) -> float:
        """Return the integration time that the instrument holds, in seconds."""
        payload = self._query(MessageType.GET_INTEGRATION_TIME_US)
        return _codec.read_integration_time_s(payload)

    def set_integration_time_s(self, integration_time_s: float) -> None:
        """Set the integration time; the spectra that may still show the old one are thrown away.

        Args:
            integration_time_s: 0.006 to 10 s, rounded to whole microseconds.

        Raises:
            LimitError: Outside; nothing was sent.
            DeviceFaultError: The instrument refused, or reads back another value.
        """
        low_s, high_s = self.integration_limits_s
        if not low_s <= integration_time_s <= high_s:
            raise LimitError(
                self.link.name,
                f"integration time must be {low_s:g} to {high_s:g} s, asked for "
                f"{integration_time_s!r}",
                value=integration_time_s,
                unit="s",
                limits=self.integration_limits_s,
            )
        self._stale = self._discard_after_change
        payload = _codec.integration_time_payload(integration_time_s)
        asked_s = _codec.read_integration_time_s(payload)
        with self.link.exchange():
            self._command(MessageType.INTEGRATION_TIME_US, payload)
            actual_s = self.integration_time_s()
        self._exposure_s = actual_s
        if actual_s != asked_s:
            raise DeviceFaultError(
                self.link.name,
                f"integration time reads {actual_s:g} s after {asked_s:g} s was set",
            )

    @property
    def spectrum_timeout_s(self) -> float:
        """How long one spectrum may take: the exposure under way, the next, the transfer."""
        return 2.0 * self._exposure_s + 1.0

    @property
    def pending_discards(self) -> int:
        """Spectra that the next :meth:`take_spectrum` throws away first."""
        return self._stale

    def discard_next(self) -> None:
        """Throw the next spectra away because the light has changed."""
        self._stale = self._discard_after_change

    def discard_stale(self) -> None:
        """Take and throw away the spectra that may still show what was before the last change."""
        while self._stale > 0:
            self._raw_spectrum()
            self._stale -= 1

    def take_spectrum(self) -> NDArray[np.float64]:
        """Expose and return one spectrum, after throwing away those that must not count.

        Returns:
            Raw counts, shape ``(pixel_count,)``.

        Raises:
            LinkTimeoutError: No spectrum within :attr:`spectrum_timeout_s`.
        """
        self.discard_stale()
        return self._raw_spectrum()

    def _raw_spectrum(self) -> NDArray[np.float64]:
        payload = self._query(MessageType.RAW_SPECTRUM, timeout_s=self.spectrum_timeout_s)
        try:
            return _codec.read_spectrum(payload, self.pixel_count)
        except _codec.FrameError as error:
            raise ProtocolError(self.link.name, f"spectrum: {error}") from error

    def make_safe(self) -> None:
        """Do nothing: a spectrometer neither emits nor moves."""
