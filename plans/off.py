"""Off means confirmed off."""

import time
from collections.abc import Callable

import numpy as np
from ophyd.status import StatusTimeoutError, WaitTimeoutError

from instruments.bench import Bench, SafeOutcome
from instruments.errors import InstrumentError
from instruments.spectrometers import Spectrometer
from plans.analysis.darkness import Darkness, judge_darkness
from plans.live.light_seen import LightSeen, LitReference

_BETWEEN_TRIES_S = (0.1, 0.2, 0.4, 0.8, *28 * (1.0,))  # a line that is back is soon seen
_LONGEST_LOOK_S = 20.0


def confirm_off(bench: Bench, say: Callable[[str], None]) -> list[str]:
    """Switch all off and see it confirmed; keep trying for a while what does not answer.

    Args:
        bench: The bench.
        say: Receives sentences for the person.

    Returns:
        What could not be confirmed, a sentence each.
    """
    open_ends: list[str] = []
    for pause_s in (*_BETWEEN_TRIES_S, None):
        failed = [outcome for outcome in bench.make_safe() if not outcome.confirmed]
        open_ends = [_words(outcome) for outcome in failed]
        if not failed:
            return []
        say(f"NOT CONFIRMED OFF: {'; '.join(open_ends)}")
        if pause_s is not None:
            time.sleep(pause_s)
    say("Switch it off by hand at the instrument.")
    return open_ends


def _words(outcome: SafeOutcome) -> str:
    name, message = f"{outcome.device}:", outcome.message
    return message if message.startswith(name) else f"{name} {message}"


def confirm_dark(bench: Bench, seen: LightSeen, say: Callable[[str], None]) -> list[str]:
    """Let the spectrometer look whether the light that it saw is gone; call it after `confirm_off`.

    A spectrometer that saw no light, or cannot be asked any more, says nothing: what the light
    source has read back stands then.

    Args:
        bench: The bench, everything switched off.
        seen: What was seen during the run.
        say: Receives sentences for the person.

    Returns:
        What it still sees, a sentence each.
    """
    open_ends = []
    for reference in seen.references():
        device = bench.devices.get(reference.spectrometer)
        if not isinstance(device, Spectrometer):
            continue
        try:
            found = _look(device, reference)
        except (InstrumentError, StatusTimeoutError, WaitTimeoutError) as error:
            say(f"the spectrometer could not look whether it is dark: {error}")
            continue
        if found.can_see and not found.is_dark:
            open_ends.append(
                f"{device.name}: still sees light at {found.at_nm:.0f} nm, {found.share:.0%} of "
                "what it saw during the run: look whether the lamp is off, or the room is lit"
            )
            say(f"NOT CONFIRMED OFF: {open_ends[-1]}")
    return open_ends


def _look(device: Spectrometer, reference: LitReference) -> Darkness:
    cannot = Darkness(can_see=False, is_dark=False, share=float("nan"), at_nm=float("nan"))
    exposure_s = reference.integration_time_s
    if not 0 < exposure_s * float(device.averages.get()) * 2 < _LONGEST_LOOK_S:
        return cannot
    device.integration_time_s.set(exposure_s).wait(_LONGEST_LOOK_S)
    device.discard_next()  # it may have begun before the light went off
    device.trigger().wait(_LONGEST_LOOK_S + 10.0)
    counts = np.asarray(device.spectrum_counts.get(), dtype=np.float64)
    return judge_darkness(reference.axis_nm, counts, dark=reference.dark, lit=reference.lit)
