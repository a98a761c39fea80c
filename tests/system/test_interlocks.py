"""Interlocks of the bench refuse, pause and switch off, whatever the plan does; in virtual time."""

import threading
import time

import pytest

from instruments.bench import load_bench
from instruments.interlocks import InterlockWatch
from instruments.light_sources.emission import Emission
from plans.interlocking import Interlocks
from plans.records import ReactionLog, open_run
from plans.session import Session
from simulators.bench import SimulatedBench
from tests.system.conftest import DEMO, DOOR
from tests.system.quick_plans import PLATE

VALUES = ["max_time_min=4", "dark_tail_min=0", "baseline_frames=3", "plateau=no"]
HOT = """
[[interlock]]
name = "plate too hot"
watch = "plate.temperature_degc"
above = 60.0
reaction = "{reaction}"
resumes = {resumes}
"""
OPEN_LED = """
[[interlock]]
name = "lamp fault"
watch = "light.fault"
contains = "LED"
"""
SATURATED = """
[[interlock]]
name = "saturated"
watch = "spectrometer.peak_counts"
above = 65000
must_be_known = false
stale_s = 3600
"""
LAMP = """
[device.lamp]
model = "omnicure-s2000"
address = "TCPIP::127.0.0.1::57377::SOCKET"

[[device.lamp.channel]]
wavelength_nm = 365
fwhm_nm = 10
limit_percent = 50

[device.lamp.channel.calibration]
percent = [1, 50]
irradiance_mw_cm2 = [8.0, 400.0]
calibrated = 2026-11-02
distance_mm = 60
meter_serial = "P0024871"

[[interlock]]
name = "lamp too old"
watch = "lamp.lamp_hours"
above = 2000
reaction = "refuse"
every_s = 60
stale_s = 600
"""
SOLVENT = """
[[interlock]]
name = "solvent nearly used up"
watch = "pump.remaining_ul"
below = 7900
reaction = "pause"
"""
GAS = """
[device.gas]
model = "alicat-mc"
address = "TCPIP::127.0.0.1::57376::SOCKET"
full_scale = 100.0
gas = "N2"

[[interlock]]
name = "nitrogen bottle empty"
watch = "gas.pressure_kpa"
below = 200
reaction = "pause"
resumes = true
"""
FLOW = (
    GAS.partition("[[interlock]]")[0]
    + """
[[interlock]]
name = "nitrogen lost"
watch = "gas.flow_sccm"
below = 20
only_while = "setpoint_sccm"
for_s = 5
"""
)


class Setting:
    """A session on a simulated bench with interlocks."""

    def __init__(self, folder, rules, values=()):
        self.bench_file = folder / "bench.toml"
        self.bench_file.write_text(DEMO.read_text("utf-8") + PLATE + rules, encoding="utf-8")
        self.said = []
        self.session = Session(
            bench_file=self.bench_file,
            plan_name="light_regrowth",
            assignments=[*VALUES, *values],
            runs_folder=folder / "runs",
            say=self.said.append,
        )

    def run(self, act=None, after_s=100.0):
        """Run the plan; do something on the way."""
        with SimulatedBench(self.bench_file, ports="any") as simulators:

            def later():
                time.sleep(after_s)
                act(simulators)

            thread = threading.Thread(target=later, name="actor")
            if act is not None:
                thread.start()
            self.session.run(addresses=simulators.addresses)
            if act is not None:
                thread.join()
            return {name: simulators.state(name) for name in simulators.addresses}

    def reactions(self):
        log = ReactionLog(self.bench_file.parent / "runs")
        return [(row["interlock"], row["reaction"]) for row in log.read()]

    def events(self):
        folder = self.session._recorder.run_folder
        self.session._recorder.close()
        return open_run(folder.path).table("interlocks")


@pytest.fixture
def setting(tmp_path, virtual_clock, capfd):
    return lambda rules, *values: Setting(tmp_path, rules, values)


def heat(simulators):
    """Let the plate's probe read something else: it is turned up by hand."""
    simulators.unplug("plate")


