"""What other systems for the same job were seen to do wrong, and where we show that we do not."""

import ast
from pathlib import Path

import pytest
from bluesky import Msg

from instruments.errors import InstrumentError
from instruments.light_sources.emission import Emission
from instruments.pumps import Dispense

TESTS = Path(__file__).parents[1]
HOLES = {
    "the replies of two threads on one instrument are swapped": (
        "unit/instruments/links/test_link_in_real_time.py",
        "test_two_threads_never_get_each_others_answers",
    ),
    "one late reply makes every later value wrong": (
        "unit/instruments/links/test_link_over_a_socket.py",
        "test_a_late_answer_never_becomes_the_answer_to_the_next_question",
    ),
    "a lost line burns processor time and does not come back": (
        "unit/instruments/links/test_link_over_a_socket.py",
        "test_a_lost_line_refuses_at_once_then_comes_back",
    ),
    "a spectrometer whose peer has closed blocks for ever": (
        "unit/instruments/links/test_seabreeze.py",
        "test_a_read_never_waits_for_ever",
    ),
    "0.05 mL/min asked, 50 mL/min sent": (
        "unit/instruments/test_ne1000_codec.py",
        "test_fifty_microlitres_a_minute_never_become_fifty_millilitres",
    ),
    "halt skips the finalizers and leaves the light on": (
        "system/test_regrowth_ends_safe.py",
        "test_abort_and_halt",
    ),
    "what is measured after a pause is measured in the dark": (
        "system/test_regrowth_ends_safe.py",
        "test_pause_then_resume_lights_the_sample_again_and_keeps_the_dose",
    ),
    "events are lost by kill -9": (
        "unit/plans/records/test_kill.py",
        "test_every_acknowledged_event_is_there_after_a_kill",
    ),
    "a record cannot be read after a kill": (
        "unit/plans/records/test_repair.py",
        "test_a_record_cut_at_every_byte_yields_every_event_that_was_complete",
    ),
    "a plan whose data cannot be written ends as a success": (
        "unit/plans/records/test_recorder.py",
        "test_a_full_disk_ends_the_plan_safe_and_loses_nothing_earlier",
    ),
    "a file that somebody reads cannot be written": (
        "unit/plans/records/test_recorder.py",
        "test_a_reader_that_blocks_the_arrays_file_does_not_lose_a_row",
    ),
    "scan numbers are lost with the program": (
        "unit/plans/records/test_index.py",
        "test_two_programs_never_get_the_same_scan_number",
    ),
    "the program dies and what is on stays on": (
        "system/test_guard.py",
        "test_whatever_ends_the_program_the_bench_is_made_safe",
    ),
    "there is no one action that makes all safe": (
        "system/test_window_host.py",
        "test_safe_stop_makes_dark_ends_the_run_and_says_what_is_confirmed",
    ),
    "an instrument that was unplugged does not come back": (
        "system/test_window_host.py",
        "test_a_device_that_is_unplugged_is_lost_and_comes_back",
    ),
}


@pytest.mark.parametrize("hole", HOLES)
def test_every_hole_has_its_test(hole):
    file, name = HOLES[hole]
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("path", sorted(
    path for folder in ("instruments", "plans", "simulators", "gui")
    for path in (TESTS.parent / folder).rglob("*.py")
), ids=lambda path: path.relative_to(TESTS.parent).as_posix())  # fmt: skip
def test_no_exception_is_caught_without_its_name(path):
    handlers = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    assert all(node.type is not None for node in handlers if isinstance(node, ast.ExceptHandler))


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
