"""Every plan of the catalogue runs on the simulated bench, and its record says what it found."""

import html
import threading
import time
from pathlib import Path

import pytest

from plans.catalogue import EXPERIMENTS, check_plan, estimate_s, make_experiment
from plans.records import RunRecorder, open_run
from plans.records.answer import answer, with_uncertainty
from plans.records.report import report_page
from tests.system.conftest import open_lab
from tests.system.quick_plans import quick_plans, write_decay

NO_TABLE = {
    "light_regrowth",
    "evaporation_assembly",
    "calibrate_wavelength",
}  # the last has no lamp here
NO_CURVE = {"light_regrowth", "evaporation_assembly", "co_assembly", "calibrate_wavelength"}
MOST_KEPT = 250


def test_there_is_a_short_run_of_every_plan(tmp_path):
    assert set(quick_plans(tmp_path)) == set(EXPERIMENTS)


def write_decays(folder, stop):
    """Play the TCSPC program: export a decay every 20 s."""
    number = 0
    while not stop.wait(20.0):
        number += 1
        write_decay(Path(folder) / f"decay{number:03d}.dat", seed=number)


class Kept:
    """Counts the messages that an engine keeps, to go back to the last checkpoint after a pause."""

    def __init__(self, run_engine):
        self.count = self.most = 0
        run_engine.msg_hook = self

    def __call__(self, message):
        self.count = 0 if message.command == "checkpoint" else self.count + 1
        self.most = max(self.most, self.count)


def check_report(runs, name, summary):
    """The report of the run says all that its summary says, and has its tables."""
    run = open_run(max(runs.glob(f"*_{name}_*"), key=lambda path: path.stat().st_mtime_ns))
    page = html.unescape(report_page(run))
    told = answer(run)
    assert "What the plan found" in page
    for words, text in (*told.sentences, *told.figures):
        assert words in page
        assert text in page
    assert len(told.sentences) + len(told.figures) >= len(with_uncertainty(list(summary))) - 1
    assert ("The results of the plan as a curve" in page) or name in NO_CURVE
    for heading in ("How the run ended", "Light and dose", "Quality", "Plan", "Settings of the"
                    " devices", "Software", "SHA-256"):  # fmt: skip
        assert heading in page


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_it_runs_to_its_end_and_leaves_everything_off(name, virtual_clock, capfd, tmp_path):
    quick = quick_plans(tmp_path)[name]
    with open_lab(tmp_path, quick.changes) as lab:
        devices = {key: lab.bench[device] for key, device in quick.devices.items()}
        checks = check_plan(name, devices, quick.values, runs_folder=tmp_path)
        assert not [check for check in checks if check.verdict == "refused"], checks
        stop = threading.Event()
        writer = threading.Thread(target=write_decays, args=(tmp_path / "decays", stop))
        writer.start()
        kept = Kept(lab.engine.run_engine)
        lab.engine.run_engine.subscribe(RunRecorder(tmp_path / "runs"))
        start_s = time.monotonic()
        outcome = lab.engine.run(make_experiment(name, devices, quick.values).plan())
        stop.set()
        writer.join()
        assert outcome.exit_status == "success", outcome
        assert kept.most <= MOST_KEPT  # or the memory would grow with the length of the run
        assert time.monotonic() - start_s <= estimate_s(name, devices, quick.values) + 120.0
        assert quick.summary in lab.stream("summary")[-1]
        assert lab.stream("ending")[-1]["ending_rule"]
        assert lab.stream("results") or name in NO_TABLE
        check_report(tmp_path / "runs", name, lab.stream("summary")[-1])
        for device in lab.bench:
            assert lab.simulators.state(device)["safe"], device
        emitted = [event for stream in ("primary", "tracked") for event in lab.stream(stream)]
        assert bool(emitted) == (("spectrometer" in devices and not name.startswith("calibrate"))
                                 or name == "calibrate_nonlinearity")  # fmt: skip
