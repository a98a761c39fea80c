"""The guard waits for a sign of life and acts when it stays out; on the virtual clock."""

import time

import pytest

from instruments.bench import SafeOutcome
from instruments.errors import BusyError
from instruments.guard.report import GuardReport, read_reports
from instruments.guard.watch import Limits, Silence, Watch


class Script:
    """The line to the program: words at instants; None at the end is its end of the pipe."""

    def __init__(self, *words):
        self.words = list(words)
        self.said = []

    def take(self, timeout_s):
        if self.words and self.words[0][0] <= time.monotonic() + timeout_s:
            at_s, word = self.words.pop(0)
            time.sleep(max(0.0, at_s - time.monotonic()))
            if word is None:
                raise EOFError
            return word
        time.sleep(timeout_s)
        return None

    def say(self, word):
        self.said.append(word)


class Program:
    pid = 4711

    def __init__(self, *, survives_its_pipe=False):
        self.is_alive = True
        self.killed_at_s = None
        self.survives = survives_its_pipe

    def kill(self, wait_s=1.0):
        self.killed_at_s = time.monotonic()
        self.is_alive = False
        return True


class Bench:
    name = "left hood"

    def __init__(self, *answers, busy=False):
        self.answers = list(answers) or [True]
        self.made_safe_s = []
        self.closed = False
        self.busy = busy

    def own(self, *, program):
        if self.busy:
            raise BusyError(self.name, "is in use by somebody else")

    def make_safe(self, timeout_s):
        self.made_safe_s.append(time.monotonic())
        good = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        message = "is safe" if good else "light: no answer"
        return [SafeOutcome(device="light", confirmed=good, message=message)]

    def close(self):
        self.closed = True


def watch(tmp_path, bench, program, *words):
    start_s = time.monotonic()
    line = Script(*((start_s + at_s, word) for at_s, word in words))
    spoken = []
    limits = Limits(timeout_s=1.5, keep_trying_s=10.0)
    made = Watch(bench, program, line, folder=tmp_path, limits=limits, speak=spoken.append)
    return made.run(), line, spoken


@pytest.mark.usefixtures("virtual_clock")
def test_nothing_is_touched_while_the_program_beats_and_says_that_all_is_well(tmp_path):
    beats = [(0.25 * n, "beat") for n in range(400)]
    bench = Bench()
    report, line, _ = watch(tmp_path, bench, Program(), *beats, (100.0, "end"))
    assert report is None
    assert bench.made_safe_s == []
    assert line.said.count("alive") == pytest.approx(200, abs=20)
    assert read_reports(tmp_path) == []


@pytest.mark.usefixtures("virtual_clock")
def test_the_end_of_the_pipe_makes_the_bench_safe_at_once(tmp_path):
    bench, program = Bench(), Program()
    start_s = time.monotonic()
    beats = [(0.25 * n, "beat") for n in range(20)]
    report, _, spoken = watch(tmp_path, bench, program, *beats, (5.0, None))
    assert report.cause == "died"
    assert report.is_safe
    assert bench.made_safe_s[0] - start_s < 5.3
    assert program.killed_at_s is not None  # it had closed its pipe and lived on
    assert bench.closed
    assert read_reports(tmp_path) == [report]
    assert "all 1 devices are off" in spoken[0]


@pytest.mark.usefixtures("virtual_clock")
def test_a_program_that_is_gone_is_found_out_though_another_process_holds_its_pipe(tmp_path):
    program, bench = Program(), Bench()

    class Gone(Script):
        def take(self, timeout_s):
            program.is_alive = False
            time.sleep(timeout_s)

    made = Watch(bench, program, Gone(), folder=tmp_path, limits=Limits(timeout_s=1.5), speak=print)
    report = made.run()
    assert (report.cause, report.killed) == ("died", False)
    assert program.killed_at_s is None


