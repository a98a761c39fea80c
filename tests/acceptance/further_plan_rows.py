"""The other plans end to end, and the dose of runs that were paused, aborted or broken."""

import contextlib
import math
import sys
import threading
import time
from pathlib import Path
from typing import Any

from bench_runs import DEMO, FULL, bench_with, run_plan
from bluesky.utils import RunEngineInterrupted
from table import Row

from instruments.bench import load_bench
from plans.catalogue import make_experiment
from plans.engine import Engine
from simulators.bench import SimulatedBench
from simulators.clock import virtual_time

STRUCK_S = 300.0
PAUSE_S = 120.0


def yes(id_: str, quantity: str, holds: bool) -> Row:
    """Return a row that passes when something holds."""
    return Row(id=id_, quantity=quantity, value=float(holds), target=1.0, tolerance=0.0)


def interrupted_dose_rows(folder: str) -> list[Row]:
    """T12: the dose in the record against the sample's own, whatever happened to the run."""
    return [
        Row(id="T12", quantity=f"light_regrowth, {what}: dose, % of truth",
            value=100.0 * counted / true, target=100.0, tolerance=0.5)
        for what in ("pause", "abort", "fault")
        for counted, true in (doses_of(what),)
    ]  # fmt: skip


def doses_of(what: str) -> tuple[float, float]:
    """Return dose in the record and true dose of a run that something happens to."""
    documents: list[tuple[str, Any]] = []
    with (
        contextlib.redirect_stdout(sys.stderr),
        virtual_time(epoch_s=1_767_261_600.0),
        SimulatedBench(DEMO, ports="any") as simulators,
        load_bench(DEMO, addresses=simulators.addresses) as bench,
        Engine(callbacks=[lambda name, doc: documents.append((name, doc))]) as engine,
    ):
        devices = {name: bench[name] for name in ("spectrometer", "light", "stage")}
        values = {"max_time_min": 15.0, "dark_tail_min": 1.0, "plateau": False}
        plan = make_experiment("light_regrowth", devices, values).plan()

        def strike() -> None:
            time.sleep(STRUCK_S)
            if what == "pause":
                engine.run_engine.request_pause()
            elif what == "abort":
                engine.abort("enough")
            else:
                simulators.unplug("spectrometer")

        thread = threading.Thread(target=strike, name="saboteur")
        thread.start()
        if what == "pause":
            with contextlib.suppress(RunEngineInterrupted):
                engine.run_engine(plan)
            time.sleep(PAUSE_S)
            engine.run_engine.resume()
        else:
            engine.run(plan)
        thread.join()
        true = float(simulators.truth()["dose_j_cm2"])
    events = [doc["data"] for name, doc in documents if name == "event"]
    counted = [data["light_dose_j_cm2"] for data in events if "light_dose_j_cm2" in data]
    return float(counted[-1]), true


def thermal_rows(folder: str) -> list[Row]:
    """Heat alone changes nothing in a dispersion that light has not touched."""
    summary, _ = run_plan(
        folder, "thermal_regrowth", "temperature_degc=60", "ramp_k_min=5", "hold_min=20",
        "cool_min=90", "interval_s=60", "plateau=no", "thermostat=hotplate", bench=FULL,
    )  # fmt: skip
    return [
        Row(id="P12", quantity="thermal_regrowth, temperature held, degC",
            value=float(summary["temperature_held_degc"]), target=60.0, tolerance=1.0),
        Row(id="P12", quantity="thermal_regrowth, shift after cooling, nm",
            value=float(summary["shift_nm"]), target=0.0, tolerance=0.3),
    ]  # fmt: skip


def sonication_rows(folder: str) -> list[Row]:
    """Ultrasound strips ligand from crystals that then fuse: the peak moves to the red."""
    bench = Path(folder) / "bath.toml"
    relay = '\n[device.sonicator]\nmodel = "numato-relay"\n'
    relay += 'address = "TCPIP::127.0.0.1::57374::SOCKET"\n'
    bench.write_text(DEMO.read_text(encoding="utf-8") + relay, encoding="utf-8")
    summary, _ = run_plan(
        folder, "ultrasonication_assembly", "max_time_min=60", "burst_s=60", "plateau=no",
        "sonicator=sonicator", sample="free of ligand", bench=bench,
    )  # fmt: skip
    return [
        yes("P15", "ultrasonication_assembly, red shift", float(summary["shift_nm"]) > 1.0),
        Row(id="P15", quantity="ultrasonication_assembly, ultrasound, s",
            value=float(summary["sonicated_s"]), target=3600.0, tolerance=10.0),
    ]  # fmt: skip


