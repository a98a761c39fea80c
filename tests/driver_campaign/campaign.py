"""Fault campaign: every driver, every order of its kind, every fault at every exchange.

Each case has a simulator of its own on a socket and a device of its own, in virtual time. It is
good when the order ends in an error of `instruments.errors` within its time-out, or in the state
that it reaches without a fault; when nothing is read afterwards that is neither; when what failed
to switch on is off; and when the device can be made safe once the fault is over.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from instruments.bench_models import MODELS
from instruments.errors import (
    ConfigurationError,
    InstrumentError,
    LimitError,
    NotConnectedError,
)
from instruments.spectrometers import Spectrometer
from simulators.clock import LeakedThreadError, virtual_time
from tests.driver_campaign.reference import RECOVERY_S, UNCHECKED, Failure, Reference, give, reading
from tests.driver_campaign.rig import Rig, fault_kinds, on_usb, rig
from tests.driver_campaign.scenarios import Scenario, scenarios_of

EPOCH_S = 1_767_261_600.0
OURS = (ConfigurationError, LimitError, NotConnectedError)  # no fault of a line makes these

LINE_FAULTS: dict[str, Callable] = {
    "late": lambda faults, at: faults.late(3.0, skip=at),
    "a little late": lambda faults, at: faults.late(1.05, skip=at),
    "dropped": lambda faults, at: faults.drop(skip=at),
    "lost": lambda faults, at: faults.lose(skip=at),
    "garbled": lambda faults, at: faults.garble(skip=at),
    "cut to 2 bytes": lambda faults, at: faults.truncate(2, skip=at),
    "cut in half": lambda faults, at: faults.truncate(skip=at),
    "disconnected": lambda faults, at: faults.disconnect(keep=2, skip=at),
    "byte by byte": lambda faults, at: faults.one_byte_at_a_time(skip=at),
    "slow line": lambda faults, at: faults.slow(400.0, skip=at),
}
NOT_ON_USB = ("garbled", "garbled for good")
"""The USB checks every packet and repeats it: bytes are late or lost there, never others."""
LINE_FAULTS_OF_SPECTRA: dict[str, Callable] = LINE_FAULTS | {
    # Thousands of bytes: slowed as much as above, no spectrum would ever come in time.
    "byte by byte": lambda faults, at: faults.one_byte_at_a_time(0.0001, skip=at),
    "slow line": lambda faults, at: faults.slow(20_000.0, skip=at),
}
FOR_GOOD: dict[str, Callable] = {
    "silent for good": lambda faults: faults.drop(exchanges=None),
    "garbled for good": lambda faults: faults.garble(exchanges=None),
}
UNPLUGGED = "unplugged"


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table.

    Attributes:
        model: Instrument.
        scenario: Order.
        fault: What was done to line or device.
        exchange: Which exchange of the order it hit, -1 where that has no meaning.
        outcome: "done", the name of an error, or what is wrong in capitals.
        detail: Words.
    """

    model: str
    scenario: str
    fault: str
    exchange: int
    outcome: str
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it ended as it must."""
        return not self.outcome.isupper()


def attempt(scenario: Scenario, device, *, extra_s: float) -> str:
    """Give the order under a fault and return how it ended.

    Raises:
        Failure: In another way than it may.
    """
    started_s = time.monotonic()
    try:
        give(scenario, device)
        outcome = "done"
    except InstrumentError as error:
        if isinstance(error, OURS):
            raise Failure("WRONG EXCEPTION", f"{type(error).__name__}: {error}") from error
        outcome = type(error).__name__
    except Exception as error:
        raise Failure("WRONG EXCEPTION", f"{type(error).__name__}: {error}") from error
    took_s = time.monotonic() - started_s
    if took_s > scenario.within_s + extra_s:
        raise Failure("TOO LATE", f"{took_s:.1f} s")
    return outcome


def recover(each: Rig, reference: Reference, *, outcome: str, connects: bool) -> None:
    """Look at the device when the fault is over, and make it safe.

    Raises:
        Failure: It says something wrong, is left on, or cannot be made safe.
    """
    each.faults.clear()
    time.sleep(RECOVERY_S)
    if connects and outcome != "done":
        try:
            each.device.connect()
        except InstrumentError as error:
            raise Failure("NO RECOVERY", str(error)) from error
    for _ in range(2):
        try:
            values = reading(each.device)
        except InstrumentError as error:
            # The first look after a loss may be the one that finds it out.
            lost = error
            time.sleep(RECOVERY_S)
            continue
        reference.check(values)
        if outcome == "done":
            reference.check_done(values)
        return
    raise Failure("NO RECOVERY", str(lost))


def make_safe(each: Rig) -> None:
    """Make the device safe and look at the instrument itself.

    Raises:
        Failure: It cannot be made safe.
    """
    try:
        each.device.make_safe(30.0)
    except InstrumentError as error:
        raise Failure("NOT SAFE", str(error)) from error
    time.sleep(RECOVERY_S)
    if not each.state()["safe"]:
        raise Failure("NOT SAFE", str({k: v for k, v in each.state().items() if k != "log"}))


def check_not_left_on(each: Rig, outcome: str, was_safe: bool) -> None:
    """Refuse an instrument that was off, failed to go on, and is on.

    Raises:
        Failure: It is.
    """
    time.sleep(RECOVERY_S)
    if outcome != "done" and was_safe and not each.state()["safe"]:
        raise Failure("LEFT ON", str({k: v for k, v in each.state().items() if k != "log"}))


def line_case(
    model: str, scenario: Scenario, reference: Reference, arm: Callable, *, for_good: bool = False
) -> str:
    """Carry out a scenario under a fault of the line and return its outcome."""
    with rig(model) as each:
        if not scenario.connects:
            each.device.connect()
            scenario.before(each.device)
        was_safe = each.state()["safe"]
        arm(each)
        outcome = attempt(scenario, each.device, extra_s=reference.settles_s)
        if not for_good:
            check_not_left_on(each, outcome, was_safe)
        if arm is unplug:
            each.simulated.replug(each.name)
        recover(each, reference, outcome=outcome, connects=scenario.connects)
        make_safe(each)
    return outcome


def unplug(each: Rig) -> None:
    """Pull the cable."""
    each.simulated.unplug(each.name)


def device_case(model: str, scenario: Scenario, kind: str) -> str:
    """Carry out a scenario under a fault of the instrument itself and return its outcome."""
    with rig(model) as each:
        if not scenario.connects:
            each.device.connect()
            scenario.before(each.device)
        each.faults.device(kind)
        outcome = attempt(scenario, each.device, extra_s=scenario.within_s)
        if outcome == "done":
            outcome = f"done{told(each.device)}"
        each.faults.device(kind, on=False)
        time.sleep(RECOVERY_S)
        if scenario.connects and not outcome.startswith("done"):
            each.device.connect()
        make_safe(each)
    return outcome


def told(device) -> str:
    """Return what a device says of a fault that did not stop its order."""
    try:
        values = reading(device)
    except InstrumentError as error:
        return f", then {type(error).__name__}"
    words = [str(values[key]) for key in values if key.endswith(UNCHECKED[:4]) and values[key]]
    return f", told: {'; '.join(words)}" if words else ""


def exchanges_to_hit(count: int, most: int, *, nth: int = 0) -> list[int]:
    """Return which exchanges of an order a fault hits: all, or so many evenly spread ones.

    Args:
        count: Exchanges of the order.
        most: How many shall be hit; with one only, each fault takes another.
        nth: Number of the fault.
    """
    if count <= most:
        return list(range(count))
    if most == 1:
        return [nth % count]
    return sorted({round(at * (count - 1) / (most - 1)) for at in range(most)})


def cases(model: str, scenario: Scenario, reference: Reference, most: int):
    """Yield fault, exchange and the function that carries the case out."""
    spectra = issubclass(MODELS[model].kind, Spectrometer)
    line_faults = LINE_FAULTS_OF_SPECTRA if spectra else LINE_FAULTS
    impossible = NOT_ON_USB if on_usb(model) else ()
    for nth, (fault, arm) in enumerate(line_faults.items()):
        if fault in impossible:
            continue
        for at in exchanges_to_hit(reference.exchanges, most, nth=nth):
            yield (
                fault,
                at,
                lambda arm=arm, at=at: line_case(
                    model, scenario, reference, lambda each: arm(each.faults, at)
                ),
            )
    for fault, arm_all in FOR_GOOD.items():
        if fault in impossible:
            continue
        yield (
            fault,
            -1,
            lambda arm_all=arm_all: line_case(
                model, scenario, reference, lambda each: arm_all(each.faults), for_good=True
            ),
        )
    yield UNPLUGGED, -1, lambda: line_case(model, scenario, reference, unplug, for_good=True)
    for kind in fault_kinds(model):
        yield kind, -1, lambda kind=kind: device_case(model, scenario, kind)


def run_model(model: str, *, most: int = 1000, only: Callable = lambda name: True):
    """Yield the results of a model.

    Args:
        model: As in a bench file.
        most: How many exchanges of an order each fault hits.
        only: Picks scenarios by name.
    """
    for scenario in scenarios_of(MODELS[model].kind):
        if not only(scenario.name):
            continue
        with virtual_time(epoch_s=EPOCH_S):
            reference = Reference.of(model, scenario)
            planned = list(cases(model, scenario, reference, most))
        for fault, at, case in planned:
            outcome, detail = guarded(case)
            yield Result(
                model=model,
                scenario=scenario.name,
                fault=fault,
                exchange=at,
                outcome=outcome,
                detail=detail,
            )


def guarded(case: Callable) -> tuple[str, str]:
    """Carry out a case on a virtual clock of its own; return outcome and words."""
    before = set(threading.enumerate())
    try:
        with virtual_time(epoch_s=EPOCH_S):
            outcome, detail = case(), ""
    except Failure as failure:
        outcome, detail = failure.outcome, failure.detail
    except InstrumentError as error:
        outcome, detail = "NO RECOVERY", str(error)
    except LeakedThreadError as error:
        outcome, detail = "LEAKED THREAD", str(error)
    left = [t.name for t in set(threading.enumerate()) - before if not t.daemon]
    if left:
        outcome, detail = "LEAKED THREAD", ", ".join(left)
    return outcome, detail
