"""The audit says what it could not look up."""

import json
import subprocess

import pytest

from tests import audit

SOUND = {"name": "numpy", "version": "2.4.0", "vulns": []}
WEAK = {"name": "pillow", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "numpy", "skip_reason": "Dependency not found on PyPI"}


@pytest.fixture
def services(monkeypatch):
    answers = {}

    def run(command, **_):
        said = answers.get(command[-1])
        text = "" if said is None else json.dumps({"dependencies": said})
        return subprocess.CompletedProcess(command, 0, stdout=text, stderr="no such host")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(audit.importlib.util, "find_spec", lambda _: True)
    return answers


@pytest.mark.parametrize(
    ("pypi", "osv", "code", "words"),
    [
        ([SOUND], None, audit.CLEAN, "audited 1 packages"),
        ([UNKNOWN], [SOUND], audit.CLEAN, "audited 1 packages"),
        ([SOUND, WEAK], None, audit.WEAK, "WEAK pillow 1.0: CVE-1, put right in 1.1"),
        ([UNKNOWN], None, audit.NOT_AUDITED, "NOT AUDITED: 1 packages"),
        (None, None, audit.NOT_AUDITED, "NOT AUDITED"),
    ],
)
def test_only_what_was_looked_up_counts_as_sound(services, capsys, pypi, osv, code, words):
    services.update(pypi=pypi, osv=osv)
    assert audit.main() == code
    assert words in capsys.readouterr().out
