"""Readables of a plan: where it stands, notes, and several of them as one."""

from plans.progress import Note, Progress, Together


def test_several_are_read_and_described_as_one():
    dose = Note("dose", {"dose_j_cm2": 1.5}, {"dose_j_cm2": "J/cm²"})
    progress = Progress()
    both = Together("standing", (progress, dose))
    progress.phase = "exposure"
    dose.update({"dose_j_cm2": 2.5})
    read = {key: entry["value"] for key, entry in both.read().items()}
    assert read["phase"] == "exposure"
    assert read["dose_j_cm2"] == 2.5
    assert both.describe().keys() == both.read().keys()
    assert both.describe()["dose_j_cm2"]["units"] == "J/cm²"
    assert both.read_configuration() == both.describe_configuration() == {}
