"""What all devices have in common."""

import threading
import time

import pytest

from instruments.device import BenchDevice
from instruments.driver import Identity, LinkedInstrument
from instruments.errors import (
    DeviceFaultError,
    LinkError,
    LinkLostError,
    LinkTimeoutError,
    NotConnectedError,
    ProtocolError,
)
from instruments.links import ScriptedLink


class Lamp(LinkedInstrument):
    """A lamp that can be asked and switched off."""

    def identify(self):
        return Identity(maker="Maker", model=self.ask("N?"), serial="", firmware="")

    def make_safe(self):
        self.link.write("OFF")
        if self.ask("OFF?") != "1":
            raise DeviceFaultError(self.name, "is still on")


class LampDevice(BenchDevice):
    """A device that looks whether it talks to the right model."""

    stopped = 0

    def prepare(self):
        if self.identity.model != "L1":
            raise ProtocolError(self.name, f"is a {self.identity.model}, not an L1")

    def stop(self, *, success=False):
        self.stopped += 1


HELLO = ("N?\n", "L1\n")
OFF = ("OFF\n", "")
IS_OFF = ("OFF?\n", "1\n")


def lamp(*pairs):
    return LampDevice(name="lamp", driver=Lamp(ScriptedLink(pairs, name="lamp")))


def link_of(device):
    return device._driver.link


def test_a_device_is_connected_when_it_has_said_who_it_is():
    device = lamp(HELLO)
    assert not device.connected
    device.connect()
    assert device.connected
    assert device.identity == Identity(maker="Maker", model="L1", serial="", firmware="")


def test_a_device_that_is_not_connected_has_no_identity():
    with pytest.raises(NotConnectedError, match="lamp: is not connected"):
        _ = lamp().identity


def test_the_wrong_model_is_disconnected_again():
    device = lamp(("N?\n", "L2\n"))
    with pytest.raises(ProtocolError, match="is a L2, not an L1"):
        device.connect()
    assert not device.connected
    assert not link_of(device).connected


def test_disconnecting_twice_is_harmless():
    device = lamp(HELLO)
    device.connect()
    device.disconnect()
    device.disconnect()
    assert not device.connected


def test_a_device_needs_nothing_to_prepare():
    device = BenchDevice(name="lamp", driver=Lamp(ScriptedLink([HELLO])))
    device.connect()
    assert device.connected


def test_safe_is_confirmed_by_the_instrument():
    device = lamp(HELLO, OFF, IS_OFF)
    device.connect()
    device.make_safe()
    link_of(device).assert_finished()
    assert device.connected


def test_what_is_not_confirmed_is_an_error():
    device = lamp(HELLO, OFF, ("OFF?\n", "0\n"))
    device.connect()
    with pytest.raises(DeviceFaultError, match="still on"):
        device.make_safe()


def test_a_device_that_was_never_connected_is_made_safe_and_left_closed():
    device = lamp(OFF, IS_OFF)
    device.make_safe()
    link_of(device).assert_finished()
    assert not link_of(device).connected


def test_safe_does_not_wait_for_a_line_that_is_down():
    device = lamp(HELLO, ("T?\n", ConnectionResetError("gone")), OFF, IS_OFF)
    device.connect()
    with pytest.raises(LinkError):
        device._driver.ask("T?")
    device.make_safe()
    link_of(device).assert_finished()


def test_safe_that_takes_too_long_says_so(virtual_clock):
    device = lamp(HELLO, OFF, IS_OFF)
    device.connect()
    device._driver.make_safe = lambda: time.sleep(3.0)
    start_s = time.monotonic()
    with pytest.raises(LinkTimeoutError, match="switch it off by hand"):
        device.make_safe(timeout_s=0.5)
    assert time.monotonic() - start_s == pytest.approx(0.5)
    time.sleep(5.0)


def test_safe_is_not_held_up_by_a_thread_that_keeps_the_line(virtual_clock):
    device = lamp(HELLO, OFF, IS_OFF)
    device.connect()

    def hold():
        with link_of(device).exchange():
            time.sleep(5.0)

    holder = threading.Thread(target=hold, name="plan")
    holder.start()
    time.sleep(0.1)
    with pytest.raises(LinkTimeoutError):
        device.make_safe(timeout_s=1.0)
    holder.join(10)


def test_work_in_a_thread_settles_its_status(virtual_clock):
    device = lamp()
    names = []

    def work():
        names.append(threading.current_thread().name)
        time.sleep(1.0)

    status = device.run_in_thread(work, timeout_s=5.0)
    assert not status.done
    status.wait(5)
    assert names == ["lamp"]
    assert device.stopped == 0


def test_work_that_fails_hands_on_its_words_and_stops_the_device(virtual_clock):
    device = lamp()

    def work():
        raise LinkLostError("lamp", "gone")

    status = device.run_in_thread(work, timeout_s=5.0)
    with pytest.raises(LinkLostError, match="lamp: gone"):
        status.wait(5)
    assert device.stopped == 1


def test_work_that_takes_too_long_fails_its_status(virtual_clock):
    device = lamp()
    status = device.run_in_thread(lambda: time.sleep(3.0), timeout_s=1.0)
    assert "lamp: was not done after 1 s" in str(status.exception(5))
    time.sleep(5.0)
