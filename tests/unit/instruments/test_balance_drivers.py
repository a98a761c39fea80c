"""The balances, byte by byte."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.balances.mt_sics import MtSics
from instruments.balances.sartorius_sbi import SartoriusSbi
from instruments.bench_models import MODELS
from instruments.errors import DeviceFaultError, LinkTimeoutError, ProtocolError
from instruments.links import ScriptedLink

DRIVERS = {"mt-sics": MtSics, "sartorius-sbi": SartoriusSbi}


def balance(model, *pairs):
    about = MODELS[model]
    link = ScriptedLink(
        pairs,
        name="balance",
        timeout_s=0.2,
        read_termination=about.read_termination,
        write_termination=about.write_termination,
    )
    return DRIVERS[model](link), link


def mettler(*pairs):
    return balance("mt-sics", *pairs)


def sartorius(*pairs):
    return balance("sartorius-sbi", *pairs)


def reading(driver):
    weight = driver.read_weight()
    return weight.mass_g, weight.is_stable


# -- MT-SICS


@given(st.integers(-9_999_999, 9_999_999), st.booleans())
def test_every_weight_of_mt_sics_is_understood(tenths_mg, is_stable):
    field = f"{tenths_mg / 1e4:10.4f}"
    driver, _ = mettler(("SI\r\n", f"S {'S' if is_stable else 'D'} {field} g\r\n"))
    assert reading(driver) == (pytest.approx(tenths_mg / 1e4), is_stable)


@pytest.mark.parametrize(("unit", "mass_g"), [("g", 1.5), ("mg", 0.0015), ("kg", 1500.0)])
def test_the_unit_is_taken_into_account(unit, mass_g):
    driver, _ = mettler(("SI\r\n", f"S S     1.5000 {unit}\r\n"))
    assert reading(driver)[0] == pytest.approx(mass_g)


@pytest.mark.parametrize(
    ("reply", "match"),
    [
        ("S +\r\n", "overloaded"),
        ("S -\r\n", "underloaded"),
        ("S I\r\n", "busy"),
        ("ES\r\n", "syntax error"),
        ("ET\r\n", "transmission error"),
        ("EL\r\n", "logical error"),
    ],
)
def test_what_mt_sics_refuses_is_said(reply, match):
    driver, _ = mettler(("SI\r\n", reply))
    with pytest.raises(DeviceFaultError, match=match):
        driver.read_weight()


@pytest.mark.parametrize(
    "reply",
    [
        "S S     1.5000 oz\r\n",
        "S S     1.5000\r\n",
        "S S     1.5a00 g\r\n",
        "T S     1.5000 g\r\n",
        "\r\n",
        "S X     1.5000 g\r\n",
    ],
)
def test_what_is_no_weight_of_mt_sics_is_refused(reply):
    driver, _ = mettler(("SI\r\n", reply))
    with pytest.raises(ProtocolError):
        driver.read_weight()


def test_resynchronising_keeps_the_tare():
    driver, link = mettler(
        ("SI\r\n", ""),
        ("I4\r\n", 'S S     1.0000 g\r\nI4 A "1"\r\n'),
        ("SI\r\n", "S S     2.0000 g\r\n"),
    )
    with pytest.raises(LinkTimeoutError):
        driver.read_weight()
    assert reading(driver) == (2.0, True)
    link.assert_finished()


def test_a_tare_that_is_refused_is_a_fault():
    driver, _ = mettler(("T\r\n", "T I\r\n"))
    with pytest.raises(DeviceFaultError, match="did not become stable"):
        driver.tare()


def test_an_answer_that_is_no_text_is_refused():
    driver, _ = mettler(("I2\r\n", "I2 A MS204\r\n"))
    with pytest.raises(ProtocolError, match="I2"):
        driver.identify()


# -- SBI

PRINT = "\x1bP\r\n"


@given(st.integers(-9_999_999, 9_999_999), st.booleans(), st.booleans())
def test_every_weight_of_sbi_is_understood(tenths_mg, is_stable, is_long):
    sign = "-" if tenths_mg < 0 else "+"
    line = f"{sign}{abs(tenths_mg) / 1e4:9.4f} {'g' if is_stable else '':3}"
    line = f"N     {line}" if is_long else line
    driver, _ = sartorius((PRINT, "+   1.0000 g  \r\n"), (PRINT, f"{line}\r\n"))
    assert reading(driver) == (1.0, True)
    assert reading(driver) == (pytest.approx(tenths_mg / 1e4), is_stable)


def test_before_the_unit_is_known_an_unstable_weight_has_no_mass():
    driver, _ = sartorius((PRINT, "+   1.0000    \r\n"), (PRINT, "+   1.0000 mg \r\n"))
    mass_g, is_stable = reading(driver)
    assert math.isnan(mass_g)
    assert not is_stable
    assert reading(driver) == (pytest.approx(0.001), True)


@pytest.mark.parametrize(
    ("reply", "match"),
    [
        ("      High    \r\n", "overloaded"),
        ("Stat       High     \r\n", "overloaded"),
        ("      Low     \r\n", "underloaded"),
        ("Stat     Cal.Int.   \r\n", "adjusting itself"),
        ("   Err 054    \r\n", "error codes"),
    ],
)
def test_what_sbi_says_instead_of_a_weight_is_said(reply, match):
    driver, _ = sartorius((PRINT, reply))
    with pytest.raises(DeviceFaultError, match=match):
        driver.read_weight()


@pytest.mark.parametrize(
    "reply",
    ["+   1.0000 oz \r\n", "+   1.0000 g\r\n", "+   1.00x0 g  \r\n", "QUINTIX224-1S\r\n", "\r\n"],
)
def test_what_is_no_weight_of_sbi_is_refused(reply):
    driver, _ = sartorius((PRINT, reply))
    with pytest.raises(ProtocolError):
        driver.read_weight()


def test_a_weight_is_no_model():
    driver, _ = sartorius(("\x1bx1_\r\n", "+   1.0000 g  \r\n"))
    with pytest.raises(ProtocolError, match="x1_"):
        driver.identify()


@pytest.mark.parametrize("is_known", [True, False])
def test_a_late_weight_is_never_taken_for_the_next(is_known):
    who = [("\x1bx1_\r\n", "M1\r\n"), ("\x1bx2_\r\n", "S1\r\n"), ("\x1bx3_\r\n", "F1\r\n")]
    driver, link = sartorius(
        *(who if is_known else []),
        (PRINT, ""),
        ("\x1bx1_\r\n", "+   1.0000 g  \r\nM1\r\n"),
        (PRINT, "+   2.0000 g  \r\n"),
    )
    if is_known:
        driver.identify()
    with pytest.raises(LinkTimeoutError):
        driver.read_weight()
    assert reading(driver) == (2.0, True)
    link.assert_finished()
