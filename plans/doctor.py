"""Looks at the installation and says what is wrong with it."""

import importlib.util
import os
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

_OURS = ("instruments", "plans", "simulators", "gui")
_NEEDED = ("bluesky", "ophyd", "pymeasure", "pyvisa", "pyvisa-py", "numpy", "scipy", "h5py",
           "matplotlib")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        ok: Whether it is as it should be.
        text: What was found, and what to do if it is not.
    """

    ok: bool
    text: str


def examine(home: Path) -> list[Finding]:
    """Examine interpreter, packages, import names and the working folder.

    Args:
        home: The folder that our packages should come from.
    """
    version = ".".join(str(part) for part in sys.version_info[:3])
    findings = [Finding(ok=sys.version_info >= (3, 11), text=f"Python {version}, needs 3.11")]
    findings += [_package(name) for name in _NEEDED]
    findings += [_origin(name, home) for name in _OURS]
    findings += [_working_folder(), _link_layer(), _control_layer()]
    return findings


def _package(name: str) -> Finding:
    try:
        return Finding(ok=True, text=f"{name} {metadata.version(name)}")
    except metadata.PackageNotFoundError:
        return Finding(ok=False, text=f"{name} is missing: pip install {name}")


def _origin(name: str, home: Path) -> Finding:
    """Tell whether an import of one of our names really gives our package."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return Finding(ok=False, text=f"package {name} is missing: install regrow again")
    origin = Path(spec.origin).resolve()
    if origin.parent == home / name:
        return Finding(ok=True, text=f"package {name} is ours")
    return Finding(
        ok=False,
        text=f"package {name} comes from {origin.parent}, not from {home / name}: another package "
        f"or a {name}.py in the working folder shadows it; use a fresh environment or another "
        "working folder",
    )


def _working_folder() -> Finding:
    folder = Path.cwd()
    try:
        with tempfile.NamedTemporaryFile(dir=folder):
            return Finding(ok=True, text=f"runs can be written to {folder}")
    except OSError as error:
        return Finding(ok=False, text=f"nothing can be written to {folder} ({error}): go elsewhere")


def _link_layer() -> Finding:
    import pyvisa
    from serial.tools import list_ports

    try:
        pyvisa.ResourceManager("@py")  # shared by the process, so it stays open
    except (OSError, ValueError) as error:
        return Finding(ok=False, text=f"pyvisa-py does not start ({error})")
    ports = ", ".join(port.device for port in list_ports.comports()) or "none"
    return Finding(ok=True, text=f"pyvisa-py works; serial ports: {ports}")


def _control_layer() -> Finding:
    layer = os.environ.get("OPHYD_CONTROL_LAYER", "")
    return Finding(ok=layer == "dummy", text=f"OPHYD_CONTROL_LAYER is {layer!r}, wants 'dummy'")
