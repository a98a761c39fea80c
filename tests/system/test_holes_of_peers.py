"""What other systems for the same job were seen to do wrong, and where we show that we do not."""

import ast
import re
import threading
import time
from pathlib import Path

import pytest
from bluesky import Msg

from instruments.errors import InstrumentError
from instruments.light_sources.emission import Emission
from instruments.pumps import Dispense
from plans.safety import ending_safe

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "explanations" / "what-goes-wrong-elsewhere.md"
ROW = re.compile(r"^\| (?P<hole>.+) \| `(?P<file>[\w/]+\.py)::(?P<test>test_\w+)` \|$", re.M)
HOLES = {row["hole"]: (row["file"], row["test"]) for row in ROW.finditer(PAGE.read_text("utf-8"))}


def test_every_row_of_the_page_names_a_test():
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(rows) - rows.count("| seen | test |") == len(HOLES) > 50


@pytest.mark.parametrize("hole", HOLES)
def test_every_hole_has_its_test(hole):
    file, name = HOLES[hole]
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("folder", ["instruments", "plans", "simulators", "gui"])
def test_no_exception_is_caught_without_its_name(folder):
    nameless = [
        path.as_posix()
        for path in (TESTS.parent / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not nameless


def test_what_was_started_is_stopped_when_the_next_device_does_not_start(lab):
    def plan():
        yield Msg("open_run")
        yield Msg("set", lab.bench["pump"], Dispense(volume_ul=900, rate_ul_min=100), group="a")
        yield Msg("sleep", None, 2.0)
        lab.simulators.unplug("stage")
        yield Msg("set", lab.bench["stage"].x, 3.0, group="b")
        yield Msg("wait", None, group="b")

    outcome = lab.engine.run(plan())
    assert outcome.exit_status == "fail"
    assert lab.pump_is_stopped()


def test_one_time_out_does_not_block_an_instrument_for_ever(lab):
    meter = lab.bench["meter"]
    lab.simulators.faults("meter").drop(exchanges=4)  # a reading is tried more than once
    with pytest.raises(InstrumentError):
        meter.trigger().wait(60.0)
    lab.simulators.faults("meter").clear()
    meter.trigger().wait(60.0)
    assert meter.power_w.get() >= 0.0


def test_the_light_goes_off_while_the_engine_is_in_the_middle_of_a_message(lab):
    lit = []

    def plan():
        yield Msg("open_run")
        emission = Emission(wavelength_nm=405, irradiance_mw_cm2=5)
        yield Msg("set", lab.bench["light"], emission, group="a")
        yield Msg("wait", None, group="a")
        lit.append(not lab.lamp_is_off())
        lab.bench.make_safe()  # as from any thread: the engine is in the middle of a message
        lit.append(not lab.lamp_is_off())
        yield Msg("close_run")

    lab.engine.run(plan())
    assert lit == [True, False]


@pytest.mark.parametrize("way", ["error", "abort", "end"])
def test_light_that_the_engine_was_not_told_of_is_off_in_the_end(lab, way):
    emission = Emission(wavelength_nm=405, irradiance_mw_cm2=5)
    aborting = threading.Thread(target=lambda: lab.engine.abort("enough"))
    lit = []

    def steps():
        lab.bench["light"].set(emission).wait(10.0)  # behind the engine's back, as a put is
        lit.append(not lab.lamp_is_off())
        if way == "abort":
            aborting.start()
        yield Msg("sleep", None, 5.0)
        if way == "error":
            raise ValueError("somebody tripped over the plan")

    def plan():
        yield Msg("open_run")
        yield from ending_safe(steps(), (lab.bench["light"],))
        yield Msg("close_run")

    lab.engine.run(plan())
    if way == "abort":
        aborting.join()
    assert lit == [True]
    assert lab.lamp_is_off()


def test_a_silent_stage_does_not_keep_the_light_on(lab):
    raised_s = []

    def steps():
        emission = Emission(wavelength_nm=405, irradiance_mw_cm2=5)
        yield Msg("set", lab.bench["light"], emission, group="a")
        yield Msg("wait", None, group="a")
        lab.simulators.faults("stage").drop(exchanges=None)
        raised_s.append(time.monotonic())
        raise ValueError("somebody tripped over the plan")

    def plan():
        yield Msg("open_run")
        devices = (lab.bench["stage"], lab.bench["light"], lab.bench["pump"])
        yield from ending_safe(steps(), devices)

    lab.engine.run(plan())
    off_s = max(s for s, words in lab.simulators.state("light")["log"] if words.endswith("off"))
    assert lab.lamp_is_off()
    assert off_s - raised_s[0] < 0.5
    lab.simulators.faults("stage").clear()
