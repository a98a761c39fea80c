"""What strikes a run in virtual time; each returns what it hit, in a word."""

import errno
import time

from tests.campaign import ledger


def exception_in_plan(p):
    p.throw = ValueError("somebody tripped over the plan")
    return ""


def exception_in_device(p):
    name = p.device("spectrometer", "light", "stage", "pump")
    device = p.lab.bench[name]

    def trip(*_, **__):
        p.strike()
        raise ZeroDivisionError("a driver tripped")

    for method in ("trigger", "set", "read"):
        if hasattr(device, method):
            vars(device)[method] = trip
    return name


def exception_in_callback(p):
    p.fail_next_document = True
    return ""


def cable_out(p):
    name = p.device("spectrometer", "light", "stage", "pump", "meter", "plate")
    p.is_read = name in p.lines.names
    p.lab.simulators.unplug(name)
    if name in ledger.EMITTERS:  # it cannot be told to go off before its cable is back
        time.sleep(p.rng.uniform(1.0, 20.0))
        p.lab.simulators.replug(name)
        p.freed_s = time.monotonic()
    return name


def power_cut_of_one(p):
    name = p.device("spectrometer", "light", "stage", "pump", "plate")
    p.lab.simulators.power_cycle(name)
    return name


def _line_fault(kind):
    def fault(p):
        name = p.device("spectrometer", "light", "stage", "pump", "meter", "plate")
        faults = p.lab.simulators.faults(name)
        exchanges = p.rng.choice((1, 1, 2, 5))
        if kind == "late":
            faults.late(p.rng.uniform(0.2, 4.0), exchanges=exchanges)
        else:
            getattr(faults, kind)(exchanges=exchanges)
        time.sleep(20.0)
        faults.clear()
        return name

    return fault


def ctrl_c(p):
    p.lab.engine.abort("Ctrl-C")
    return ""


def stop_button(p):
    p.lab.bench.make_safe()
    p.lab.engine.abort("SAFE STOP")
    return ""


def disk_full(p):
    """The disk takes the first half of what is written next, and nothing after it."""
    for writer in p.recorder._open.values():

        def full(lines, file=writer._journal._file):
            p.strike()
            file.write(lines[: len(lines) // 2])
            raise OSError(errno.ENOSPC, "no space left on device")

        writer._journal._write = full
    return ""


def disk_read_only(p):
    for writer in p.recorder._open.values():

        def refuse(_):
            p.strike()
            raise OSError(errno.EROFS, "read-only file system")

        writer._journal._write = refuse
    return ""


def interlock_open(p):
    """Somebody opens the door of the bench: an input that no plan looks at."""
    p.lab.simulators.faults("door").device("interlock-open")
    return ""


def disk_slow(p):
    for writer in p.recorder._open.values():
        write = writer._journal._write

        def slow(lines, write=write):
            time.sleep(3.0)
            write(lines)

        writer._journal._write = slow
    time.sleep(30.0)
    return ""


def clock_jump(p):
    p.clock._epoch_s += p.rng.choice((-86_400.0, -3600.0, -5.0, 5.0, 3600.0, 86_400.0))
    return ""


def pause_for_long(p):
    run_engine = p.lab.engine.run_engine
    run_engine.request_pause()
    time.sleep(5.0)
    if run_engine.state != "paused":
        return "over"
    p.paused_dark = not any(
        p.lab.simulators.state(n).get("emitting") or p.lab.simulators.state(n).get("pumping")
        for n in ("light", "pump")
    )
    time.sleep(p.rng.uniform(60.0, 20_000.0))
    return "paused"


FAULTS = {
    "exception in plan": exception_in_plan,
    "exception in device": exception_in_device,
    "exception in callback": exception_in_callback,
    "cable out": cable_out,
    "half reply": _line_fault("truncate"),
    "garbage": _line_fault("garble"),
    "late reply": _line_fault("late"),
    "no reply": _line_fault("drop"),
    "connection cut in a reply": _line_fault("disconnect"),
    "power cut of one instrument": power_cut_of_one,
    "Ctrl-C in virtual time": ctrl_c,
    "SAFE STOP": stop_button,
    "disk full": disk_full,
    "disk slow": disk_slow,
    "disk read-only": disk_read_only,
    "interlock open": interlock_open,
    "clock jump": clock_jump,
    "pause for long": pause_for_long,
}
COUNTED_FROM = {
    "Ctrl-C in virtual time": "fault",
    "SAFE STOP": "fault",
    "interlock open": "fault",
    "cable out": "fault or told",
    "exception in plan": "strike",
    "exception in device": "strike",
    "exception in callback": "strike",
    "disk full": "strike",
    "disk read-only": "strike",
}
"""From where the time to all-off is counted, by fault; "told" where none is named.

fault: from the fault itself. strike: it is laid at a random instant, and nothing is wrong before
the run stumbles over it: a plan that waits for an exposure raises, calls a device or writes when
the exposure is over. told: from where the driver gives up and tells the plan; before that the
instrument may still answer, since a driver asks again. The cable of what the run reads counts from
the fault, that of anything else from where the plan is told; what emits cannot be reached before
its cable is back, and counts from there.
"""
