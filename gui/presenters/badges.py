"""What is wrong with the last spectrum, in two words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gui.messages import DeviceState, Scalar
from gui.presenters.device_card import calibration_age

_NEAR_FULL = 0.9


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A warning beside the plots: two words, and what they mean."""

    text: str
    meaning: str


_FLAG_BADGES: Mapping[str, Badge] = {
    "saturated": Badge(text="saturated", meaning="The detector is at its limit; shorten the "
                       "integration time or weaken the probe light"),
    "no_data": Badge(text="no spectrum", meaning="The detector has sent nothing that can be read"),
    "no_peak": Badge(text="no peak", meaning="There is no photoluminescence line in the band"),
    "low_snr": Badge(text="weak signal", meaning="The line hardly stands out of the noise"),
    "poor_fit": Badge(text="poor fit", meaning="One line does not describe the band: a shoulder "
                      "or a second population"),
    "leak": Badge(text="excitation leak", meaning="Scattered excitation outshines the sample"),
    "edge": Badge(text="line at the edge", meaning="The line is cut by the end of the band"),
    "spike": Badge(text="spikes", meaning="Single pixels stood out and were left out of the fit"),
    "broad": Badge(text="broad", meaning="What stands out is wider than a photoluminescence line"),
    "nan": Badge(text="missing pixels", meaning="Some counts were no numbers and were left out"),
    "no_dark": Badge(text="no dark", meaning="No dark spectrum was subtracted"),
    "stale": Badge(text="same spectrum", meaning="The detector has not been read anew"),
    "drift": Badge(text="drift", meaning="The wavelength axis has moved since the run began"),
    "beyond_response": Badge(text="response unknown", meaning="The line reaches to where the "
                             "spectral response was not measured"),
}  # fmt: skip
_STALE_DARK = "stale dark"


def badges_of(
    texts: Mapping[str, Scalar], peak_share: float | None, uncalibrated: tuple[str, ...]
) -> tuple[Badge, ...]:
    """Return what is wrong with a spectrum.

    Args:
        texts: What the tracker says of it: its flags, and the reason in sentences.
        peak_share: Largest raw count over the full scale, None when it is not known.
        uncalibrated: What is not calibrated of the instruments in use, one a line.
    """
    reason = str(texts.get("tracker_reason", ""))
    flags = str(texts.get("tracker_flags", "")).split(",")
    found = [_badge(flag, reason) for flag in flags if flag in _FLAG_BADGES]
    if peak_share is not None and peak_share > _NEAR_FULL and "saturated" not in flags:
        text = f"{peak_share:.0%} of full scale"
        found.append(Badge(text=text, meaning="The detector is near its limit"))
    if uncalibrated:
        found.append(Badge(text="uncalibrated", meaning="\n".join(uncalibrated)))
    return tuple(found)


def _badge(flag: str, reason: str) -> Badge:
    badge = _FLAG_BADGES[flag]
    if flag == "no_dark" and "old" in reason:
        badge = Badge(text=_STALE_DARK, meaning="The dark spectrum is too old to be subtracted")
    return Badge(
        text=badge.text, meaning=f"{badge.meaning}.\n{reason}" if reason else badge.meaning
    )


def uncalibrated(
    states: Mapping[str, DeviceState], arguments: Mapping[str, object], today: date
) -> tuple[str, ...]:
    """Return what is not to be relied on of the instruments that a run uses, one a line.

    Args:
        states: All devices of the bench.
        arguments: Of the run: it names its instruments, and the wavelength of its light.
        today: The day of looking.
    """
    used = {str(value) for value in arguments.values()}
    wavelength = arguments.get("wavelength_nm")
    wanted = f"{wavelength:g} nm" if isinstance(wavelength, int | float) else ""
    lines = []
    for name, state in states.items():
        for each in state.calibrations if name in used else ():
            is_other = wanted and each.what.endswith(" nm") and each.what != wanted
            age = calibration_age(each, today)
            if age.is_bad and not is_other:
                lines.append(f"{name}, {each.what}: {age.text}")
    return tuple(lines)
