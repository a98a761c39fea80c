"""The process of the bench, without the process: its host on the virtual clock."""

import time
from pathlib import Path

import pytest

from gui import messages
from gui.host.host import Host
from gui.host.pace import RealPace, SimulatedPace
from instruments.light_sources.emission import Emission
from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"
SHORT = {"max_time_min": 2.0, "dark_tail_min": 0.0, "baseline_frames": 3}


class Desk:
    """A host and what it has told."""

    def __init__(self, host, simulators, pace):
        self.host, self.simulators, self.pace = host, simulators, pace
        self.told = []

    def ask(self, message):
        self.host.take(message)

    def of(self, kind):
        return [message for message in self.told if isinstance(message, kind)]

    def wait_for(self, kind, count=1, timeout_s=36_000.0):
        end_s = time.monotonic() + timeout_s
        while len(self.of(kind)) < count:
            assert time.monotonic() < end_s, f"no {kind.__name__}; told {self.told[-3:]}"
            time.sleep(1.0)
        return self.of(kind)[-1]

    def wait_until(self, condition, timeout_s=36_000.0):
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s
            time.sleep(1.0)

    def is_lit(self):
        return bool(self.simulators.state("light")["emitting"])

    def condition(self, name):
        return self.host.keepers[name].state().condition


@pytest.fixture
def desk(virtual_clock, tmp_path, capfd):
    virtual_clock.speed = None
    with SimulatedBench(DEMO, ports="any") as simulators:
        pace = SimulatedPace(virtual_clock)
        told = []
        host = Host(
            bench_file=DEMO,
            runs_folder=tmp_path / "runs",
            pace=pace,
            tell=lambda message, droppable=False: told.append(message),
            addresses=simulators.addresses,
        )
        made = Desk(host, simulators, pace)
        made.told = told
        host.start()
        made.wait_until(lambda: all(made.condition(name) == "ok" for name in host.keepers))
        yield made
        host.take(messages.Shutdown())
        host.wait_for_end()
        host.stop_logging()
        time.sleep(60.0)


def test_the_window_hears_what_there_is(desk):
    info = desk.of(messages.BenchInfo)[0]
    assert {device.name for device in info.devices} == {
        "spectrometer", "light", "pump", "stage", "meter"}  # fmt: skip
    plan = next(plan for plan in info.plans if plan.name == "light_regrowth")
    fields = {field.name: field for field in (*plan.parameters, *plan.devices)}
    assert fields["irradiance_mw_cm2"].unit == "mW/cm²"
    assert fields["light"].choices == ("light",)
    assert info.simulated


def test_a_run_is_told_from_its_opening_to_its_record(desk):
    desk.ask(messages.Preflight(ticket=1, plan="light_regrowth", values=SHORT))
    table = desk.wait_for(messages.PreflightTable)
    assert not table.error
    assert table.longest_s > 100
    desk.ask(messages.Run(ticket=2, plan="light_regrowth", values=SHORT))
    ended = desk.wait_for(messages.RunEnded)
    assert (ended.ticket, ended.exit_status, ended.not_confirmed) == (2, "success", ())
    opened = desk.of(messages.RunOpened)[0]
    assert Path(opened.folder) == Path(ended.folder)
    assert Path(ended.folder, "run.jsonl").is_file()
    frames = desk.of(messages.Frame)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert frames[-1].has_dark
    assert frames[-1].dose_j_cm2 > 1
    tracked = [v for v in desk.of(messages.Values) if v.stream == "tracked"]
    assert tracked[0].units["tracker_peak_nm"] == "nm"
    assert tracked[-1].units == {}
    assert "of 2:00" in tracked[-1].values["endpoint_time"]
    assert not desk.is_lit()


def test_a_refused_run_says_why_and_opens_nothing(desk):
    values = {**SHORT, "irradiance_mw_cm2": 150.0}
    desk.ask(messages.Preflight(ticket=1, plan="light_regrowth", values=values))
    table = desk.wait_for(messages.PreflightTable)
    assert any(row.verdict == "refused" for row in table.checks)
    desk.ask(messages.Run(ticket=2, plan="light_regrowth", values=values))
    ended = desk.wait_for(messages.RunEnded)
    assert ended.exit_status == "fail"
    assert "light" in ended.reason
    assert not desk.of(messages.RunOpened)
    desk.ask(messages.Run(ticket=3, plan="no such plan", values={}))
    assert "there is no plan" in desk.wait_for(messages.RunEnded, 2).reason
    desk.ask(messages.Preflight(ticket=4, plan="light_regrowth", values={"irradiance_mw_cm2": -1}))
    assert desk.wait_for(messages.PreflightTable, 2).error


