"""What a pause has interrupted."""

import time

from instruments.interruption import Interruption


def test_what_was_stopped_and_then_paused_is_resumed_once():
    interruption = Interruption()
    interruption.stopped("light")
    interruption.pause()
    assert interruption.take() == "light"
    assert interruption.take() is None


def test_a_stop_without_a_pause_is_never_resumed():
    interruption = Interruption()
    interruption.stopped("light")
    assert interruption.take() is None


def test_a_pause_without_a_stop_resumes_nothing():
    interruption = Interruption()
    interruption.pause()
    assert interruption.take() is None


def test_a_second_pause_before_resuming_keeps_what_the_first_interrupted():
    interruption = Interruption()
    interruption.stopped("light")
    interruption.pause()
    interruption.pause()
    assert interruption.take() == "light"


def test_a_stop_of_long_ago_is_not_what_the_pause_belongs_to(virtual_clock):
    interruption = Interruption()
    interruption.stopped("light")
    time.sleep(61)
    interruption.pause()
    assert interruption.take() is None


def test_what_was_forgotten_is_not_resumed():
    interruption = Interruption()
    interruption.stopped("light")
    interruption.pause()
    interruption.stopped("light")
    interruption.forget()
    interruption.pause()
    assert interruption.take() is None
