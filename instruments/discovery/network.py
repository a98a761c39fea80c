"""Instruments on the network, asked only when the user wants it.

The Ocean HDX and its relatives listen to the multicast group 239.239.239.239, port 57357: who gets
a question for the USB product id answers from its own address (python-seabreeze 2.11,
``pyseabreeze/transport.py``).
"""

import socket
import time

from instruments.discovery.finding import Finding
from instruments.errors import InstrumentError
from instruments.links import Link
from instruments.spectrometers import obp
from instruments.spectrometers.ocean_hdx import OceanHdx

GROUP = "239.239.239.239"
PORT = 57357
_PRODUCTS = {0x2003: ("Ocean HDX", ("ocean-hdx",))}
_DATAGRAM = 4096


def ask_network(
    *, wait_s: float = 2.0, group: tuple[str, int] = (GROUP, PORT)
) -> tuple[list[Finding], list[str]]:
    """Ask the multicast group once, and return who answered and what hinders.

    Args:
        wait_s: How long answers are awaited, s.
        group: Address and port of the group.
    """
    question = obp.encode(obp.Message(message_type=obp.MessageType.PRODUCT_ID))
    found: dict[str, Finding] = {}
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.sendto(question, group)
            end_s = time.monotonic() + wait_s
            while (left_s := end_s - time.monotonic()) > 0:
                line.settimeout(left_s)
                try:
                    data, (host, _) = line.recvfrom(_DATAGRAM)
                except TimeoutError:
                    break
                finding = _answered(data, host)
                if finding is not None:
                    found[host] = finding
    except OSError as error:
        return list(found.values()), [f"the network cannot be asked: {error}"]
    return list(found.values()), []


def _answered(data: bytes, host: str) -> Finding | None:
    try:
        header = obp.decode_header(data[: obp.HEADER_LENGTH])
        reply = obp.decode(header, data[obp.HEADER_LENGTH :])
    except obp.FrameError:
        return None  # somebody else's datagram
    if reply.message_type != obp.MessageType.PRODUCT_ID or len(reply.payload) != 2:
        return None
    product = int.from_bytes(reply.payload, "little")
    what, models = _PRODUCTS.get(product, (f"Ocean spectrometer {product:#06x}", ()))
    return Finding(
        bus="network",
        address=_address(host),
        what=what,
        models=models,
        note="" if models else "regrow has no driver for it",
    )


def ask_host(host: str, *, timeout_s: float = 2.0) -> tuple[list[Finding], list[str]]:
    """Ask one computer or instrument that the user has named.

    Args:
        host: Name or number, with ``:port`` where it is not 57357.
        timeout_s: How long an answer is awaited, s.
    """
    link = Link(
        _address(host), name=host, timeout_s=timeout_s, read_termination="", write_termination=""
    )
    try:
        identity = OceanHdx(link).identify()
    except InstrumentError as error:
        return [], [str(error)]
    finally:
        link.close()
    return [
        Finding(
            bus="network",
            address=_address(host),
            what=f"{identity.maker} {identity.model}, firmware {identity.firmware}",
            models=("ocean-hdx",),
            serial=identity.serial,
        )
    ], []


def _address(host: str) -> str:
    name, _, port = host.partition(":")
    return f"TCPIP::{name}::{port or PORT}::SOCKET"
