"""Every plan with settings that make a short run of it, and what must stand on the bench."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

PLATE = """
[device.plate]
model = "ika-plate"
address = "TCPIP::127.0.0.1::57371::SOCKET"
limit_degc = 90.0
band_k = 1.0
hold_s = 10.0

[device.balance]
model = "mt-sics"
address = "TCPIP::127.0.0.1::57372::SOCKET"
stability_timeout_s = 0.0
"""
SONICATOR = """
[device.sonicator]
model = "numato-relay"
address = "TCPIP::127.0.0.1::57374::SOCKET"
"""
OTHER_PUMP = """
[device.other_pump]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57373::SOCKET"
pump_address = 0
syringe = "BD plastic 10 mL"
syringe_diameter_mm = 14.43
syringe_volume_ul = 10000
loaded_volume_ul = 8000
contents = "toluene"
"""
PL = ("spectrometer", "light", "stage")


@dataclass(frozen=True, kw_only=True)
class Quick:
    """A short run of one plan.

    Attributes:
        devices: Device on the bench by parameter of the plan.
        values: The other parameters.
        changes: Of the bench, as `open_lab` takes them.
        summary: A key that the summary of the run must have.
        lights: Whether it lights the sample at all.
    """

    devices: dict
    values: dict
    changes: dict = field(default_factory=dict)
    summary: str
    lights: bool = True


def devices(*names, **others):
    return {**{name: name for name in names}, **others}


def write_decay(path, seed=0, lifetimes=((4.5, 1.0),), counts=2e5):
    """Write a decay as PicoQuant's histogrammers export it."""
    rng = np.random.default_rng(seed)
    time_ns = np.arange(4000) * 0.5
    decay = sum(a * np.exp(-np.maximum(time_ns - 20.0, 0) / t) for t, a in lifetimes)
    decay = np.where(time_ns >= 20.0, decay, 0.0)
    mean = counts * decay / decay.sum() + 0.2
    lines = ["#PicoHarp 300  Histogram Data", "#ns/channel", "0.5", "#sync rate [Hz]", "250000"]
    lines += ["#acquisition time [s]", "60", "#counts", *map(str, rng.poisson(mean))]
    path.write_text("\n".join(lines), encoding="utf-8")


