"""QE Pro: buffer, metadata and cooler, against a script."""

import struct

import numpy as np
import pytest

from instruments.errors import DeviceFaultError, LimitError, ProtocolError
from instruments.links import ScriptedLink
from instruments.spectrometers import obp
from instruments.spectrometers.obp import Flag, Message, MessageType
from instruments.spectrometers.ocean_qepro import OceanQePro

SPECTRUM = obp.encode(Message(message_type=MessageType.BUFFERED_SPECTRUM))


def command(message_type, payload=b""):
    return obp.encode(Message(message_type=message_type, payload=payload, flags=Flag.REQUEST_ACK))


def answer(message_type, payload=b"", *, flags=Flag.RESPONSE, error=0):
    return obp.encode(
        Message(message_type=message_type, payload=payload, flags=flags, error_number=error)
    )


CLEAR = (
    command(MessageType.CLEAR_BUFFER),
    answer(MessageType.CLEAR_BUFFER, flags=Flag.RESPONSE | Flag.ACK),
)


def spectrum(counts, microseconds=1_000_000):
    metadata = struct.pack("<LQLHB13x", 7, 123, microseconds, 0, 0)
    payload = metadata + np.full(1044, counts, "<u4").tobytes()
    return SPECTRUM, answer(MessageType.BUFFERED_SPECTRUM, payload)


def driver(*pairs, discard=0):
    link = ScriptedLink(pairs, name="qepro", timeout_s=0.1, read_termination="")
    return OceanQePro(link, discard_after_change=discard), link


def test_a_spectrum_has_eighteen_bits():
    qepro, link = driver(CLEAR, spectrum(262_143))
    assert qepro.take_spectrum().tolist() == [262_143.0] * 1044
    link.assert_finished()


def test_the_buffer_is_emptied_before_a_spectrum_and_not_within_a_burst():
    qepro, link = driver(CLEAR, spectrum(1), spectrum(2))
    assert qepro.take_spectrum()[0] == 1
    assert qepro.take_next_spectrum()[0] == 2
    link.assert_finished()


def test_a_firmware_without_a_buffer_is_asked_once():
    refused = answer(MessageType.CLEAR_BUFFER, flags=Flag.RESPONSE | Flag.NACK, error=2)
    qepro, link = driver((CLEAR[0], refused), spectrum(1), spectrum(2))
    assert qepro.take_spectrum()[0] == 1
    assert qepro.take_spectrum()[0] == 2
    link.assert_finished()


def test_another_refusal_is_told():
    refused = answer(MessageType.CLEAR_BUFFER, flags=Flag.RESPONSE | Flag.NACK, error=13)
    qepro, _ = driver((CLEAR[0], refused))
    with pytest.raises(DeviceFaultError, match="internal error"):
        qepro.take_spectrum()


def test_a_spectrum_of_another_exposure_never_counts():
    qepro, _ = driver(CLEAR, spectrum(1, microseconds=500_000))
    with pytest.raises(ProtocolError, match="500000 us came after 1000000 us"):
        qepro.take_spectrum()


def test_a_spectrum_that_is_thrown_away_may_be_of_another_exposure():
    qepro, link = driver(CLEAR, spectrum(1, microseconds=500_000), CLEAR, spectrum(2), discard=1)
    assert qepro.take_spectrum()[0] == 2
    link.assert_finished()


def test_a_spectrum_of_another_length_is_told():
    qepro, _ = driver(CLEAR, (SPECTRUM, answer(MessageType.BUFFERED_SPECTRUM, bytes(100))))
    with pytest.raises(ProtocolError, match="4208 bytes"):
        qepro.take_spectrum()


@pytest.mark.parametrize("temperature_degc", [-41, 21, float("nan")])
def test_an_illegal_set_point_is_never_sent(temperature_degc):
    qepro, link = driver()
    with pytest.raises(LimitError):
        qepro.set_detector_setpoint_degc(temperature_degc)
    link.assert_finished()


def test_after_a_loss_of_power_it_is_cooled_again():
    ack = Flag.RESPONSE | Flag.ACK
    cool = [
        (
            command(MessageType.SET_DETECTOR_SETPOINT, struct.pack("<f", -12.0)),
            answer(MessageType.SET_DETECTOR_SETPOINT, flags=ack),
        ),
        (command(MessageType.SET_COOLER, b"\x01"), answer(MessageType.SET_COOLER, flags=ack)),
    ]
    qepro, link = driver(*cool, *cool)
    qepro.set_detector_setpoint_degc(-12.0)
    qepro._restore()
    link.assert_finished()


def test_a_number_of_coefficients_that_no_model_has_is_told():
    count = MessageType.WAVELENGTH_COEFFICIENT_COUNT
    qepro, _ = driver((obp.encode(Message(message_type=count)), answer(count, b"\x01")))
    with pytest.raises(ProtocolError, match="1 coefficients"):
        qepro.wavelength_axis_nm()
