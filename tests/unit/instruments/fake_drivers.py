"""Drivers of instruments that are only Python: what the kinds of devices are tested with.

Each says what it did in ``done`` and raises what is put into ``failing`` under a method's name.
"""

import contextlib
import threading
import time

import numpy as np
from bluesky import RunEngine

from instruments.driver import Identity
from instruments.errors import LimitError
from instruments.links import ScriptedLink
from instruments.pumps import PumpProgress
from instruments.stages import AxisMotion


@contextlib.contextmanager
def an_engine():
    """A RunEngine whose thread ends."""
    engine = RunEngine(context_managers=[])
    try:
        yield engine
    finally:
        engine.loop.call_soon_threadsafe(engine.loop.stop)
        engine._th.join(5)
        engine.loop.close()


def finished(status):
    """Wait for a status and return it; raises what it failed with."""
    status.wait(timeout=1000)
    return status


def wait_until(is_so):
    """Wait for what another thread is about to do."""
    pause = threading.Event()
    for _ in range(2000):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to be so")


class FakeDriver:
    """A link that has nobody at its other end, and a list of what was done."""

    def __init__(self, name):
        self.link = ScriptedLink([], name=name)
        self.done = []
        self.failing = {}
        self.takes_s = {}

    def do(self, method, *arguments):
        with self.link.exchange():
            if method in self.takes_s:
                time.sleep(self.takes_s[method])
            self.done.append((method, *arguments))
            if method in self.failing:
                raise self.failing[method]

    def methods(self):
        return [done[0] for done in self.done]

    def identify(self):
        self.do("identify")
        return Identity(maker="Maker", model="Model", serial="1", firmware="2")

    def make_safe(self):
        self.do("make_safe")


class FakeLight(FakeDriver):
    level_unit = "mA"
    level_step = 1.0
    full_level = 1000.0
    many_at_once = True

    def __init__(self):
        super().__init__("light")
        self.on = set()
        self.levels = {}
        self.limits = {}
        self.wrong = ()
        self.hours = float("nan")

    def prepare(self, limits):
        self.do("prepare", dict(limits))
        self.limits = dict(limits)
        self.on.clear()

    def set_level(self, channel, level):
        self.do("set_level", channel, level)
        self.levels[channel] = level

    def level(self, channel):
        self.do("level", channel)
        return self.levels.get(channel, 0.0)

    def switch_on(self, channel):
        if "switch_on" in self.failing:
            self.on.add(channel)  # it did what it was told; only nobody hears of it
        self.do("switch_on", channel)
        self.on.add(channel)

    def lit(self, channel=None):
        self.do("lit")
        return {channel: self.levels.get(channel, 0.0) for channel in self.on}

    def faults(self, channel=None):
        self.do("faults", channel)
        return self.wrong

    def lamp_hours(self):
        return self.hours

    def make_safe(self):
        self.do("make_safe")
        self.on.clear()


class FakePump(FakeDriver):
    """Pumps as fast as time passes."""

    limits_ul_min = (0.1, 8000.0)

    def __init__(self):
        super().__init__("pump")
        self.job = None
        self.ended_s = None
        self.rate = 0.0

    def prepare(self, diameter_mm):
        self.do("prepare", diameter_mm)
        return ""

    def rate_limits_ul_min(self):
        return self.limits_ul_min

    def check_dispense(self, volume_ul, rate_ul_min):
        pass

    def start(self, *, volume_ul, rate_ul_min, direction):
        self.do("start", volume_ul, rate_ul_min, direction)
        self.rate = rate_ul_min
        self.job = (time.monotonic(), volume_ul, rate_ul_min, direction)
        self.ended_s = None

    def delivered_ul(self):
        if self.job is None:
            return 0.0
        started_s, volume_ul, rate_ul_min, _ = self.job
        until_s = time.monotonic() if self.ended_s is None else self.ended_s
        return min(volume_ul, (until_s - started_s) * rate_ul_min / 60)

    def progress(self):
        self.do("progress")
        volume_ul = self.delivered_ul()
        infuses = self.job is None or self.job[3] == "infuse"
        runs = self.job is not None and self.ended_s is None and volume_ul < self.job[1]
        return PumpProgress(
            is_pumping=runs,
            is_paused=False,
            infused_ul=volume_ul if infuses else 0.0,
            withdrawn_ul=0.0 if infuses else volume_ul,
            resolution_ul=0.01,
        )

    def rate_ul_min(self):
        self.do("rate_ul_min")
        return self.rate

    def stop(self):
        self.do("stop")
        if self.ended_s is None:
            self.ended_s = time.monotonic()

    def make_safe(self):
        self.stop()


class FakeAxis:
    """Moves 10 mm/s."""

    resolution_mm = 0.001
    limits_mm = (0.0, 100.0)

    def __init__(self, driver):
        self.driver = driver
        self.link = driver.link
        self.homed = True
        self.way = (0.0, 0.0, 0.0)  # started at, from, to
        self.stops_short = False

    def prepare(self):
        self.driver.do("prepare")

    def position_mm(self):
        started_s, from_mm, to_mm = self.way
        moved_mm = min(10.0 * (time.monotonic() - started_s), abs(to_mm - from_mm))
        return from_mm + (moved_mm if to_mm > from_mm else -moved_mm)

    def is_homed(self):
        return self.homed

    def check_position_mm(self, position_mm):
        if not 0 <= position_mm <= 100:
            raise LimitError("stage axis x", f"0 to 100 mm, asked for {position_mm}")

    def move_timeout_s(self, position_mm):
        return 30.0

    def start_move_to_mm(self, position_mm):
        self.driver.do("start_move_to_mm", position_mm)
        self.way = (time.monotonic(), self.position_mm(), position_mm)

    def start_home(self):
        self.driver.do("start_home")
        self.homed = True
        self.way = (time.monotonic(), self.position_mm(), 0.0)

    def motion(self):
        self.driver.do("motion")
        return AxisMotion(is_moving=self.position_mm() != self.way[2], warning="")

    def stop(self):
        self.driver.do("stop")
        self.way = (time.monotonic(), self.position_mm(), self.position_mm())


class FakeSpectrometer(FakeDriver):
    pixel_count = 5
    full_scale_counts = 65535.0
    spectrum_timeout_s = 1.0
    dark_pixels = (0,)

    def __init__(self):
        super().__init__("spectrometer")
        self.pending_discards = 0
        self.exposure_s = 0.1
        self.trigger_mode = "free"
        self.trigger_timeout_s = 10.0
        self.spectra = []

    def prepare(self, integration_time_s):
        self.do("prepare", integration_time_s)
        self.exposure_s = integration_time_s

    def wavelength_axis_nm(self):
        self.do("wavelength_axis_nm")
        return np.linspace(400.0, 404.0, 5)

    def integration_time_s(self):
        self.do("integration_time_s")
        return self.exposure_s

    def set_integration_time_s(self, integration_time_s):
        self.do("set_integration_time_s", integration_time_s)
        self.exposure_s = integration_time_s

    def set_trigger_mode(self, mode):
        self.do("set_trigger_mode", mode)
        self.trigger_mode = mode

    def nonlinearity(self):
        return np.array([0.99, 1e-7])

    def take_next_spectrum(self):
        return self.take_spectrum()

    def discard_next(self):
        self.pending_discards = 1

    def discard_stale(self):
        while self.pending_discards:
            self.take_spectrum()
            self.pending_discards -= 1

    def take_spectrum(self):
        self.do("take_spectrum")
        time.sleep(self.exposure_s)
        return np.asarray(self.spectra.pop(0), dtype=float)
