"""A bench file for each model, to be taken as a beginning.

They are the files of ``examples/benches``, which an installed package carries beside this module.
"""

import tomllib
from pathlib import Path

from instruments.bench_models import MODELS
from instruments.errors import ConfigurationError

_PLACES = (
    Path(__file__).parent / "benches",
    Path(__file__).parents[2] / "examples" / "benches",
)


def example_models() -> list[str]:
    """Return the models for which there is an example."""
    return [model for model in sorted(MODELS) if _path(model) is not None]


def example_bench(model: str) -> Path:
    """Return the bench file of a model.

    Raises:
        ConfigurationError: There is no such model, or no example for it.
    """
    if model not in MODELS:
        raise ConfigurationError(
            "examples", f"unknown model {model!r}; there are {', '.join(sorted(MODELS))}"
        )
    path = _path(model)
    if path is None:
        raise ConfigurationError(
            "examples",
            f"no example for {model}; there are {', '.join(example_models()) or 'none at all'}",
        )
    return path


def device_of(path: Path, model: str) -> str:
    """Return the name of the device of a model in its example."""
    devices = tomllib.loads(path.read_text(encoding="utf-8")).get("device", {})
    for name, table in devices.items():
        if table.get("model") == model:
            return str(name)
    raise ConfigurationError(str(path), f"is the example for {model} and has no such device")


def _path(model: str) -> Path | None:
    for place in _PLACES:
        path = place / f"{model}.toml"
        if path.is_file():
            return path
    return None