def test_pause_is_dark_and_resume_goes_on(desk):
    desk.ask(messages.Run(ticket=1, plan="light_regrowth", values=SHORT))
    desk.wait_for(messages.Frame, 5)
    desk.ask(messages.Control(what="pause"))
    desk.wait_until(lambda: desk.of(messages.EngineState)[-1].word == "paused")
    time.sleep(5.0)
    assert not desk.is_lit()
    frames = len(desk.of(messages.Frame))
    time.sleep(60.0)
    assert len(desk.of(messages.Frame)) == frames
    desk.ask(messages.Control(what="resume"))
    assert desk.wait_for(messages.RunEnded).exit_status == "success"
    assert len(desk.of(messages.Frame)) > frames


@pytest.mark.parametrize(("what", "status"), [("stop", "success"), ("abort", "abort")])
def test_a_paused_run_is_ended_early(desk, what, status):
    desk.ask(messages.Run(ticket=1, plan="light_regrowth", values=SHORT))
    desk.wait_for(messages.Frame, 5)
    desk.ask(messages.Control(what="pause"))
    desk.wait_until(lambda: desk.of(messages.EngineState)[-1].word == "paused")
    desk.ask(messages.Control(what=what, reason="enough"))
    assert desk.wait_for(messages.RunEnded).exit_status == status
    assert not desk.is_lit()


def test_safe_stop_makes_dark_ends_the_run_and_says_what_is_confirmed(desk):
    desk.ask(messages.Run(ticket=1, plan="light_regrowth", values=SHORT))
    desk.wait_for(messages.Frame, 5)
    desk.wait_until(desk.is_lit)
    desk.ask(messages.SafeStop(reason="test"))
    desk.wait_until(lambda: any(report.final for report in desk.of(messages.SafeReport)))
    assert not desk.is_lit()
    assert all(line.confirmed for line in desk.of(messages.SafeReport)[-1].lines)
    ended = desk.wait_for(messages.RunEnded)
    assert ended.exit_status == "abort"
    time.sleep(600.0)
    assert not desk.is_lit()


def test_a_device_is_operated_by_hand_but_not_during_a_run(desk):
    emit = {"wavelength_nm": 405.0, "irradiance_mw_cm2": 5.0}
    desk.ask(messages.Act(ticket=1, device="light", action="emit", values=emit))
    assert desk.wait_for(messages.Done).error == ""
    assert desk.is_lit()
    assert "405 nm" in desk.host.keepers["light"].state().emission
    desk.ask(messages.Act(ticket=2, device="light", action="off"))
    desk.wait_for(messages.Done, 2)
    assert not desk.is_lit()
    desk.ask(messages.Act(ticket=3, device="light", action="emit",
                          values={**emit, "irradiance_mw_cm2": 1e4}))  # fmt: skip
    assert "light" in desk.wait_for(messages.Done, 3).error
    desk.ask(messages.Run(ticket=4, plan="light_regrowth", values=SHORT))
    desk.wait_for(messages.Frame, 3)
    desk.ask(messages.Act(ticket=5, device="light", action="emit", values=emit))
    assert "a run is going on" in desk.wait_for(messages.Done, 4).error
    desk.ask(messages.Run(ticket=6, plan="light_regrowth", values=SHORT))
    assert "another run" in desk.wait_for(messages.RunEnded).reason


@pytest.mark.parametrize(
    ("device", "action", "values", "words"),
    [
        ("pump", "dispense", {"volume_ul": 50.0, "rate_ul_min": 500.0}, "done"),
        ("pump", "reload", {"volume_ul": 7000.0}, "anew"),
        ("pump", "stop", {}, "stands still"),
        ("stage", "home", {}, "reference"),
        ("stage", "stop", {}, "stands still"),
        ("meter", "measure", {"wavelength_nm": 405.0}, "mW"),
        ("spectrometer", "look", {"integration_time_s": 0.1, "averages": 2}, "counts"),
    ],
)
def test_actions_do_what_they_say(desk, device, action, values, words):
    desk.ask(messages.Act(ticket=1, device=device, action=action, values=values))
    done = desk.wait_for(messages.Done)
    assert done.error == ""
    assert words in done.text


def test_a_stage_goes_to_a_named_position_and_to_millimetres(desk):
    for ticket, action, values in (
        (1, "home", {}),
        (2, "go", {"position": "meter"}),
        (3, "move", {"x_mm": 20.0}),
    ):
        desk.ask(messages.Act(ticket=ticket, device="stage", action=action, values=values))
        assert desk.wait_for(messages.Done, ticket).error == ""
    assert desk.simulators.state("stage")["axes"]


def test_a_device_that_is_unplugged_is_lost_and_comes_back(desk):
    desk.simulators.unplug("pump")
    desk.wait_until(lambda: desk.condition("pump") in ("lost", "fault"))
    assert desk.host.keepers["pump"].state().words
    desk.simulators.replug("pump")
    desk.wait_until(lambda: desk.condition("pump") == "ok")