def write_luminance(path, start_cd_m2, t50_s):
    """Write the luminance of an LED that falls exponentially, as a source meter exports it."""
    lines = ["time (s),luminance (cd/m2)"]
    for share in np.linspace(0.0, 1.2, 61):
        lines.append(f"{share * t50_s:.6g},{start_cd_m2 * 0.5**share:.6g}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def quick_plans(folder):
    """Return a short run of every plan.

    Args:
        folder: Where files that a plan reads may be written.
    """
    folder = Path(folder)
    decays = folder / "decays"
    decays.mkdir(exist_ok=True)
    certificate = folder / "lamp.csv"
    certificate.write_text("nm,photons\n" + "".join(f"{nm},1.0\n" for nm in range(300, 1000, 10)))
    tray = {"stands": {"a1": "as-synthesised", "a2": "as-synthesised"}}
    return {
        "light_regrowth": Quick(
            devices=devices(*PL, "meter", "pump", thermostat="plate"),
            values={"max_time_min": 3.0, "dark_tail_min": 1.0, "baseline_frames": 3,
                    "ligand_volume_ul": 100.0, "temperature_degc": 30.0},
            changes={"extra": PLATE},
            summary="shift_nm",
        ),
        "evaporation_assembly": Quick(
            devices=devices(*PL, "balance", thermostat="plate", lamp="light"),
            values={"max_time_min": 4.0, "interval_s": 10.0, "temperature_degc": 30.0,
                    "blank_position": "sample"},
            changes={"extra": PLATE, "sample": "drop-5um-toluene"},
            summary="explanation",
        ),
        "thermal_regrowth": Quick(
            devices=devices(*PL, thermostat="plate"),
            values={"temperature_degc": 35.0, "ramp_k_min": 0.0, "hold_min": 2.0, "cool_min": 2.0,
                    "interval_s": 15.0, "baseline_frames": 3},
            changes={"extra": PLATE},
            summary="peak_held_nm",
        ),
        "ultrasonication_assembly": Quick(
            devices=devices(*PL, "sonicator", thermostat="plate"),
            values={"max_time_min": 1.0, "baseline_frames": 3},
            changes={"extra": PLATE + SONICATOR},
            summary="sonicated_s",
        ),
        "co_assembly": Quick(
            devices=devices(*PL, "balance", "pump", second_pump="other_pump"),
            values={"max_time_min": 3.0, "interval_s": 10.0, "volume_ul": 20.0},
            changes={"extra": PLATE + OTHER_PUMP, "sample": "drop-5um-toluene"},
            summary="explanation",
        ),
        "interface_nanoplates": Quick(
            devices=devices(*PL, "pump"),
            values={"layer_ul": 10.0, "layer_rate_ul_min": 10.0, "scan_axis": "x",
                    "scan_range_um": 800.0, "scan_steps": 3, "scan_every_min": 1.0,
                    "max_time_min": 3.0},
            summary="largest_shift_nm",
        ),
        "water_stability": Quick(
            devices=devices(*PL, "pump", thermostat="plate"),
            values={"water_ul": 200.0, "max_time_min": 5.0, "points_per_decade": 5,
                    "stir_rpm": 300.0},
            changes={"extra": PLATE},
            summary="t50_s",
        ),
        "map_scan": Quick(
            devices=devices(*PL),
            values={"rows": 1, "columns": 4, "pitch_um": 500.0, "focus_axis": "x",
                    "focus_steps": 3},
            summary="area_relative_sd",
        ),
        "action_spectrum": Quick(
            devices=devices(*PL),
            values={"positions": ("a1", "a2"), "wavelengths_nm": (405.0, 450.0),
                    "absorbances": (0.5, 0.4), "absorbed_umol_cm2": 1.0, "exposure_min": 1.0,
                    "spectra": 2, "baseline_frames": 3},
            changes=tray,
            summary="best_nm",
        ),
        "led_lifetime": Quick(
            devices={},
            values={"files": (write_luminance(folder / "led1.csv", 11500.0, 810.0),
                              write_luminance(folder / "led2.csv", 100.0, 694 * 3600.0))},
            summary="n",
            lights=False,
        ),
        "uv_photostability": Quick(
            devices=devices(*PL),
            values={"positions": ("a1", "a2"), "max_exposure_min": 5.0, "points_per_decade": 4},
            changes=tray,
            summary="t50_last_over_first",
        ),
        "condition_matrix": Quick(
            devices=devices(*PL),
            values={
                "axes": "irradiance_mw_cm2=10,20", "positions": ("a1", "a2"),
                "fixed": "max_time_min=1;plateau=no;dark_tail_min=0;baseline_frames=3",
            },
            changes=tray,
            summary="measured",
        ),
        "optimise": Quick(
            devices=devices(*PL),
            values={
                "axes": "irradiance_mw_cm2=5..40 log; max_time_min=1..2",
                "positions": ("a1", "a2", "a3"), "budget": 3, "start": 2,
                "limits": "area_ratio>=0.2",
                "fixed": "plateau=no;dark_tail_min=0;baseline_frames=3",
            },
            changes={"stands": dict.fromkeys(("a1", "a2", "a3"), "as-synthesised")},
            summary="best_objective",
        ),
        "ife_check": Quick(
            devices=devices(*PL, "pump"),
            values={"dilutions": 1, "factor": 1.1, "start_volume_ul": 3000.0, "mix_s": 5.0},
            summary="reversible_shift_nm",
        ),
        "dose_reciprocity": Quick(
            devices=devices(*PL),
            values={"dose_j_cm2": 1.0, "irradiances_mw_cm2": (10.0, 20.0), "spectra": 2,
                    "positions": ("a1", "a2"), "baseline_frames": 3},
            changes=tray,
            summary="spread",
        ),
        "ligand_titration": Quick(
            devices=devices(*PL, "pump", thermostat="plate"),
            values={"max_steps": 2, "mix_s": 5.0, "settle_s": 5.0},
            changes={"extra": PLATE},
            summary="ligand_mm",
        ),
        "antisolvent_titration": Quick(
            devices=devices(*PL, "pump"),
            values={"max_steps": 2, "mix_s": 5.0, "settle_s": 5.0},
            summary="antisolvent_fraction",
        ),
        "power_series": Quick(
            devices=devices(*PL), values={"points": 4}, summary="exponent"
        ),
        "lifetime_series": Quick(
            devices=devices("light", "stage"),
            values={"folder": str(decays), "decays": 2, "dose_between_j_cm2": 1.0},
            summary="intensity_average_ratio",
        ),
        "plqy_relative": Quick(
            devices=devices(*PL),
            values={"sample_positions": ("a1",), "reference_positions": ("a2",),
                    "sample_absorbances": (0.08,), "reference_absorbances": (0.08,)},
            changes=tray,
            summary="quantum_yield",
        ),
        "calibrate_dark": Quick(
            devices=devices("spectrometer", "light"),
            values={"integration_times_s": (0.05, 0.2), "frames_each": 4},
            summary="offset_counts",
            lights=False,
        ),
        "calibrate_wavelength": Quick(
            devices=devices(*PL),
            values={"lamp_position": "sample", "frames_each": 3},
            summary="offset_nm",
            lights=False,
        ),
        "calibrate_irradiance": Quick(
            devices=devices("light", "meter", "stage"),
            values={"points": 3},
            summary="largest_deviation",
        ),
        "calibrate_nonlinearity": Quick(
            devices=devices(*PL), values={"points": 5}, summary="largest_deviation"
        ),
        "calibrate_spectral_response": Quick(
            devices=devices(*PL, lamp="light"),
            values={"certificate": str(certificate), "lamp_position": "sample", "frames_each": 3},
            summary="largest_factor",
        ),
    }  # fmt: skip
