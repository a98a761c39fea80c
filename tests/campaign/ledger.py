"""What was on and when it went off, by the simulators' own switch logs."""

EMITTERS = ("light", "pump", "plate")
"""Devices of the demonstration bench that emit, pump or heat."""


def spans(log):
    """Return the intervals in which anything of an instrument was on; an open end is None.

    Args:
        log: Pairs of time in s and words such as "channel 2 on", "channel 2 off", "power on".
    """
    found, lit, since = [], set(), None
    for at_s, words in log:
        what, _, state = words.rpartition(" ")
        if words.startswith("flow "):
            name, is_on = "flow", float(words.split()[1]) != 0.0
        elif state in ("on", "off") and what and what != "power":
            name, is_on = what, state == "on"
        elif words == "power on":  # after a power cut nothing is on
            lit.clear()
            name, is_on = "power", False
        else:
            continue
        (lit.add if is_on else lit.discard)(name)
        if lit and since is None:
            since = at_s
        elif not lit and since is not None:
            found.append((since, at_s))
            since = None
    if since is not None:
        found.append((since, None))
    return found


def all_spans(states):
    """Return the intervals of all emitters of a bench, from their states by name."""
    return [span for name in EMITTERS if name in states for span in spans(states[name]["log"])]


def is_on_at(intervals, at_s):
    """Tell whether anything was on up to an instant: in virtual time it may go off in the same."""
    return any(a < at_s and (b is None or at_s <= b) for a, b in intervals)


def off_after_s(intervals, at_s):
    """Return how long after an instant the last emitter went off for good; None for never."""
    ends = [b for a, b in intervals if b is None or b > at_s]
    if None in ends:
        return None
    return max((b - at_s for b in ends), default=0.0)