def test_a_value_that_nobody_can_read_any_more_switches_everything_off(setting):
    made = setting(HOT.format(reaction="make_safe", resumes="false"))
    states = made.run(heat)
    outcome = made.session.outcome
    assert outcome.exit_status == "abort"
    assert "interlock 'plate too hot': plate.temperature_degc was last read" in outcome.reason
    assert not states["light"]["emitting"]
    assert any("INTERLOCK plate too hot" in words for words in made.said)
    table = made.events()
    assert list(table["interlock_name"]) == ["plate too hot"]
    assert list(table["interlock_reaction"]) == ["make_safe"]
    assert "was last read" in table["interlock_cause"][0]
    assert made.reactions() == [("plate too hot", "make_safe")]


def test_a_pause_ends_the_run_when_its_rule_does_not_let_it_resume(setting):
    made = setting(HOT.format(reaction="pause", resumes="false"))
    states = made.run(heat)
    assert made.session.outcome.exit_status == "abort", made.session.outcome
    assert "plate too hot" in made.session.outcome.reason
    assert not states["light"]["emitting"]
    assert set(made.reactions()) == {("plate too hot", "pause"), ("plate too hot", "ended")}


def test_a_pause_that_may_resume_goes_on_when_all_is_well_again(setting):
    made = setting(HOT.format(reaction="pause", resumes="true"))
    seen = []

    def out_and_in(simulators):
        simulators.unplug("plate")
        time.sleep(60.0)
        seen.append(simulators.state("light")["emitting"])
        simulators.replug("plate")

    made.run(out_and_in)
    assert seen == [False]
    assert made.session.outcome.exit_status == "success", made.session.outcome
    assert any("the run goes on" in words for words in made.said)
    assert list(made.events()["interlock_reaction"]) == ["pause"]
    assert {what for _, what in made.reactions()} == {"pause", "cleared", "resumed"}


@pytest.mark.parametrize("hours", [811, 813])
def test_a_lamp_older_than_allowed_refuses_the_run_before_it_is_lit(setting, hours):
    made = setting(LAMP.replace("above = 2000", f"above = {hours}"))  # the simulated one has 812
    states = made.run()
    if hours > 812:
        assert made.session.outcome.exit_status == "success", made.session.outcome
        return
    assert made.session.outcome.exit_status == "fail"
    assert "interlock 'lamp too old': lamp.lamp_hours is 812, above 811" in (
        made.session.outcome.reason
    )
    assert states["light"]["log"][1:] == states["lamp"]["log"][1:] == []
    assert made.reactions() == [("lamp too old", "refused")]


def test_a_rule_that_trips_before_the_run_refuses_it_and_nothing_is_lit(setting):
    made = setting(HOT.format(reaction="refuse", resumes="false").replace("60.0", "10.0"))
    states = made.run()
    assert "interlock 'plate too hot': plate.temperature_degc is" in made.session.outcome.reason
    assert states["light"]["log"][1:] == []
    assert made.reactions() == [("plate too hot", "refused")]


def test_a_plate_that_gets_hotter_than_allowed_is_switched_off_with_the_light(setting):
    made = setting(HOT.format(reaction="make_safe", resumes="false").replace("60.0", "32.0"),
                   "temperature_degc=40")  # fmt: skip
    states = made.run()
    assert made.session.outcome.exit_status == "abort", made.session.outcome
    assert "plate.temperature_degc is 32" in made.session.outcome.reason
    assert states["plate"]["safe"]
    assert states["light"]["safe"]


def test_a_rule_that_only_refuses_lets_the_run_go_on_and_is_written_down(setting):
    made = setting(HOT.format(reaction="refuse", resumes="false"))

    def out_and_in(simulators):
        simulators.unplug("plate")
        time.sleep(60.0)
        simulators.replug("plate")

    made.run(out_and_in)
    assert made.session.outcome.exit_status == "success", made.session.outcome
    assert list(made.events()["interlock_reaction"]) == ["refuse"]


def test_a_fault_of_the_lamp_is_found_between_two_frames(setting):
    made = setting(OPEN_LED)
    states = made.run(lambda simulators: simulators.faults("light").device("led-open", channel=1))
    assert made.session.outcome.exit_status in {"abort", "fail"}
    assert not states["light"]["emitting"]


def test_a_spectrometer_that_the_light_saturates_ends_the_run(setting):
    made = setting(SATURATED, "integration_time_s=4", "interval_s=30", "probe_irradiance_mw_cm2=20")
    states = made.run()
    assert made.session.outcome.exit_status == "abort", made.session.outcome
    assert "spectrometer.peak_counts is" in made.session.outcome.reason
    assert not states["light"]["emitting"]


