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


def calls(path, words):
    """Return the calls of a file of which the last word is one of these, as they are written."""
    text = path.read_text(encoding="utf-8")
    if not any(word in text for word in words):
        return []
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    ends = {node: getattr(node.func, "attr", getattr(node.func, "id", "")) for node in nodes}
    return [ast.unparse(node) for node, end in ends.items() if end in words]


@pytest.mark.parametrize("folder", sorted({path.relative_to(ROOT).parts[0] for path in SOURCES}))
def test_nothing_that_is_read_is_executed(folder):
    executing = {
        "eval",
        "exec",
        "compile",
        "os.system",
        "yaml.load",
        "marshal.loads",
        "pickle.load",
        "pickle.loads",
    }
    words = {name.split(".")[-1] for name in executing}
    found = {
        path: {call.partition("(")[0] for call in calls(path, words)} & executing
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == folder
    }
    found.get(OWN_PIPE, set()).discard("pickle.loads")
    found.pop(CONSOLE, None)
    assert not {path.name: names for path, names in found.items() if names}


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


def test_only_the_simulators_listen_and_only_on_this_machine():
    listening = {"bind", "listen", "create_server", "start_server", "HTTPServer", "Listener"}
    found = [
        (path.relative_to(ROOT).as_posix(), call)
        for path in SOURCES
        for call in calls(path, listening)
    ]
    assert {path for path, _ in found} == {"simulators/server.py"}
    assert all("HOST" in call for _, call in found)
