"""Asks one port, that the user has named, who is there."""

from instruments.bench import load_bench
from instruments.discovery.examples import device_of, example_bench
from instruments.driver import Identity
from instruments.owner import OwnerLock


def probe(address: str, model: str) -> Identity:
    """Open a port as if an instrument of a model were there, ask who it is, and close it.

    Nothing is set, moved or switched. A port that a running program of ours has is left alone.

    Args:
        address: As in a bench file.
        model: As in a bench file.

    Raises:
        ConfigurationError: There is no such model.
        BusyError: Another program has the port.
        InstrumentError: Nobody answers, or not as this model would.
    """
    example = example_bench(model)
    name = device_of(example, model)
    device = load_bench(example, addresses={name: address})[name]
    owner = OwnerLock(f"port {address.upper()}")
    owner.acquire(program="regrow discover")
    try:
        return device.ask_identity()
    finally:
        owner.release()