def test_a_door_that_is_opened_switches_everything_off_within_two_seconds(setting):
    made = setting(DOOR)
    opened_s = []

    def open_door(simulators):
        while not simulators.state("light")["emitting"]:
            time.sleep(0.01)
        opened_s.append(time.monotonic())
        simulators.faults("door").device("interlock-open")

    states = made.run(open_door)
    assert made.session.outcome.exit_status == "abort", made.session.outcome
    assert "interlock 'door'" in made.session.outcome.reason
    off_s = max(at_s for at_s, words in states["light"]["log"] if words.endswith("off"))
    assert off_s - opened_s[0] < 2.0
    assert made.reactions() == [("door", "make_safe")]
    assert list(made.events()["interlock_name"]) == ["door"]


def test_a_syringe_that_is_nearly_empty_pauses_the_run_and_ends_it_when_nobody_is_there(setting):
    made = setting(SOLVENT, "ligand_volume_ul=300")
    states = made.run()
    assert made.session.outcome.exit_status == "abort", made.session.outcome
    assert "solvent nearly used up" in made.session.outcome.reason
    assert not states["pump"]["pumping"]
    assert not states["light"]["emitting"]
    assert ("solvent nearly used up", "pause") in made.reactions()


def test_a_gas_bottle_that_is_empty_pauses_the_run_until_it_is_changed(setting):
    made = setting(GAS)
    lit = []

    def change_it(simulators):
        simulators.faults("gas").device("no-gas")
        time.sleep(60.0)
        lit.append(simulators.state("light")["emitting"])
        simulators.faults("gas").device("no-gas", on=False)

    made.run(change_it)
    assert lit == [False]
    assert made.session.outcome.exit_status == "success", made.session.outcome
    assert {what for _, what in made.reactions()} == {"pause", "cleared", "resumed"}


def test_a_flow_is_lost_only_while_it_is_told_to_flow(tmp_path, virtual_clock):
    bench_file = tmp_path / "bench.toml"
    bench_file.write_text(DEMO.read_text("utf-8") + FLOW, encoding="utf-8")
    found = []
    with (
        SimulatedBench(bench_file, ports="any") as simulators,
        load_bench(bench_file, addresses=simulators.addresses) as bench,
    ):
        watch = InterlockWatch(bench.devices, bench.interlocks, on_trip=found.append)
        assert watch.check() == []  # the valve is closed
        watch.start()
        time.sleep(20.0)
        bench["gas"].set(50.0).wait(30.0)  # it takes a moment to come up
        time.sleep(20.0)
        assert found == []
        simulators.faults("gas").device("no-gas")
        lost_s = time.monotonic()
        while not found:
            time.sleep(0.1)
        assert 5.0 <= time.monotonic() - lost_s < 9.0
        assert found[0].cause.startswith("gas.flow_sccm is")
        assert [trip.rule.name for trip in watch.check()] == ["nitrogen lost"]  # at once
        bench["gas"].set(0.0)
        time.sleep(5.0)
        assert watch.tripped == []
        watch.stop()


def test_a_terminal_that_is_gone_keeps_nothing_lit_and_no_rule_unwatched(
    tmp_path, virtual_clock, caplog
):
    bench_file = tmp_path / "bench.toml"
    bench_file.write_text(DEMO.read_text("utf-8") + DOOR, encoding="utf-8")

    def say(_):
        raise BrokenPipeError("the terminal is gone")

    with (
        SimulatedBench(bench_file, ports="any") as simulators,
        load_bench(bench_file, addresses=simulators.addresses) as bench,
    ):
        interlocks = Interlocks(bench, say)
        interlocks.watch()
        for _ in range(2):
            bench["light"].set(Emission(wavelength_nm=405, irradiance_mw_cm2=5)).wait(10.0)
            assert simulators.state("light")["emitting"]
            simulators.faults("door").device("interlock-open")
            time.sleep(5.0)
            assert not simulators.state("light")["emitting"]
            simulators.faults("door").device("interlock-open", on=False)
            time.sleep(5.0)
            assert interlocks.tripped == []
        interlocks.close()
    assert "the reaction failed" in caplog.text


def test_without_a_rule_no_thread_is_started(setting):
    made = setting("")
    made.run()
    assert made.session.outcome.exit_status == "success", made.session.outcome
