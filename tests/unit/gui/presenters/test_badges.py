from datetime import date

from gui import messages
from gui.presenters.badges import badges_of, uncalibrated
from plans.analysis.flags import MEANINGS

TODAY = date(2026, 11, 26)


def texts(*flags, reason=""):
    return {"tracker_flags": ",".join(flags), "tracker_reason": reason}


def test_every_flag_of_the_analysis_has_a_badge():
    for flag in MEANINGS:
        (badge,) = badges_of(texts(flag), None, ())
        assert badge.text
        assert badge.meaning


def test_a_dark_spectrum_that_is_too_old_is_said_to_be_stale():
    (badge,) = badges_of(texts("no_dark", reason="the dark is 21 min old, more than 15"), None, ())
    assert badge.text == "stale dark"
    assert badge.meaning.endswith("the dark is 21 min old, more than 15")
    (badge,) = badges_of(texts("no_dark", reason="none was taken"), None, ())
    assert badge.text == "no dark"


def test_full_scale_is_said_once():
    assert [b.text for b in badges_of(texts("saturated"), 1.0, ())] == ["saturated"]
    assert [b.text for b in badges_of(texts(), 0.97, ())] == ["97% of full scale"]
    assert badges_of(texts(), 0.5, ()) == ()


def test_what_is_used_and_not_calibrated_is_said_and_nothing_else():
    one = messages.Calibration
    states = {
        "light": messages.DeviceState(condition="ok", calibrations=(
            one(what="365 nm", day="2026-11-01", until="2026-11-02"),
            one(what="405 nm", day="2026-11-01", until="2026-11-20"))),
        "spectrometer": messages.DeviceState(condition="ok", calibrations=(
            one(what="wavelength axis"),)),
        "meter": messages.DeviceState(condition="ok", calibrations=(one(what="S120VC"),)),
    }  # fmt: skip
    used = {"light": "light", "spectrometer": "spectrometer", "wavelength_nm": 405.0}
    lines = uncalibrated(states, used, TODAY)
    assert lines == (
        "light, 405 nm: calibration expired 2026-11-20",
        "spectrometer, wavelength axis: calibration not dated",
    )
    (badge,) = badges_of(texts(), None, lines)
    assert (badge.text, badge.meaning) == ("uncalibrated", "\n".join(lines))
    assert uncalibrated(states, {}, TODAY) == ()