@pytest.mark.usefixtures("virtual_clock")
def test_a_program_without_a_sign_of_life_is_ended_before_its_bench_is_made_safe(tmp_path):
    bench, program = Bench(), Program()
    start_s = time.monotonic()
    report, _, _ = watch(tmp_path, bench, program, (0.0, "beat"), (0.25, "beat"))
    assert (report.cause, report.killed) == ("hung", True)
    assert program.killed_at_s <= bench.made_safe_s[0]
    assert bench.made_safe_s[0] - (start_s + 0.25) < 1.7


@pytest.mark.usefixtures("virtual_clock")
def test_what_does_not_confirm_is_tried_again_and_reported_each_time(tmp_path):
    bench = Bench(False, False, True)
    report, _, spoken = watch(tmp_path, bench, Program(), (1.0, None))
    assert report.attempt == 3
    assert [r.is_safe for r in read_reports(tmp_path)] == [False, False, True]
    assert "NOT CONFIRMED OFF: light: no answer" in spoken[0]


@pytest.mark.usefixtures("virtual_clock")
def test_it_gives_up_after_a_while_and_says_what_is_not_certain(tmp_path):
    report, _, _ = watch(tmp_path, Bench(False), Program(), (1.0, None))
    assert not report.is_safe
    assert report.attempt > 5


@pytest.mark.usefixtures("virtual_clock")
def test_a_bench_that_another_program_has_taken_is_left_to_it_after_the_first_attempt(tmp_path):
    bench = Bench(False, busy=True)
    report, _, spoken = watch(tmp_path, bench, Program(), (1.0, None))
    assert report.attempt == 1
    assert any("another program has taken the bench" in words for words in spoken)


@pytest.mark.usefixtures("virtual_clock")
def test_when_asked_it_makes_safe_reports_and_goes_on_watching(tmp_path):
    bench, program = Bench(), Program()
    words = [(0.1, "safe"), (0.2, "beat"), (1.0, "end")]
    report, line, _ = watch(tmp_path, bench, program, *words)
    assert report.cause == "asked"
    assert program.is_alive
    assert any(word.startswith("report {") for word in line.said)


@pytest.mark.usefixtures("virtual_clock")
def test_a_program_that_is_not_certain_is_left_alone_while_its_bench_is_made_safe(tmp_path):
    bench, program = Bench(False, True, busy=True), Program()
    report, _, _ = watch(tmp_path, bench, program, (0.1, "beat"), (0.2, "unsure"))
    assert (report.cause, report.attempt, report.is_safe) == ("unsure", 2, True)
    assert program.killed_at_s is None
    assert bench.closed


@pytest.mark.usefixtures("virtual_clock")
def test_the_report_goes_where_the_program_said_last(tmp_path):
    folder = tmp_path / "a run"
    folder.mkdir()
    watch(tmp_path, Bench(), Program(), (0.1, f"folder {folder}"), (0.2, None))
    assert len(read_reports(folder)) == 1


@pytest.mark.usefixtures("virtual_clock")
def test_a_folder_that_cannot_be_written_does_not_keep_the_bench_on(tmp_path):
    bench = Bench()
    report, _, spoken = watch(tmp_path / "gone", bench, Program(), (0.2, None))
    assert report.is_safe
    assert "cannot be written" in spoken[0]


def test_time_in_which_the_guard_itself_did_not_run_is_no_silence():
    silence = Silence(100.0)
    silence.listened(100.05, heard=False)
    silence.listened(100.05 + 3600.0, heard=False)  # the computer was asleep
    assert silence.length_s < 0.5
    silence.listened(3800.0, heard=True)
    assert silence.length_s == 0.0


def test_a_report_that_was_cut_is_left_out(tmp_path):
    report = GuardReport(
        bench="b", time_s=1.0, cause="hung", program=3, killed=True, attempt=1, took_s=0.1,
        confirmed=("light",), not_confirmed={},
    )  # fmt: skip
    report.append_to(tmp_path)
    with (tmp_path / "guard.jsonl").open("a") as file:
        file.write('{"bench": "b"}\n' + report.to_json()[:30])
    assert read_reports(tmp_path) == [report]
    assert "which was ended" in report.sentence()
