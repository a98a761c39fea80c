"""The folder of a run: a name that every system takes, errors told at once."""

import pytest

from plans.records import RecordError, RunRecorder
from tests.unit.plans.records.synthetic import EPOCH_S


def test_two_runs_of_one_second_get_two_folders(tmp_path):
    start = {"uid": "12345678-x", "time": EPOCH_S, "plan_name": 'a:b/c\\d*"<>|? é'}
    names = []
    for _ in range(2):
        recorder = RunRecorder(tmp_path)
        recorder("start", start)
        names.append(recorder.run_folder.path.name)
        recorder.close()
    assert names[0].endswith("_a_b_c_d_12345678")
    assert names[1] == f"{names[0]}_2"


def test_a_hundredth_folder_of_one_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("plans.records.folder.folder_name", lambda _: "same")
    (tmp_path / "same").mkdir()
    for number_ in range(2, 100):
        (tmp_path / f"same_{number_}").mkdir()
    with pytest.raises(RecordError, match="move some of them away"):
        RunRecorder(tmp_path)("start", {"uid": "1", "time": EPOCH_S})


def test_a_long_name_is_cut_and_an_empty_one_replaced(tmp_path):
    for plan_name, expected in (("x" * 300, "x" * 40), ("§§", "run"), ("", "run")):
        recorder = RunRecorder(tmp_path)
        recorder("start", {"uid": "87654321", "time": EPOCH_S, "plan_name": plan_name})
        assert recorder.run_folder.path.name.split("_", 2)[2].startswith(f"{expected}_87654321")
        recorder.close()


def test_a_folder_that_takes_no_subfolder_is_told(tmp_path, monkeypatch):
    recorder = RunRecorder(tmp_path)
    mkdir = type(tmp_path).mkdir

    def refuse(path, *args, **options):
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        mkdir(path, *args, **options)

    monkeypatch.setattr(type(tmp_path), "mkdir", refuse)
    with pytest.raises(RecordError, match="Permission denied"):
        recorder("start", {"uid": "1", "time": EPOCH_S})


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RecordError, match="choose a folder that can be written"):
        RunRecorder(tmp_path / "file")


def test_a_folder_that_vanishes_before_the_run_is_told_at_the_start(tmp_path):
    recorder = RunRecorder(tmp_path / "runs")
    for path in (tmp_path / "runs").iterdir():
        path.unlink()
    (tmp_path / "runs").rmdir()
    (tmp_path / "runs").write_text("somebody else's file")
    with pytest.raises(RecordError, match="cannot be created"):
        recorder("start", {"uid": "1234", "time": EPOCH_S})
    assert recorder.run_folder is None
