"""Writes a bench file from what was found, or from an example."""

import datetime
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from instruments.bench import load_bench
from instruments.discovery.examples import device_of, example_bench, example_models
from instruments.discovery.finding import Finding
from instruments.errors import ConfigurationError

_HEAD = """\
# Bench file, written by "regrow new-bench" on {today}.
# One [device.NAME] table per instrument. Addresses are as found; every other value is an example:
# hold it against the instrument and its page in docs/instruments, limits and calibrations first.

[bench]
name = {name}
"""
_UNKNOWN = """\
# Ports behind which no known instrument was recognised. Nothing was written to them. Ask one with
#   regrow discover --probe ADDRESS --as MODEL
"""


def bench_text(found: Sequence[Finding], *, name: str) -> str:
    """Return a bench file with the instruments that were recognised.

    Args:
        found: What was found; the first model of each is taken.
        name: Name of the bench.

    Raises:
        ConfigurationError: None was recognised.
    """
    known = [one for one in found if one.models]
    if not known:
        raise ConfigurationError(
            "new-bench",
            "no instrument was recognised; begin with an example: "
            f"--example {' | '.join(example_models())}",
        )
    taken: set[str] = set()
    parts = [device_text(one.models[0], taken, one) for one in known]
    unknown = [one for one in found if not one.models]
    if unknown:
        lines = "".join(f"# {one.address}  {one.what}\n" for one in unknown)
        parts.append(_UNKNOWN + lines)
    return _head(name) + "\n" + "\n".join(parts)


def example_text(models: Iterable[str], *, name: str) -> str:
    """Return a bench file with an example of each model.

    Args:
        models: As in a bench file.
        name: Name of the bench.

    Raises:
        ConfigurationError: There is no such model.
    """
    taken: set[str] = set()
    return _head(name) + "\n" + "\n".join(device_text(model, taken) for model in models)


def write_bench(path: Path, text: str) -> None:
    """Write a bench file after it was read as one.

    Raises:
        ConfigurationError: The file is there already, or the text makes no bench.
    """
    if path.exists():
        raise ConfigurationError(str(path), "is there already: choose another name")
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be written: {error}") from error
    try:
        load_bench(path)
    except ConfigurationError:
        path.unlink()
        raise


def _head(name: str) -> str:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    today = datetime.datetime.now().astimezone().date().isoformat()
    return _HEAD.format(today=today, name=quoted)


def device_text(model: str, taken: set[str], finding: Finding | None = None) -> str:
    """Return the tables of one device out of its example, renamed and with its address.

    Args:
        model: As in a bench file.
        taken: Names of devices that there are; the new one is added.
        finding: Where it was found, None when it was not.
    """
    if model not in example_models():
        device, body = "instrument", f'[device.instrument]\nmodel = "{model}"\naddress = ""\n'
    else:
        path = example_bench(model)
        device, body = device_of(path, model), _devices_part(path)
    fresh = _fresh(device, taken)
    body = re.sub(rf"^(\[+device\.){re.escape(device)}\b", rf"\g<1>{fresh}", body, flags=re.M)
    if finding is None:
        return body
    body = re.sub(r'^address = ".*?"', lambda _: f'address = "{finding.address}"', body, flags=re.M)
    others = " or ".join(finding.models[1:])
    also = f"; it may as well be {others}" if others else ""
    return f"# {finding.what}{also}\n{body}"


def _devices_part(path: Path) -> str:
    """Return the device tables of an example with their comments."""
    text = path.read_text(encoding="utf-8")
    begin = text.index("[device.")
    end = text.find("\n[simulation", begin)
    return text[begin : end if end >= 0 else None].rstrip() + "\n"


def _fresh(device: str, taken: set[str]) -> str:
    fresh, number = device, 1
    while fresh in taken:
        number += 1
        fresh = f"{device}_{number}"
    taken.add(fresh)
    return fresh
