import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st

from gui.messages import FieldInfo
from gui.presenters import form

RATE = FieldInfo(name="ligand_rate_ul_min", unit="µL/min", minimum=1.0, maximum=20000.0,
                 default=500.0, help="rate of the addition")  # fmt: skip


def test_a_label_leaves_out_the_unit_that_stands_beside_it():
    assert form.label_of(RATE) == "Ligand rate"
    assert form.label_of(FieldInfo(name="irradiance_mw_cm2", unit="mW/cm²")) == "Irradiance"
    assert form.label_of(FieldInfo(name="temperature_degc", unit="°C")) == "Temperature"
    assert form.label_of(FieldInfo(name="nm", unit="nm")) == "Nm"
    assert form.label_of(FieldInfo(name="baseline_frames")) == "Baseline frames"


def test_units_may_be_typed():
    assert form.value_of(RATE, "1.5 mL/min") == 1500.0


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        (RATE, "0.5", "1 to 20000 µL/min, not 0.5"),
        (RATE, "", "a value is needed"),
        (RATE, "fast", "no number"),
        (FieldInfo(name="averages", kind="int", minimum=1), "1.5", "whole number"),
        (FieldInfo(name="averages", kind="int", minimum=1), "0", "at least 1"),
        (FieldInfo(name="wavelength_nm", unit="nm", choices=(365.0, 405.0)), "400",
         "one of 365, 405 nm"),
        (FieldInfo(name="direction", kind="str", choices=("in", "out")), "up", "one of in, out"),
    ],
)  # fmt: skip
def test_what_is_no_value_is_refused_with_what_is_wanted(field, text, words):
    with pytest.raises(form.FieldError, match=words):
        form.value_of(field, text)


def test_other_kinds_are_read():
    assert form.value_of(FieldInfo(name="target", optional=True), "") is None
    assert form.value_of(FieldInfo(name="target", optional=True), "none") is None
    assert form.value_of(FieldInfo(name="sample", kind="str"), "") == ""
    assert form.value_of(FieldInfo(name="sample", kind="str"), " A 3 ") == "A 3"
    assert form.value_of(FieldInfo(name="plateau", kind="bool"), "yes") is True
    assert form.value_of(FieldInfo(name="count", kind="int"), "3") == 3
    assert form.value_of(FieldInfo(name="w", unit="nm", choices=(365.0, 405.0)), "405") == 405.0


def test_help_says_meaning_limits_example_and_default():
    text = form.help_of(RATE)
    assert "Rate of the addition" in text
    assert "1 to 20000 µL/min" in text
    assert "1.5 mL/min" in text
    assert "Usually 500 µL/min" in text
    assert "left empty" in form.help_of(FieldInfo(name="target", optional=True))
    assert "1 rpm" in form.help_of(FieldInfo(name="speed", unit="rpm"))
    assert form.limits_of(FieldInfo(name="x", maximum=3.0)) == "at most 3"
    assert form.limits_of(FieldInfo(name="x")) == ""


def test_the_sample_is_asked_first_and_the_only_device_last():
    names = [field.name for field in form.fields_of(scripted.plan_info())]
    assert names[0] == "sample"
    assert names[1] == "spectrometer"
    assert names[-1] == "light"


def test_only_what_is_unusual_is_kept():
    fields = form.fields_of(scripted.plan_info())
    values = {**form.defaults_of(fields), "max_time_min": 30.0}
    assert form.changed(fields, values) == {"max_time_min": 30.0}


def test_texts_of_values():
    assert form.text_of(RATE, None) == ""
    assert form.text_of(RATE, True) == "yes"
    assert form.text_of(RATE, 1.5e7) == "15000000"
    assert form.text_of(RATE, "a") == "a"


@given(st.floats(1.0, 20000.0), st.sampled_from([-1, 1]))
def test_a_step_stays_within_the_limits(value, direction):
    moved = form.stepped(RATE, value, direction)
    assert 1.0 <= moved <= 20000.0


@given(st.floats(1.0, 20000.0))
def test_what_is_shown_is_read_back(value):
    shown = form.text_of(RATE, value)
    assert form.value_of(RATE, shown) == pytest.approx(value, rel=1e-7)


def test_a_whole_number_steps_by_one_and_nothing_by_a_tenth():
    assert form.stepped(FieldInfo(name="n", kind="int"), 3, 1) == 4
    assert form.stepped(FieldInfo(name="x"), 0.0, 1) == pytest.approx(0.1)
