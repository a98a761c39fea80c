"""What a person types."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

import regrow

ROOT = Path(__file__).parents[2]
RUN_2 = ROOT / "tests" / "data" / "real-spectra" / "cdse-growth" / "Run 2 FL emission.csv"
SHORT = ["max_time_min=2", "dark_tail_min=0", "baseline_frames=3"]


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Call the command line as from a shell in an empty folder, but in this process."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = regrow.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return call


def test_help_imports_nothing_heavy(tmp_path):
    script = (
        "import sys, regrow\n"
        "try:\n    regrow.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'bluesky', 'ophyd', 'pyvisa') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip().endswith("[]")
    assert "demo" in done.stdout


def test_a_demo_ends_with_its_report(call, tmp_path):
    done = call("demo", *SHORT)
    assert done.returncode == 0, done.stderr
    report = Path(done.stdout.strip().splitlines()[-1].removeprefix("report:").strip())
    assert (tmp_path / report).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert re.search(r"elapsed .*peak .*nm .*dose .*J/cm²", done.stderr)


def test_a_run_ends_with_one_json_object(call, tmp_path):
    done = call(
        "run", "light_regrowth", SHORT[0], "--json", "--quiet", "--runs", "here", *SHORT[1:]
    )  # options and parameters in any order
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["exit_status"] == "success"
    assert result["stop_reason"] == "time"
    assert result["dose_j_cm2"] == pytest.approx(0.97 * 20e-3 * 120, rel=0.03)
    assert result["peak_start_nm"] == pytest.approx(515.7, abs=0.3)
    assert result["simulated_s"] > 140
    assert result["wall_s"] < result["simulated_s"]
    assert result["not_confirmed_off"] == []
    assert sorted(path.name for path in (tmp_path / result["run_folder"]).iterdir()) == [
        "arrays.h5", "overview.png", "report.html", "run.jsonl", "run.nxs", "spectra.csv",
        "tracked.csv",
    ]  # fmt: skip
    again = call("report", tmp_path / result["run_folder"])
    assert again.returncode == 0
    assert again.stdout.strip().endswith("report.html")


def test_measured_spectra_play_through_the_whole_stack(call):
    done = call(
        "demo", "--replay", RUN_2, "interval_s=30", "max_time_min=9", "dark_tail_min=0",
        "plateau=no", "baseline_frames=3", "min_area_fraction=0", "--json", "--quiet")  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["peak_start_nm"] == pytest.approx(515.2, abs=1.5)
    assert result["peak_end_nm"] == pytest.approx(547, abs=3)


def test_ctrl_c_ends_safe_and_says_where_the_data_are(tmp_path):
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "regrow.py"), "demo", "--speed", "50", "--runs", "here"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if "exposure" in process.stderr.readline():
            break
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "ended by the operator (Ctrl-C)" in output
    assert "NOT CONFIRMED" not in errors
    folder = tmp_path / re.search(r"data:\s+(\S+)", output).group(1)
    stop = json.loads((folder / "run.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert stop[0] == "stop"
    assert stop[1]["exit_status"] == "abort"
    last = (folder / "tracked.csv").read_text(encoding="utf-8").splitlines()[-1]
    assert "exposure" in last
    assert (folder / "report.html").exists()


def test_plans_are_listed_with_units_ranges_and_defaults(call):
    done = call("plans")
    assert done.returncode == 0
    assert "light_regrowth: Light a dispersion until" in done.stdout
    assert re.search(r"irradiance_mw_cm2 .* 20 mW/cm²  \(0.1 to 200 mW/cm²\)", done.stdout)


def test_devices_are_identified_and_read(call):
    bench = ROOT / "simulators" / "benches" / "demo.toml"
    done = call("devices", bench, "--simulated")
    assert done.returncode == 0, done.stderr
    for text in ("spectrometer: ", "DC4100", "NE1000", "Zaber", "PM100D", "pump_remaining_ul"):
        assert text in done.stdout


def test_simulate_says_where_it_serves_and_ends_on_ctrl_c(tmp_path):
    bench = tmp_path / "bench.toml"
    bench.write_text(
        '[device.meter]\nmodel = "thorlabs-pm100d"\naddress = "TCPIP::127.0.0.1::0::SOCKET"\n'
        "aperture_area_cm2 = 0.7\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "regrow.py"), "simulate", str(bench), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    row = json.loads(process.stdout.readline())
    assert row["name"] == "meter"
    assert row["model"] == "thorlabs-pm100d"
    assert (row["pty"] is not None) == hasattr(os, "openpty")  # where the system has them
    assert re.fullmatch(r"TCPIP::127\.0\.0\.1::[1-9]\d*::SOCKET", row["address"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_files_are_analysed_to_json_lines(call, tmp_path):
    done = call("analyse", RUN_2, "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 14
    assert set(rows[0]) == {
        "file", "column", "time_s", "peak_nm", "peak_nm_se", "fwhm_nm", "area", "snr", "flags",
    }  # fmt: skip
    assert rows[0]["time_s"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "toast"], "there is no plan 'toast'; there are action_spectrum"),
        (["demo", "irradiance_mw_cm2=1000"], "must be 0.1 to 200 mW/cm², got 1000"),
        (["demo", "wavelength_nm=385"], "has no 385 nm"),
        (["demo", "light=lamp"], "has no LightSource of that name; it has light"),
        (["demo", "--replay", "nowhere.csv"], "nowhere.csv"),
        (["devices", "nowhere.toml"], "nowhere.toml"),
        (["run", "light_regrowth", "--bench", "x.toml", "--speed", "2"], "real time"),
        (["run", "light_regrowth", "--bench", "x.toml", "--replay", "y"], "--simulated"),
        (["analyse", "nowhere.csv"], "nowhere.csv"),
        (["report", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_call_is_answered_in_words(call, arguments, message):
    done = call(*arguments)
    assert done.returncode in {1, 2}
    assert message in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["demo", "--fast"], ["plans", "a=b", "c=d"]])
def test_an_unknown_argument_is_refused(call, arguments):
    with pytest.raises(SystemExit) as ended:
        call(*arguments)
    assert ended.value.code == 2


def test_the_doctor_finds_a_package_that_shadows_ours(call, tmp_path):
    assert call("doctor").returncode == 0
    (tmp_path / "plans.py").write_text("")
    script = f"""
import importlib.util, sys
from pathlib import Path
root = Path({str(ROOT)!r})
spec = importlib.util.spec_from_file_location("doctor", root / "plans" / "doctor.py")
doctor = sys.modules["doctor"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(doctor)
sys.path[:0] = [".", str(root)]
print([finding.text for finding in doctor.examine(root) if not finding.ok])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "OPHYD_CONTROL_LAYER": "dummy"},
    )  # fmt: skip
    assert "package plans comes from" in done.stdout
