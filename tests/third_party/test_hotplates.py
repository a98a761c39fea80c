"""Other people's clients and simulators of hotplates."""

import pytest

from instruments.errors import ProtocolError
from instruments.thermal.ika_plate import IkaPlate
from tests.third_party.lines import link_to
from tests.third_party.served import needs_pty, served


def test_our_driver_heats_the_labmcp_plate():
    simulator = pytest.importorskip("labmcp_ika.simulator").IKASimulator()
    driver = IkaPlate(link_to(simulator, "ika-plate"), watchdog_s=60)
    assert driver.identify().model == "RCT digital"
    driver.prepare(80.0)
    driver.heat_to(60.0)
    assert simulator.heating
    assert (simulator.wd_mode, simulator.wd_time_s) == (1, 60.0)
    assert driver.setpoint_degc() == 60.0
    driver.set_speed_rpm(300)
    assert simulator.motor
    driver.stop_heating()
    assert not simulator.heating
    assert simulator.wd_mode is None


def test_the_labmcp_driver_heats_our_plate():
    driver = pytest.importorskip("labmcp_ika.driver")
    tcp = pytest.importorskip("labmcp.transports.tcp")
    with served("ika-plate") as ours:
        transport = tcp.TCPTransport(
            ours.host, ours.port, read_termination="\r\n", write_termination=" \r\n"
        )
        plate = driver.IKAStirrer(transport)
        try:
            assert plate.identify()["model"] == "RCT digital"
            plate.set_temperature(50.0)
            assert plate.temperature_setpoint_c() == 50.0
            plate.set_speed(200)
            assert plate.speed_setpoint_rpm() == 200
            plate.set_watchdog_safety_values(40.0, 100.0)
            plate.enable_watchdog(2, 30)
            plate.start_heater()
            plate.start_motor()
            assert plate.hotplate_temperature_c() == pytest.approx(22.0, abs=5.0)
            assert ours.state["heating"]
            assert ours.state["watchdog"] == 2
            plate.stop_all()
            plate.disable_watchdog()
            assert plate.temperature_setpoint_c() == 50.0  # answered in order: the heater is off
            assert not ours.state["heating"]
            assert not ours.state["motor_on"]
            assert ours.state["watchdog"] == 0
        finally:
            plate.close()


@needs_pty
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_ika_client_heats_our_plate(monkeypatch):
    stirrer = pytest.importorskip("ika.magnetic_stirrer")
    serial = pytest.importorskip("serial")
    # Linux gives a pseudo-terminal no frame: 7E1, which the client insists on, is left out.
    opened = serial.Serial
    monkeypatch.setattr("ika.abc.Serial", lambda port, *frame: opened(port, 9600))
    with served("ika-plate") as ours:
        plate = stirrer.MagneticStirrer(ours.pty)
        plate.set_target_temperature(50)
        assert plate.target_temperature() == 50.0
        assert 10 < plate.hotplate_sensor_temperature() < 40
        plate.start_heating()
        plate.set_target_stir_rate(200)
        assert plate.target_stir_rate() == 200.0
        plate.stop_heating()
        assert plate.target_stir_rate() == 200.0  # answered in order: the heater is off
        assert not ours.state["heating"]
        plate._ser.close()


@needs_pty
def test_the_matterlab_client_heats_our_plate(monkeypatch):
    hotplates = pytest.importorskip("matterlab_hotplates")
    module = pytest.importorskip("matterlab_hotplates.ika_hotplate")
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)  # a second after every command
    with served("ika-plate") as ours:
        plate = hotplates.IKAHotplate(ours.pty, bytesize=8, parity="none")
        plate.temp = 50.0
        plate.rpm = 200
        assert plate.temp == pytest.approx(22.0, abs=5.0)
        assert ours.state["heating"]
        assert ours.state["set_speed_rpm"] == 200.0
        plate.stand_by()
        assert plate.rpm >= 0  # answered in order: the heater is off
        assert not ours.state["heating"]
        assert ours.state["set_temperature_degc"] == 0.0


def test_the_matterlab_plate_answers_without_a_channel():
    """By the manual (20014388) a value names its channel, and OUT_... is not answered."""
    simulators = pytest.importorskip("matterlab_hotplates.sim.hotplate_sim")
    protocol = simulators.IKAHotplateSimProtocol(simulators.HotplateSimState())

    class Plate:
        def handle(self, command):
            answer = protocol(command.strip().encode(), b"", None)
            return answer.decode().removesuffix("\r\n") or None

    driver = IkaPlate(link_to(Plate(), "ika-plate"))
    with pytest.raises(ProtocolError, match="no value of channel"):
        driver.temperature_degc()
