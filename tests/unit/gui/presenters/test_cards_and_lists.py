from datetime import datetime, timedelta, timezone

import scripted

from gui.messages import DeviceState, Reading
from gui.presenters import device_card
from gui.presenters.estimate import Estimate
from gui.presenters.run_list import RunList, columns_of, notes_text


def info(tmp_path, name="light"):
    return next(d for d in scripted.bench_info(tmp_path).devices if d.name == name)


def test_a_card_says_how_a_device_is(tmp_path):
    state = DeviceState
    assert device_card.condition_text(state(condition="ok", emission="405 nm")) == "LIGHT ON"
    assert device_card.condition_text(state(condition="ok", active="pumping")) == "pumping"
    assert device_card.condition_text(state(condition="ok")) == "ok"
    lost = state(condition="lost", retry_in_s=4.2)
    assert device_card.condition_text(lost) == "lost, next try in 4 s"
    assert device_card.condition_text(state(condition="off")) == "not connected"
    assert device_card.kind_text(info(tmp_path)) == "light source"
    assert device_card.icon_name(info(tmp_path)).startswith("mdi6.")


def test_values_have_units_digits_and_an_age(tmp_path):
    rows = device_card.rows_of(
        DeviceState(
            condition="ok",
            readings=(
                Reading(name="irradiance_mw_cm2", value=20.02, unit="mW/cm2", precision=3,
                        age_s=0.2),
                Reading(name="power_w", value=1.234e-7, unit="W", precision=9, age_s=60.0),
                Reading(name="x.position_mm", value=None, unit="mm"),
                Reading(name="filter_name", value="OD 1"),
                Reading(name="is_stable", value=1, age_s=1.0),
                Reading(name="fault", value="bad"),
            ),
        )
    )  # fmt: skip
    texts = {row.name: row.text for row in rows}
    assert texts["irradiance"] == "20.020\N{THIN SPACE}mW/cm²"
    assert texts["power"].startswith("1.234×10⁻⁷")
    assert texts["x position"] == "–"
    assert texts["filter name"] == "OD 1"
    assert texts["is stable"] == "yes"
    assert "fault" not in texts
    assert [row.is_stale for row in rows][:2] == [False, True]


def test_what_is_not_the_case_is_left_out_and_what_nobody_reads_is_not_old():
    readings = (
        Reading(name="wavelength_nm", value=0.0, unit="nm", age_s=0.2),
        Reading(name="emits", value="dark", age_s=0.2),
        Reading(name="refill_needed", value=0, age_s=0.2),
        Reading(name="electric_dark_counts", value=float("nan"), age_s=0.2),
        Reading(name="integration_time_s", value=None, unit="s"),
    )
    rows = device_card.rows_of(DeviceState(condition="ok", readings=readings), is_polled=False)
    assert [(row.name, row.text) for row in rows] == [
        ("wavelength", "–"),
        ("integration time", "–"),
    ]
    assert not any(row.is_stale for row in rows)
    assert device_card.rows_of(DeviceState(condition="ok", readings=readings))[1].is_stale


def test_the_tooltip_of_a_card_tells_all(tmp_path):
    text = device_card.detail_text(
        info(tmp_path), DeviceState(condition="ok", identity="Thorlabs DC4100 no. M1")
    )
    assert "thorlabs-dc4100" in text
    assert "no. M1" in text
    assert "up to 1000 mA" in text


def noon():
    return datetime(2026, 11, 26, 12, 0, tzinfo=timezone(timedelta(0)))


def test_an_estimate_is_right_after_a_pause():
    estimate = Estimate(local=noon)
    assert estimate.left_text() == "no end is set"
    assert estimate.share is None
    estimate.begin(7200.0, 1.0)
    estimate.progress(3600.0)  # whatever the clock on the wall says
    assert estimate.left_text() == "at most 1 h, until 13:00"
    assert estimate.share == 0.5


def test_an_estimate_says_how_long_it_takes_here():
    estimate = Estimate(local=noon)
    assert estimate.whole_text(None, 1.0) == "runs until it is ended"
    assert estimate.whole_text(3600.0, 60.0) == "at most 1 h (1 min here), until 12:01"
    estimate.begin(3600.0, 60.0)
    assert "(1 min here)" in estimate.left_text()
    estimate.set_speed(1.0)
    assert "until 13:00" in estimate.left_text()
    estimate.begin(100_000.0, 1.0)
    assert "Fri 27 Nov" in estimate.left_text()


def test_runs_are_found_by_words_in_any_order():
    runs = RunList()
    runs.set_rows(
        (
            scripted.run_row("a"),
            scripted.run_row("b", sample="film 3", exit_status="abort", reason="by hand"),
            scripted.run_row("c", duration_s=None, exit_status="unfinished"),
        )
    )
    runs.set_search("film regrowth")
    assert [row.path for row in runs.found()] == ["b"]
    runs.set_search("aborted hand")
    assert [row.path for row in runs.found()] == ["b"]
    runs.set_search("yellow")
    assert runs.found() == ()
    runs.data["c"] = scripted.run_data("c", notes=((1.76e9, "turned YELLOW"),))
    assert [row.path for row in runs.found()] == ["c"]
    assert notes_text(runs.data["c"]).endswith("  turned YELLOW")
    runs.set_search("")
    runs.set_ending("abort")
    assert [row.path for row in runs.found()] == ["b"]
    runs.set_ending("")
    assert len(runs.found()) == 3
    assert runs.line(runs.rows[2]).status == "not closed"
    assert runs.line(runs.rows[1]).ending == "by hand"


def test_a_line_shows_the_way_of_the_peak_once_it_was_read():
    runs = RunList()
    runs.set_rows((scripted.run_row("a"),))
    assert runs.line(runs.rows[0]).peak == ""
    runs.data["a"] = scripted.run_data("a")
    assert runs.line(runs.rows[0]).peak.startswith("515.70 → 518.70")
    runs.data["a"] = scripted.run_data("a", columns={})
    assert runs.line(runs.rows[0]).peak == ""
    runs.set_rows((scripted.run_row("a", duration_s=1.0),))
    assert runs.data == {}


def test_overlaid_runs_have_colours_of_their_own():
    runs = RunList()
    runs.toggle("a")
    runs.toggle("b")
    assert (runs.place("a"), runs.place("b")) == (0, 1)
    runs.toggle("a")
    assert runs.place("a") is None
    assert runs.overlaid() == ("b",)
    runs.clear_overlay()
    assert runs.overlaid() == ()
    assert columns_of([scripted.run_data()]) == ("tracker_peak_nm", "tracker_area")
