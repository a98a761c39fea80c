"""The models a bench file may name.

A further instrument is a line here; what the bench must know of it stands in the ``bench_entry`` of
its own package.
"""

import importlib
from collections.abc import Iterator, Mapping

from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.links import Link
from instruments.model import Model

_PACKAGES: Mapping[str, str] = {
    "ocean-hdx": "spectrometers.ocean_hdx",
    "thorlabs-dc4100": "light_sources.thorlabs_dc4100",
    "newera-ne1000": "pumps.ne1000",
    "zaber-ascii": "stages.zaber_ascii",
    "thorlabs-pm100d": "power_meters.thorlabs_pm100",
    "ika-plate": "thermal.ika_plate",
    "mt-sics": "balances.mt_sics",
    "sartorius-sbi": "balances.sartorius_sbi",
    "thorlabs-sc10": "shutters.thorlabs_sc10",
    "thorlabs-fw102c": "shutters.thorlabs_fw102c",
}


class _Models(Mapping[str, Model]):
    """Finds a model by name; a driver is imported when a bench names it."""

    def __getitem__(self, name: str) -> Model:
        module = importlib.import_module(f"instruments.{_PACKAGES[name]}.bench_entry")
        model = module.MODEL
        if not isinstance(model, Model):
            raise TypeError(f"{module.__name__}.MODEL is no Model but {model!r}")
        return model

    def __iter__(self) -> Iterator[str]:
        return iter(_PACKAGES)

    def __len__(self) -> int:
        return len(_PACKAGES)


MODELS: Mapping[str, Model] = _Models()
"""Every model by the name it has in a bench file."""


def make_device(name: str, table: Table, *, address: str) -> BenchDevice:
    """Return the device that a table describes; nothing is opened yet.

    Args:
        name: Name on the bench.
        table: Its ``[device.NAME]`` table.
        address: VISA address.

    Raises:
        ConfigurationError: Unknown model or key, or a value that makes no sense.
    """
    model_name = table.text("model")
    if model_name not in MODELS:
        raise table.error(f"unknown model {model_name!r} (known: {', '.join(sorted(MODELS))})")
    model = MODELS[model_name]
    link = Link(
        address,
        name=name,
        baud_rate=table.integer("baud_rate", model.baud_rate, minimum=300, maximum=4_000_000),
        timeout_s=table.number("timeout_s", 1.0, minimum=0.05, maximum=60),
        read_termination=model.read_termination,
        write_termination=model.write_termination,
    )
    table.text("address", "")  # may be another than the one in use
    device = model.build(name, link, table)
    table.finish()
    return device
