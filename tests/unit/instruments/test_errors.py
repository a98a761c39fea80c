"""The tree of errors."""

import pickle

import pytest

from instruments import errors


def test_a_message_starts_with_the_name_of_the_instrument():
    assert str(errors.LinkLostError("lamp", "is gone")) == "lamp: is gone"


def test_a_limit_error_carries_what_was_asked_and_what_is_allowed():
    error = errors.LimitError("lamp", "too much", value=12, unit="mA", limits=(0, 10))
    assert (error.value, error.unit, error.limits) == (12, "mA", (0, 10))


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_is_made_from_name_and_message_and_survives_copying(name):
    error = getattr(errors, name)("lamp", "words")
    assert isinstance(error, errors.InstrumentError)
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.instrument, type(copy)) == ("lamp: words", "lamp", type(error))


def test_what_the_line_did_can_be_told_from_what_was_asked():
    assert issubclass(errors.LinkTimeoutError, errors.LinkError)
    assert issubclass(errors.LinkLostError, errors.LinkError)
    assert issubclass(errors.StalledError, errors.DeviceFaultError)
    assert issubclass(errors.InterlockOpenError, errors.DeviceFaultError)
    assert not issubclass(errors.LimitError, errors.LinkError)


def test_a_fault_carries_its_code_and_a_protocol_error_the_reply():
    assert errors.DeviceFaultError("pump", "stalled", code=3).code == 3
    assert errors.ProtocolError("pump", "odd", reply=b"\xff").reply == b"\xff"
