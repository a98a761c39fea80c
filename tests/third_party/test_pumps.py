"""Other people's clients and simulators of syringe pumps."""

import asyncio
import sys

import pytest

from instruments.errors import LinkTimeoutError, StalledError
from instruments.pumps.ne1000 import Ne1000
from tests.third_party.lines import link_to, served

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
SYRINGE = {"syringe_diameter_mm": 14.43, "syringe_volume_ul": 10_000, "loaded_volume_ul": 8_000}


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Stands in for our own rule: aioserial keeps its threads."""


@needs_pty
def test_nesp_lib_doses_in_safe_mode():
    nesp_lib = pytest.importorskip("nesp_lib")
    with served("newera-ne1000", **SYRINGE) as (row, bench):
        with nesp_lib.Port(row["pty"], 19_200) as port:
            # After switching on, the first reply is the reset alarm, in the mode that the pump is
            # in; the client would wait for it in safe mode for ever, so it is acknowledged first.
            pump = nesp_lib.Pump(port)
            pump.safe_mode_timeout_s = 5
            assert pump.model_number == 1000
            assert pump.firmware_version == (3, 923)
            assert bench.state("device")["safe_mode_timeout_s"] == 5
            pump.syringe_diameter_mm = 14.43
            pump.pumping_direction = nesp_lib.PumpingDirection.INFUSE
            pump.pumping_volume_ml = 0.05
            pump.pumping_rate_ml_per_min = 6.0
            pump.run()
            assert pump.volume_infused_ml == pytest.approx(0.05)
            # It cuts digits where our driver rounds; the manual allows four of them.
            pump.pumping_rate_ml_per_min = 1.2349
            assert pump.pumping_rate_ml_per_min == 1.234
            pump.safe_mode_timeout_s = 0
        assert bench.state("device")["safe_mode_timeout_s"] == 0


@needs_pty
def test_python_syringe_pump_drives_an_ultra_pump():
    syringe_pump = pytest.importorskip("syringe_pump")
    aioserial = pytest.importorskip("aioserial")

    async def dose(path):
        with aioserial.AioSerial(port=path, baudrate=115_200, timeout=2) as serial:
            async with syringe_pump.Pump(serial=serial) as pump:
                version = await pump.version()
                assert version.serial_number == "D301234"
                await pump.set_mode("i")
                await pump.infusion_rate.set(syringe_pump.Quantity("6 ml/min"))
                low, high = await pump.infusion_rate.get_limits()
                assert float(low) < 6e-3 < float(high)
                await pump.target_volume.set(syringe_pump.Quantity("50 ul"))
                await pump.run()
                return await pump.infusion_rate.get()

    with served("harvard-ultra", **SYRINGE) as (row, bench):
        rate = asyncio.run(dose(row["pty"]))
        assert float(rate) == pytest.approx(6e-3)
        assert 0 < bench.state("device")["infused_ul"] <= 50.0
        assert bench.state("device")["safe"]


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def other_pump():
    simulator = pytest.importorskip("labmcp_new_era.simulator")
    clock = Clock()
    return simulator.NewEraSimulator(clock=clock), clock


def test_our_driver_doses_with_the_labmcp_pump(other_pump):
    simulator, clock = other_pump
    driver = Ne1000(link_to(simulator, "newera-ne1000"))
    assert driver.identify().model == "NE1000"
    driver.prepare(14.43)
    driver.start(volume_ul=500.0, rate_ul_min=1000.0, direction="infuse")
    clock.now_s = 15.0
    assert driver.progress().is_pumping
    assert driver.progress().infused_ul == pytest.approx(250.0, abs=1.0)
    clock.now_s = 31.0
    assert not driver.progress().is_pumping
    assert driver.progress().infused_ul == pytest.approx(500.0, abs=1.0)


def test_our_driver_tells_of_a_stall_of_the_labmcp_pump(other_pump):
    simulator, clock = other_pump
    driver = Ne1000(link_to(simulator, "newera-ne1000"))
    driver.identify()
    driver.prepare(14.43)
    simulator.stall_after_ml = 0.1
    driver.start(volume_ul=500.0, rate_ul_min=1000.0, direction="infuse")
    clock.now_s = 20.0
    with pytest.raises(StalledError):
        driver.progress()


def test_the_labmcp_pump_has_no_safe_mode(other_pump, caplog):
    """The manual has it (SAF, section 10.2.3); this simulator takes it for an unknown command."""
    simulator, _ = other_pump
    driver = Ne1000(link_to(simulator, "newera-ne1000"), dead_man_s=30)
    driver.identify()
    driver.prepare(14.43)
    driver.start(volume_ul=500.0, rate_ul_min=1000.0, direction="infuse")
    assert simulator.running
    assert "has no dead-man switch" in caplog.text


def test_a_pump_that_is_not_there_times_out(other_pump):
    simulator, _ = other_pump
    driver = Ne1000(link_to(simulator, "newera-ne1000"), pump_address=7)
    with pytest.raises(LinkTimeoutError):
        driver.identify()
