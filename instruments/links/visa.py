"""Bytes in and out of a VISA address.

pyvisa with the pyvisa-py backend opens and owns every port. What pyvisa-py does badly is done here:
it takes a refused connection for an open one, it polls a closed one until its time-out, and it
sends with no time-out at all. Whatever fails leaves this module as an `OSError`, and as a
`TimeoutError` where the line is there but too slow.
"""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any, Protocol

import pyvisa

from instruments.links.seabreeze import is_seabreeze_address, open_seabreeze
from instruments.links.serial_settings import SerialSettings

_CHUNK = 4096  # bytes that are tried at once when the other side is slow
_AT_ONCE = 65536
_PSEUDO_TERMINAL = "/dev/pts/"

_manager_lock = threading.Lock()
_managers: list[pyvisa.ResourceManager] = []


class Wire(Protocol):
    """An open line that carries bytes."""

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all bytes.

        Raises:
            TimeoutError: the other side did not take them in time.
            OSError: the line is gone.
        """
        ...

    def receive(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting for the first byte; nothing if none came in time.

        Raises:
            OSError: the line is gone.
        """
        ...

    def interrupt(self) -> None:
        """Make the call in progress on another thread end soon."""
        ...

    def is_gone(self) -> bool:
        """Tell whether the system has lost the line; asks the device nothing, and never waits.

        Any thread may call, also while another one uses the line or closes it.
        """
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


def open_wire(address: str, *, timeout_s: float, serial: SerialSettings) -> Wire:
    """Open an address.

    Args:
        address: VISA resource name, such as ``TCPIP::127.0.0.1::5000::SOCKET`` or ``ASRL3::INSTR``,
            or the address of a USB spectrometer, ``seabreeze::FLMS00042``.
        timeout_s: how long opening may take, s.
        serial: settings of a serial line.

    Raises:
        OSError: nothing answers there.
    """
    if is_seabreeze_address(address):
        return open_seabreeze(address)
    try:
        resource: Any = _manager().open_resource(address, open_timeout=round(timeout_s * 1000))
    except Exception as error:  # pyvisa-py raises plain Exception
        raise ConnectionError(str(error) or type(error).__name__) from error
    try:
        resource.timeout = timeout_s * 1000
        kind = str(resource.resource_class), address.upper()
        if kind[0] == "SOCKET":
            return SocketWire(resource)
        if kind[1].startswith("ASRL"):
            return SerialWire(resource, serial)
        return MessageWire(resource)
    except BaseException:
        resource.close()
        raise


def _manager() -> pyvisa.ResourceManager:
    """Return the one manager of the process, made when the first port is opened."""
    with _manager_lock:
        if not _managers:
            _managers.append(pyvisa.ResourceManager("@py"))
        return _managers[0]


