"""What the process that reads old runs says of samples and instruments."""

import pytest

from gui import archive_messages as messages
from gui.archive import instruments
from gui.archive.desk import answer
from gui.host.limits import iso_day
from instruments.discovery import Finding


def test_samples_are_noted_listed_and_get_results(tmp_path):
    folder = str(tmp_path)
    assert answer(messages.ListSamples(folder=folder)) == messages.SampleList()
    values = {"name": "NC-1", "batch": "B7", "edge_nm": 8.5, "volume_ul": None}
    listed = answer(messages.PutSample(folder=folder, values=values))
    assert [row.name for row in listed.rows] == ["NC-1"]
    picture = tmp_path / "tem.png"
    picture.write_bytes(b"picture")
    result = {"method": "TEM", "quantity": "edge_nm", "value": 8.4, "uncertainty": 0.3,
              "unit": "nm", "text": ""}  # fmt: skip
    listed = answer(
        messages.AttachResult(folder=folder, sample="NC-1", values=result, file=str(picture))
    )
    assert listed.problem == ""
    assert "TEM: edge_nm 8.4 ± 0.3 nm" in listed.rows[0].details[0]


def test_what_cannot_be_noted_is_said(tmp_path):
    folder = str(tmp_path)
    wrong = answer(messages.PutSample(folder=folder, values={"name": "x", "edge_nm": -1.0}))
    assert "edge_nm" in wrong.problem
    values = {"method": "TEM", "quantity": "edge_nm", "value": 8.4}
    nobody = answer(messages.AttachResult(folder=folder, sample="no", values=values))
    assert "no" in nobody.problem


def test_found_instruments_come_with_their_part_of_a_bench_file(monkeypatch):
    zaber = Finding(bus="serial", address="ASRL4::INSTR", what="Zaber", models=("zaber-ascii",))
    blank = Finding(bus="serial", address="ASRL5::INSTR", what="converter", note="name it")
    monkeypatch.setattr(instruments, "usb_instruments", lambda: ([], ["no libusb"]))
    monkeypatch.setattr(instruments, "serial_ports", lambda: [zaber, blank])
    monkeypatch.setattr(instruments, "ask_network", lambda: ([], ["no network"]))
    found = answer(messages.LookForInstruments(network=True, taken=("stage",)))
    assert found.notes == ("no libusb", "no network")
    first, second, *others = found.rows
    assert "[device.stage_2]" in first.text
    assert 'address = "ASRL4::INSTR"' in first.text
    assert (second.text, second.note) == ("", "name it")
    assert all(row.address == "" and row.text for row in others)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-02", "2026-06-02"),
        ("S120VC no. 1, calibrated 02-JUN-2026", "2026-06-02"),
        ("calibrated 02-XYZ-2026", ""),
        ("", ""),
    ],
)
def test_the_day_of_a_calibration_is_read(text, day):
    assert iso_day(text) == day
