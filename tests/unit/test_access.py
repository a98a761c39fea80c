"""Who can reach the bench, and what a file can do: nothing, but for its data."""

import ast
from pathlib import Path

import pytest

from instruments.bench import load_bench
from instruments.errors import ConfigurationError
from simulators.server import HOST

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in ("instruments", "plans", "simulators", "gui")
    for path in sorted((ROOT / folder).rglob("*.py"))
] + [ROOT / "regrow.py"]
# Its messages come over a pipe from a process that the window has started, never from a file.
OWN_PIPE = ROOT / "gui" / "pipe.py"
# What the person types into the window's console, as in any Python prompt.
CONSOLE = ROOT / "gui" / "host" / "console.py"


def calls(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_that_is_read_is_executed(path):
    executing = {
        "eval",
        "exec",
        "compile",
        "os.system",
        "yaml.load",
        "marshal.loads",
        "pickle.load",
    }
    if path != OWN_PIPE:
        executing |= {"pickle.loads"}
    if path != CONSOLE:
        assert not calls(path) & executing


def test_no_address_of_ours_is_open_to_the_network():
    assert HOST == "127.0.0.1"
    wide = [path for path in SOURCES if "0.0.0.0" in path.read_text("utf-8")]
    assert not wide


def test_code_in_a_bench_file_is_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "__import__('pathlib').Path('executed').touch()"
    path = tmp_path / "bench.toml"
    path.write_text(f'name = "{code}"\n[device.light]\nmodel = "{code}"\naddress = "{code}"\n')
    with pytest.raises(ConfigurationError):
        load_bench(path)
    assert not Path("executed").exists()