class SocketWire:
    """A TCP socket that pyvisa-py has opened.

    Args:
        resource: the open pyvisa resource.

    Raises:
        OSError: the connection was refused.
    """

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        # The session is asked for its socket because VISA has no word for "wait until something
        # arrives" and none for "the other side has closed".
        self._socket: socket.socket = resource.visalib.sessions[resource.session].interface
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        self._socket.getpeername()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._socket.setblocking(False)

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all bytes; see `Wire.send`."""
        # Written directly: pyvisa-py waits for ever when the other side takes no more.
        sent = self._send_at_once(data)
        if sent == len(data):
            return
        end_s = time.monotonic() + timeout_s
        while sent < len(data):
            left_s = max(0.0, end_s - time.monotonic())
            if not select.select([], [self._socket], [], left_s)[1]:
                raise TimeoutError(f"the other side takes no bytes ({sent} of {len(data)} sent)")
            sent += self._send_at_once(data[sent : sent + _CHUNK])

    def _send_at_once(self, data: bytes) -> int:
        """Send as much as goes without waiting and return how many bytes that was."""
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def receive(self, timeout_s: float) -> bytes:
        """Return what has arrived; see `Wire.receive`."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return b""
        # Read directly: pyvisa-py would not notice that the other side has closed before its
        # time-out, and takes as long again as the rest of a query.
        data = self._socket.recv(_AT_ONCE)
        if not data:
            raise ConnectionResetError("the other side closed the connection")
        return data

    def interrupt(self) -> None:
        """Shut the socket: whoever waits for it sees it closed."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def is_gone(self) -> bool:
        """Tell whether the other side has closed; see `Wire.is_gone`."""
        try:
            return not self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def close(self) -> None:
        """Close the socket."""
        with _as_os_errors():
            self._resource.close()


class SerialWire:
    """A serial port that pyvisa-py has opened.

    Args:
        resource: the open pyvisa resource.
        serial: how to set it.
    """

    def __init__(self, resource: Any, serial: SerialSettings) -> None:
        self._resource = resource
        resource.end_input = pyvisa.constants.SerialTermination.none
        self._port: Any = resource.visalib.sessions[resource.session].interface
        frame = {
            "baudrate": serial.baud_rate,
            "bytesize": serial.data_bits,
            "parity": serial.parity[0].upper(),
            "stopbits": serial.stop_bits,
            "rtscts": serial.flow_control == "rts-cts",
            "xonxoff": serial.flow_control == "xon-xoff",
            "dsrdtr": serial.flow_control == "dtr-dsr",
        }
        if _PSEUDO_TERMINAL in str(self._port.port):  # Linux refuses to give it a frame
            frame = {"baudrate": serial.baud_rate}
        try:
            # pyserial is set directly: pyvisa-py cannot set mark parity.
            self._port.apply_settings(frame)
        except Exception as error:  # termios.error is no OSError
            raise ConnectionError(f"the port cannot be set to {serial}: {error}") from error

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send all bytes; see `Wire.send`."""
        self._port.write_timeout = timeout_s
        with _as_os_errors():
            self._resource.write_raw(data)

    def receive(self, timeout_s: float) -> bytes:
        """Return what has arrived; see `Wire.receive`."""
        # pyserial is asked directly: pyvisa-py waits up to twice its time-out for the first byte.
        self._port.timeout = timeout_s
        first: bytes = self._port.read(1)
        return first + self._port.read(self._port.in_waiting) if first else b""

    def interrupt(self) -> None:
        """End the waiting of another thread."""
        self._port.cancel_read()

    def is_gone(self) -> bool:
        """Tell whether the port has left the computer, as an unplugged adapter does."""
        try:
            return bool(self._port.in_waiting < 0)
        except (OSError, TypeError):  # pyserial's for a port that is closed meanwhile
            return True

    def close(self) -> None:
        """Close the port."""
        with _as_os_errors():
            self._resource.close()


class MessageWire:
    """USB, GPIB and VXI-11: the bus itself tells where a message ends.

    Args:
        resource: the open pyvisa resource.
    """

    def __init__(self, resource: Any) -> None:
        self._resource = resource

    def send(self, data: bytes, timeout_s: float) -> None:
        """Send one message; see `Wire.send`."""
        self._resource.timeout = timeout_s * 1000
        with _as_os_errors():
            self._resource.write_raw(data)

    def receive(self, timeout_s: float) -> bytes:
        """Return one message; see `Wire.receive`."""
        self._resource.timeout = timeout_s * 1000
        try:
            with _as_os_errors():
                return bytes(self._resource.read_raw())
        except TimeoutError:
            return b""

    def interrupt(self) -> None:
        """Do nothing: these buses end a transfer by their time-out only."""

    def is_gone(self) -> bool:
        """Say no: these buses tell it by a transfer only."""
        return False

    def close(self) -> None:
        """Close the resource."""
        with _as_os_errors():
            self._resource.close()


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    """Turn the errors of pyvisa into those of the operating system."""
    try:
        yield
    except pyvisa.errors.VisaIOError as error:
        if error.error_code == pyvisa.constants.StatusCode.error_timeout:
            raise TimeoutError(error.description) from error
        raise ConnectionError(error.description) from error
