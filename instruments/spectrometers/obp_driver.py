"""Ocean spectrometers that speak the Ocean Binary Protocol."""

from instruments.driver import Identity
from instruments.errors import DeviceFaultError, ProtocolError
from instruments.spectrometers import obp
from instruments.spectrometers.driver import Counts
from instruments.spectrometers.obp import Flag, Message, MessageType
from instruments.spectrometers.ocean import FREE, OceanSpectrometer

UNKNOWN_MESSAGE = 2
"""Number of the error that tells that a firmware does not know a message."""

_MAX_COEFFICIENTS = 8
_MAX_LATE_FRAMES = 4


class ObpSpectrometer(OceanSpectrometer):
    """Exchanges of frames, on a socket, a serial line or a USB alike."""

    model = ""
    spectrum_message = MessageType.RAW_SPECTRUM

    # -- exchanges ---------------------------------------------------------------------------

    def _exchange(self, message: Message, timeout_s: float | None = None) -> Message:
        with self.link.exchange():
            self.link.write_bytes(obp.encode(message))
            try:
                start = self.link.read_bytes(obp.HEADER_LENGTH, timeout_s=timeout_s)
                header = obp.decode_header(start)
                reply = obp.decode(header, self.link.read_bytes(header.bytes_remaining))
            except obp.FrameError as error:
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
        """Ask for the serial number and throw away the answers to former questions before it.

        A spectrum that waits for a trigger is among these: it comes when it waits no longer.
        """
        if self._trigger_mode != FREE:
            self.link.write_bytes(obp.encode(self._trigger_message(FREE)))
        self.link.write_bytes(obp.encode(Message(message_type=MessageType.SERIAL_NUMBER)))
        for _ in range(_MAX_LATE_FRAMES):
            start = self.link.read_bytes(obp.HEADER_LENGTH, timeout_s=self._exposing_timeout_s)
            try:
                header = obp.decode_header(start)
            except obp.FrameError as error:
                raise ProtocolError(self.link.name, f"after an error: {error}") from error
            self.link.read_bytes(header.bytes_remaining)
            if header.message.message_type == MessageType.SERIAL_NUMBER:
                if self._trigger_mode != FREE:
                    self.link.write_bytes(obp.encode(self._trigger_message(self._trigger_mode)))
                return
        raise ProtocolError(
            self.link.name, f"{_MAX_LATE_FRAMES} late answers, and the awaited one not among them"
        )

    def _query(
        self, message_type: int, payload: bytes = b"", timeout_s: float | None = None
    ) -> bytes:
        return self._exchange(
            Message(message_type=message_type, payload=payload), timeout_s
        ).payload

    def _command(self, message_type: int, payload: bytes = b"") -> None:
        self._exchange(Message(message_type=message_type, payload=payload, flags=Flag.REQUEST_ACK))

    # -- what every model knows --------------------------------------------------------------

    def identify(self) -> Identity:
        """Return maker, model, serial number and firmware revision."""
        with self.link.exchange():
            serial = obp.read_text(self._query(MessageType.SERIAL_NUMBER))
            firmware = obp.read_revision(self._query(MessageType.FIRMWARE_REVISION))
        return Identity(maker="Ocean Optics", model=self.model, serial=serial, firmware=firmware)

    def _trigger_message(self, mode: str) -> Message:
        payload = bytes([self.trigger_modes[mode]])
        return Message(message_type=MessageType.TRIGGER_MODE, payload=payload)

    def _write_trigger_mode(self, number: int) -> None:
        self._command(MessageType.TRIGGER_MODE, bytes([number]))

    def _switch_lamp_line_off(self) -> None:
        try:
            self._command(MessageType.LAMP_ENABLE, b"\x00")
        except DeviceFaultError as error:
            if error.code != UNKNOWN_MESSAGE:  # a firmware that does not know the line has none
                raise

    def _write_integration_time_us(self, microseconds: int) -> None:
        self._command(MessageType.INTEGRATION_TIME_US, obp.integration_time_payload(microseconds))

    def _read_integration_time_us(self) -> int:
        return obp.read_uint32(self._query(MessageType.GET_INTEGRATION_TIME_US))

    def _read_wavelength_coefficients(self) -> list[float]:
        return self._coefficients(
            MessageType.WAVELENGTH_COEFFICIENT_COUNT, MessageType.WAVELENGTH_COEFFICIENT, least=2
        )

    def _read_nonlinearity(self) -> list[float]:
        return self._coefficients(
            MessageType.NONLINEARITY_COEFFICIENT_COUNT,
            MessageType.NONLINEARITY_COEFFICIENT,
            least=0,
        )

    def _coefficients(self, count_message: int, message: int, *, least: int) -> list[float]:
        with self.link.exchange():
            count = obp.read_uint8(self._query(count_message))
            if not least <= count <= _MAX_COEFFICIENTS:
                raise ProtocolError(
                    self.link.name, f"message {count_message:#010x}: {count} coefficients"
                )
            return [
                obp.read_float32(self._query(message, bytes([number]))) for number in range(count)
            ]

    def _raw_spectrum(self) -> Counts:
        payload = self._query(self.spectrum_message, timeout_s=self.spectrum_timeout_s)
        try:
            return self._unpack(payload)
        except obp.FrameError as error:
            raise ProtocolError(self.link.name, f"spectrum: {error}") from error

    def _unpack(self, payload: bytes) -> Counts:
        return obp.read_spectrum(payload, self.pixel_count)
