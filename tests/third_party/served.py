"""A simulated instrument for clients of others: its example bench, in real time."""

from contextlib import contextmanager

from simulators.bench import SimulatedBench
from tests.driver_campaign.rig import bench_file, device_name


@contextmanager
def served(model, *, pty=False):
    """Serve a model; gives bench and the name of the device."""
    with SimulatedBench(bench_file(model), ports="any", pty=pty) as simulated:
        yield simulated, device_name(model)


def port_of(simulated, name):
    """Return the TCP port of a device."""
    return int(simulated.addresses[name].split("::")[2])


def pty_of(simulated, name):
    """Return the pseudo-terminal of a device."""
    path = next(each["pty"] for each in simulated.describe() if each["name"] == name)
    assert path is not None
    return path