def water_rows(folder: str) -> list[Row]:
    """A tenth of water: the first-order decay that the twin has (5e-4 /s times the fraction)."""
    bench = Path(folder) / "wet.toml"
    text = DEMO.read_text(encoding="utf-8")
    bench.write_text(text.replace("ligand_mm = 10.0 #", "water = 1.0 #"), encoding="utf-8")
    summary, _ = run_plan(
        folder, "water_stability", "water_ul=300", "max_time_min=1440", bench=bench,
        sample="few crystals",  # so dilute that PL counts them
    )  # fmt: skip
    expected = math.log(2) / (5e-4 * 300 / 3300)
    return [
        Row(id="P13", quantity="water_stability, T50, % of the twin's",
            value=100 * float(summary["t50_s"]) / expected, target=100.0, tolerance=8.0),
    ]  # fmt: skip


def map_rows(folder: str) -> list[Row]:
    """The same well at nine points: the scatter is that of the noise."""
    summary, _ = run_plan(
        folder, "map_scan", "position=A2", "rows=3", "columns=3", "pitch_um=500", bench=FULL
    )
    return [
        Row(id="P14", quantity="map_scan, points with a peak",
            value=float(summary["points_with_peak"]), target=9.0, tolerance=0.0),
        Row(id="P14", quantity="map_scan, scatter of the area, %",
            value=100 * float(summary["area_relative_sd"]), target=0.0, tolerance=1.0),
    ]  # fmt: skip


def action_rows(folder: str) -> list[Row]:
    """The twin activates per absorbed photon, whatever the wavelength."""
    wells = ("A2", "A3", "A4")
    with bench_with(folder, dict.fromkeys(wells, "free of ligand")) as bench:
        summary, result = run_plan(
            folder, "action_spectrum", f"positions={','.join(wells)}", "absorbed_umol_cm2=60",
            "blank_position=C6", "lamp_irradiance_mw_cm2=0.02", "lamp_integration_time_s=0.1",
            "absorbances=0.45,0.33,0.21", bench=bench,
        )  # fmt: skip
    actions = [float(row["relative_action"]) for row in result["rows"]]
    return [
        Row(id="P16", quantity="action_spectrum, spread of absorbed photons, %",
            value=100 * float(summary["absorbed_spread"]), target=0.0, tolerance=0.5),
        Row(id="P16", quantity="action_spectrum, wavelengths", value=float(len(actions)),
            target=3.0, tolerance=0.0),
    ]  # fmt: skip


def interface_rows(folder: str) -> list[Row]:
    """300 µL are laid down at 5 µL/min; a dispersion that is stirred dilutes."""
    summary, result = run_plan(
        folder, "interface_nanoplates", "position=A2", "max_time_min=90", "scan_axis=x",
        "scan_range_um=2000", "scan_steps=5", "pump=pump", bench=FULL,
    )  # fmt: skip
    return [
        Row(id="P17", quantity="interface_nanoplates, spectra", value=float(len(result["rows"])),
            target=5.0 * float(summary["scans"]), tolerance=0.0),
        Row(id="P17", quantity="interface_nanoplates, area by dilution",
            value=float(summary["area_ratio"]), target=0.93, tolerance=0.05),
    ]  # fmt: skip


def co_assembly_rows(folder: str) -> list[Row]:
    """Stocks of 5 and 2.5 µmol/L, one to one: a third and two thirds of the drop."""
    summary, result = run_plan(
        folder, "co_assembly", "position=D1", "volume_ul=30", "stocks_um=5,2.5", "ratio=1,1",
        "max_time_min=60", "hold_min=1", "pump=pump", "second_pump=antisolvent_pump", bench=FULL,
    )  # fmt: skip
    volumes = [float(row["volume_ul"]) for row in result["rows"]]
    return [
        Row(id="P18", quantity="co_assembly, first stock, uL", value=volumes[0],
            target=10.0, tolerance=0.01),
        Row(id="P18", quantity="co_assembly, shift, nm", value=float(summary["shift_nm"]),
            target=18.0, tolerance=8.0),
    ]  # fmt: skip


def led_rows(folder: str) -> list[Row]:
    """T21: T50 of 13.5 min at 11500 cd/m2 and of 694 h at 100 cd/m2."""
    files = []
    for number, (start, t50_s) in enumerate(((11500.0, 13.5 * 60), (100.0, 694 * 3600.0))):
        lines = ["time (s),luminance (cd/m2)"]
        lines += [f"{k * t50_s / 40},{start * 0.5 ** (k / 40)}" for k in range(50)]
        files.append(Path(folder) / f"led{number}.csv")
        files[-1].write_text("\n".join(lines), encoding="utf-8")
    summary, _ = run_plan(
        folder, "led_lifetime", f"files={files[0]},{files[1]}", "current_ma=6",
        "density_ma_cm2=150",
    )  # fmt: skip
    return [
        Row(id="T21", quantity="led_lifetime, exponent n", value=float(summary["n"]),
            target=1.693, tolerance=0.005),
        Row(id="T21", quantity="led_lifetime, area, cm2", value=float(summary["led_area_cm2"]),
            target=0.040, tolerance=0.0005),
    ]  # fmt: skip


PARTS = (
    interrupted_dose_rows,
    thermal_rows,
    sonication_rows,
    water_rows,
    map_rows,
    action_rows,
    interface_rows,
    co_assembly_rows,
    led_rows,
)
