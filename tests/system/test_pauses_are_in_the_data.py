"""A pause: the light is off, the dose stands, and the gap is in the data."""

import threading
import time

import pytest
from bluesky.utils import RunEngineInterrupted

from plans.catalogue import make_experiment


def test_the_gap_is_marked_and_does_not_count_as_exposure(lab):
    devices = lab.devices("spectrometer", "light", "stage")
    values = {"max_time_min": 10.0, "plateau": False, "dark_tail_min": 0.0, "interval_s": 20.0}
    experiment = make_experiment("light_regrowth", devices, values)
    run_engine = lab.engine.run_engine

    def pause():
        time.sleep(400.0)
        run_engine.request_pause()

    thread = threading.Thread(target=pause)
    thread.start()
    with pytest.raises(RunEngineInterrupted):
        run_engine(experiment.plan())
    thread.join()
    assert lab.lamp_is_off()
    before = lab.simulators.truth()["dose_j_cm2"]
    time.sleep(1000.0)
    assert lab.simulators.truth()["dose_j_cm2"] == before
    run_engine.resume()
    tracked = lab.stream("tracked")
    paused = [event["paused_s"] for event in tracked]
    assert paused[0] == 0
    assert paused[-1] == pytest.approx(1000.0, abs=5.0)
    assert lab.stream("ending")[0]["ending_text"].endswith("of 10:00")
    exposed = [event for event in tracked if event["phase"] == "exposure"]
    length_s = exposed[-1]["elapsed_s"] - exposed[0]["elapsed_s"] - paused[-1]
    assert length_s == pytest.approx(580.0, abs=45.0)
    truth = lab.simulators.truth()["dose_j_cm2"]
    assert lab.stream("closing")[-1]["light_dose_j_cm2"] == pytest.approx(truth, rel=0.005)
