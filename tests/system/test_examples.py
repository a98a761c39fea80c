"""The examples run as they stand."""

import re
import runpy
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_scripted_run_prints_where_the_peak_went(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "scripted_run.py"), run_name="__main__")
    lines = re.findall(r"(\d+) mW/cm²: (\d+\.\d+) -> (\d+\.\d+) nm", capsys.readouterr().out)
    assert [line[0] for line in lines] == ["10", "40"]
    assert float(lines[1][2]) > float(lines[0][1]) + 0.2
    assert len(list(Path("runs").glob("*_light_regrowth_*/report.html"))) == 2
