"""What a light regrowth is asked for, and whether it can be."""

from dataclasses import dataclass

from instruments.light_sources.light_source import LightSource
from instruments.power_meters.power_meter import PowerMeter
from instruments.pumps.syringe_pump import SyringePump
from instruments.stages.stage import Stage
from plans.analysis import (
    DegradationRule,
    DoseRule,
    PlateauRule,
    Rule,
    TargetPeakRule,
    TimeRule,
)
from plans.preflight import Check

_PROBE_SHARE_LIMIT = 0.01  # of the dose: the probe is a reagent, too


@dataclass(frozen=True, kw_only=True)
class RegrowthSettings:
    """Parameters of :func:`light_regrowth`, with units in their names."""

    wavelength_nm: float
    irradiance_mw_cm2: float
    max_time_min: float
    max_dose_j_cm2: float
    interval_s: float
    probe_irradiance_mw_cm2: float
    integration_time_s: float
    averages: int
    baseline_frames: int
    dark_tail_min: float
    tail_interval_s: float
    plateau: bool
    plateau_window_min: float
    plateau_threshold_nm_min: float
    plateau_hold_min: float
    min_shift_nm: float
    target_peak_nm: float | None
    min_area_fraction: float
    ligand_volume_ul: float
    ligand_rate_ul_min: float
    position: str
    meter_position: str
    irradiance_tolerance: float

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules that may end the exposure, in the order in which they are asked."""
        rules: list[Rule] = []
        if self.plateau:
            rules.append(
                PlateauRule(
                    window_s=60 * self.plateau_window_min,
                    threshold_nm_min=self.plateau_threshold_nm_min,
                    hold_s=60 * self.plateau_hold_min,
                    min_shift_nm=self.min_shift_nm,
                )
            )
        if self.target_peak_nm is not None:
            rules.append(TargetPeakRule(target_nm=self.target_peak_nm))
        rules.append(DegradationRule(min_area_fraction=self.min_area_fraction))
        rules.append(DoseRule(max_dose_j_cm2=self.max_dose_j_cm2))
        rules.append(TimeRule(max_time_s=60 * self.max_time_min))
        return tuple(rules)

    def longest_s(self) -> float:
        """Return the longest time that the run can take, s."""
        frames = self.baseline_frames * self.interval_s
        return frames + 60 * (self.max_time_min + self.dark_tail_min)

    def probe_time_s(self) -> float:
        """Return how long the probe light is on for a spectrum: one more is taken and discarded."""
        return self.integration_time_s * (self.averages + 1)

    def probe_share(self) -> float:
        """Return the share of the dose that the probe light will have."""
        frame_s = self.probe_time_s()
        probe = self.probe_irradiance_mw_cm2 * frame_s
        return probe / (probe + self.irradiance_mw_cm2 * max(self.interval_s - frame_s, 1e-9))


def preflight(
    settings: RegrowthSettings,
    *,
    light: LightSource,
    stage: Stage | None = None,
    meter: PowerMeter | None = None,
    pump: SyringePump | None = None,
) -> list[Check]:
    """Check a light regrowth before anything is switched.

    Args:
        settings: The parameters.
        light: The light source.
        stage: The stage, if there is one.
        meter: The power meter, if there is one.
        pump: The pump, if there is one.

    Returns:
        One line a check.
    """
    checks = [_check_light(settings, light)]
    share = settings.probe_share()
    checks.append(
        Check(
            name="probe share of the dose",
            verdict="ok" if share <= _PROBE_SHARE_LIMIT else "note",
            detail=f"{100 * share:.2g} %, advised at most {100 * _PROBE_SHARE_LIMIT:g} %",
        )
    )
    frame_s = settings.probe_time_s() + 0.5
    checks.append(
        Check(
            name="interval",
            verdict="ok" if frame_s <= settings.interval_s else "refused",
            detail=f"a spectrum takes about {frame_s:.2g} s of {settings.interval_s:g} s",
        )
    )
    planned = settings.irradiance_mw_cm2 * settings.max_time_min * 60e-3
    checks.append(
        Check(
            name="dose",
            verdict="ok",
            detail=f"{min(planned, settings.max_dose_j_cm2):.4g} J/cm² at most, "
            f"limit {settings.max_dose_j_cm2:g} J/cm²",
        )
    )
    if settings.ligand_volume_ul > 0:
        checks.append(_check_ligand(settings, pump))
    if stage is not None:
        checks.extend(_check_positions(settings, stage, meter))
    return checks


def _check_light(settings: RegrowthSettings, light: LightSource) -> Check:
    asked = (settings.probe_irradiance_mw_cm2, settings.irradiance_mw_cm2)
    available = [channel.wavelength_nm for channel in light.channels]
    if settings.wavelength_nm not in available:
        return Check(
            name="light",
            verdict="refused",
            detail=f"{light.name} has no {settings.wavelength_nm:g} nm; it has "
            + ", ".join(f"{nm:g}" for nm in available)
            + " nm",
        )
    low, high = light.irradiance_range_mw_cm2(settings.wavelength_nm)
    fits = all(low <= value <= high for value in asked)
    return Check(
        name="light",
        verdict="ok" if fits else "refused",
        detail=f"{settings.wavelength_nm:g} nm, actinic {asked[1]:g} and probe {asked[0]:g} "
        f"mW/cm²; {light.name} gives {low:.3g} to {high:.3g} mW/cm²",
    )


def _check_ligand(settings: RegrowthSettings, pump: SyringePump | None) -> Check:
    if pump is None:
        return Check(name="ligand", verdict="refused", detail="there is no pump to add it with")
    left = float(pump.remaining_ul.get())
    fits = settings.ligand_volume_ul <= left
    return Check(
        name="ligand",
        verdict="ok" if fits else "refused",
        detail=f"{settings.ligand_volume_ul:g} µL asked, {left:g} µL in the syringe",
    )


def _check_positions(
    settings: RegrowthSettings, stage: Stage, meter: PowerMeter | None
) -> list[Check]:
    wanted = [settings.position] + ([settings.meter_position] if meter is not None else [])
    missing = [name for name in wanted if name not in stage.positions]
    known = ", ".join(stage.positions)
    checks = [
        Check(
            name="stage",
            verdict="refused" if missing else "ok",
            detail=f"no position {', '.join(missing)}; {stage.name} knows {known}"
            if missing
            else f"positions {', '.join(wanted)}",
        )
    ]
    if not stage.is_homed():
        checks.append(
            Check(
                name="stage reference",
                verdict="note",
                detail=f"{stage.name} has none and will be homed; see that nothing is in its way",
            )
        )
    return checks
