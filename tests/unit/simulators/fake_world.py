"""A world without physics that writes down what the simulators tell it."""

import numpy as np


class FakeDetector:
    nonlinearity = ()

    def counts(self, photons, integration_time_s, rng):
        return np.clip(np.rint(photons), 0, 65535).astype(np.uint16)


class FakeWorld:
    """Shines with ``photons_per_s`` on every pixel and with ``power_w`` on the meter.

    On the pan of a balance there is ``pan_g``, a number or a function of the time.
    """

    def __init__(self, *, photons_per_s=1000.0, power_w=0.0, pan_g=0.0):
        self.photons_per_s = photons_per_s
        self.power_w = power_w
        self.pan_g = pan_g
        self.detector = FakeDetector()
        self.calls = []
        self.now_s = -np.inf
        self.open_exposures = {}
        self._opened = 0

    def advance(self, now_s):
        assert now_s >= self.now_s, f"the time ran backwards from {self.now_s} to {now_s}"
        self.now_s = now_s

    def set_light(self, now_s, channel, current_ma):
        self.advance(now_s)
        self.calls.append(("light", now_s, channel, current_ma))

    def set_flow(self, now_s, rate_ul_min):
        self.advance(now_s)
        self.calls.append(("flow", now_s, rate_ul_min))

    def set_stage(self, now_s, x_mm, y_mm=0.0):
        self.advance(now_s)
        self.calls.append(("stage", now_s, x_mm, y_mm))

    def open_exposure(self, now_s, wavelength_nm):
        self.advance(now_s)
        self._opened += 1
        self.open_exposures[self._opened] = (now_s, len(wavelength_nm))
        return self._opened

    def close_exposure(self, now_s, handle):
        self.advance(now_s)
        opened_s, size = self.open_exposures.pop(handle)
        return np.full(size, self.photons_per_s * (now_s - opened_s))

    def exposure_rng(self, exposure):
        return np.random.default_rng(exposure)

    def meter_power_w(self, now_s, aperture_area_cm2):
        self.advance(now_s)
        return self.power_w

    def set_temperature(self, now_s, temperature_degc):
        self.advance(now_s)
        self.calls.append(("temperature", now_s, temperature_degc))

    def mass_g(self, now_s):
        self.advance(now_s)
        return self.pan_g(now_s) if callable(self.pan_g) else self.pan_g

    def set_shutter(self, now_s, open):
        self.advance(now_s)
        self.calls.append(("shutter", now_s, open))

    def set_filter(self, now_s, position):
        self.advance(now_s)
        self.calls.append(("filter", now_s, position))

    def set_gas(self, now_s, flow_sccm):
        self.advance(now_s)
        self.calls.append(("gas", now_s, flow_sccm))

    def set_sonication(self, now_s, share):
        self.advance(now_s)
        self.calls.append(("sonication", now_s, share))

    def truth(self, now_s):
        self.advance(now_s)
        return {"time_s": now_s}

    def last(self, kind):
        """Return the last call of a kind, without kind and time."""
        return next(call[2:] for call in reversed(self.calls) if call[0] == kind)

    def all(self, kind):
        return [call[2:] for call in self.calls if call[0] == kind]
