"""Other people's clients and simulators of New Era pumps."""

import pytest

from instruments.errors import LinkTimeoutError, StalledError
from instruments.pumps.ne1000 import Ne1000
from tests.third_party.lines import link_to
from tests.third_party.served import needs_pty, served
from tests.third_party.yaq import remember, run_daemon, until

SYRINGE = {"syringe_diameter_mm": 14.43, "syringe_volume_ul": 10_000, "loaded_volume_ul": 8_000}


@needs_pty
def test_nesp_lib_doses_in_safe_mode():
    nesp_lib = pytest.importorskip("nesp_lib")
    with served("newera-ne1000", **SYRINGE) as pump:
        with nesp_lib.Port(pump.pty, 19_200) as port:
            # After switching on, the first reply is the reset alarm, in the mode that the pump is
            # in; the client would wait for it in safe mode for ever, so it is acknowledged first.
            client = nesp_lib.Pump(port)
            client.safe_mode_timeout_s = 5
            assert client.model_number == 1000
            assert client.firmware_version == (3, 923)
            assert pump.state["safe_mode_timeout_s"] == 5
            client.syringe_diameter_mm = 14.43
            client.pumping_direction = nesp_lib.PumpingDirection.INFUSE
            client.pumping_volume_ml = 0.05
            client.pumping_rate_ml_per_min = 6.0
            client.run()
            assert client.volume_infused_ml == pytest.approx(0.05)
            # It cuts digits where our driver rounds; the manual allows four of them.
            client.pumping_rate_ml_per_min = 1.2349
            assert client.pumping_rate_ml_per_min == 1.234
            client.safe_mode_timeout_s = 0
        assert pump.state["safe_mode_timeout_s"] == 0


@needs_pty
def test_yaqd_new_era_doses_in_basic_mode(monkeypatch, tmp_path):
    """Two of its commands are not in the manual (section 10.4): ``DIR STP``, and the ``C`` in
    ``RAT C 6.000 MM``. The pump refuses both, so the rate is sent as the manual has it;
    and the diameter, which it leaves to the keys of the pump.
    """
    daemons = pytest.importorskip("yaqd_new_era._new_era_ne1000")
    remember(monkeypatch, tmp_path, daemons.NewEraNe1000, position_ml=5.0)

    async def dose(daemon):
        daemon.set_rate(6.0)
        daemon.direct_serial_write(b"0 DIA 14.43\r0 RAT 6.000 MM\r")
        await until(lambda: daemon.get_rate() == 6.0)
        daemon.set_position(4.95)  # it counts what is left in the syringe
        await until(lambda: pump.state["pumping"])
        await until(lambda: daemon.get_position() == pytest.approx(4.95))
        assert pump.state["safe"]
        assert pump.state["content_ul"] == pytest.approx(7950.0)

    config = {
        "address": 0,
        "baud_rate": 19_200,
        "rate_units": "milliliter/minute",
        "volume_units": "milliliter",
        "limits": [0.0, 10.0],
        "out_of_limits": "closest",
    }
    with served("newera-ne1000", **SYRINGE) as pump:
        run_daemon(daemons.NewEraNe1000, {**config, "serial_port": pump.pty}, dose)


def test_the_labmcp_driver_doses_with_our_pump():
    driver = pytest.importorskip("labmcp_new_era.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served("newera-ne1000", **SYRINGE) as pump:
        transport = tcp.TCPTransport(
            pump.host, pump.port, write_termination="\r", read_termination="\x03"
        )
        try:
            client = driver.NewEraPump(transport)
            assert client.identify()["model"] == "NE-1000"
            assert client.set_diameter(14.43) == "14.43"
            assert client.diameter_mm() == 14.43
            client.command("RAT6.000MM")
            assert client.rate() == (6.0, "MM")
            client.command("DIRINF")
            client.command("VOLML")
            client.command("VOL5.000")
            assert client.volume() == (5.0, "ML")
            client.command("RUN")
            assert client.status().state == "infusing"
            assert pump.state["pumping"]
            client.command("STP")
            assert client.status().state == "paused"
            assert pump.state["safe"]
        finally:
            transport.close()


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