def test_a_device_is_disconnected_and_connected(desk):
    desk.ask(messages.Connect(device="pump", on=False))
    desk.wait_until(lambda: desk.condition("pump") == "off")
    desk.ask(messages.Act(ticket=1, device="pump", action="dispense"))
    assert desk.wait_for(messages.Done).error
    desk.ask(messages.Connect(device="pump", on=True))
    desk.wait_until(lambda: desk.condition("pump") == "ok")


def test_wire_log_bench_check_console_and_speed(desk):
    desk.ask(messages.WireLog(device="pump"))
    assert desk.wait_for(messages.WireText).text
    desk.ask(messages.CheckBench(ticket=1, text="[bench]\n", folder="."))
    assert "device" in desk.wait_for(messages.Done).error
    desk.ask(messages.CheckBench(ticket=2, text=DEMO.read_text(encoding="utf-8"), folder="."))
    assert "nothing is wrong" in desk.wait_for(messages.Done, 2).text
    desk.ask(messages.Code(ticket=3, text="print(bench.name)"))
    assert "demo bench" in desk.wait_for(messages.Done, 3).text
    desk.ask(messages.SetSpeed(speed=1e9))
    desk.wait_until(lambda: desk.pace.speed == 5000.0)


def test_interlocks_of_the_bench_are_told_refuse_a_run_and_switch_off(
    virtual_clock, tmp_path, capfd
):
    virtual_clock.speed = None
    bench_file = tmp_path / "bench.toml"
    rule = """
[[interlock]]
name = "pump runs low"
watch = "pump.remaining_ul"
below = 5000
"""
    bench_file.write_text(DEMO.read_text(encoding="utf-8") + rule, encoding="utf-8")
    with SimulatedBench(DEMO, ports="any") as simulators:
        told = []
        host = Host(
            bench_file=bench_file,
            runs_folder=tmp_path / "runs",
            pace=SimulatedPace(virtual_clock),
            tell=lambda message, droppable=False: told.append(message),
            addresses=simulators.addresses,
        )
        desk = Desk(host, simulators, host._pace)
        desk.told = told
        host.start()
        desk.wait_until(lambda: all(desk.condition(name) == "ok" for name in host.keepers))
        assert host.interlocks.is_due()
        host.interlocks.note_begun()
        host.interlocks.begin()
        host.interlocks.tell_changes()
        assert desk.wait_for(messages.Interlocks).rules[0].cause == ""
        emit = {"wavelength_nm": 405.0, "irradiance_mw_cm2": 5.0}
        desk.ask(messages.Act(ticket=1, device="light", action="emit", values=emit))
        desk.wait_until(desk.is_lit)
        desk.ask(
            messages.Act(ticket=2, device="pump", action="reload", values={"volume_ul": 100.0})
        )
        desk.wait_until(lambda: not desk.is_lit())
        host.interlocks.tell_changes()
        assert "below 5000" in desk.of(messages.Interlocks)[-1].rules[0].cause
        desk.ask(messages.Preflight(ticket=3, plan="light_regrowth", values=SHORT))
        rows = desk.wait_for(messages.PreflightTable).checks
        assert any(row.name == "interlock" and row.verdict == "refused" for row in rows)
        desk.ask(messages.Run(ticket=4, plan="light_regrowth", values=SHORT))
        assert "pump runs low" in desk.wait_for(messages.RunEnded).reason
        host.take(messages.Shutdown())
        host.wait_for_end()
        host.stop_logging()
        time.sleep(60.0)


def test_a_silent_window_switches_everything_off(desk, monkeypatch):
    emit = {"wavelength_nm": 405.0, "irradiance_mw_cm2": 5.0}
    desk.ask(messages.Act(ticket=1, device="light", action="emit", values=emit))
    desk.wait_for(messages.Done)
    desk.host.note_silence(4.0)
    assert not desk.of(messages.SafeReport)
    desk.host.note_silence(6.0)
    desk.host.note_silence(6.2)
    desk.wait_until(lambda: any(report.final for report in desk.of(messages.SafeReport)))
    assert not desk.is_lit()
    assert len(desk.of(messages.SafeReport)) == 1


def test_a_real_bench_runs_in_real_time():
    pace = RealPace()
    pace.speed = 1.0
    assert pace.speed == 1.0
    assert pace.now_s() > 1e9
    with pytest.raises(ValueError, match="real time"):
        pace.speed = 10.0


def test_light_that_stays_on_after_a_run_is_seen_by_the_spectrometer(desk, monkeypatch):
    light, emission = desk.host.bench["light"], Emission(wavelength_nm=405, irradiance_mw_cm2=20)

    def says_it_is_off(timeout_s=2.0):
        light.set(emission).wait(10.0)

    desk.ask(messages.Run(ticket=1, plan="light_regrowth", values=SHORT))
    desk.wait_for(messages.Frame, 5)
    monkeypatch.setattr(light, "make_safe", says_it_is_off)
    ended = desk.wait_for(messages.RunEnded)
    monkeypatch.undo()
    assert "spectrometer: still sees light at" in ended.not_confirmed[0]
