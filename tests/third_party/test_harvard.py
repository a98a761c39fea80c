"""Other people's clients of pumps with the Ultra command set."""

import asyncio

import pytest

from simulators import harvard_ultra, models
from tests.third_party.served import needs_pty, served
from tests.third_party.yaq import run_daemon, until

SYRINGE = {"syringe_diameter_mm": 14.43, "syringe_volume_ul": 10_000, "loaded_volume_ul": 8_000}
pytestmark = needs_pty


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Stands in for our own rule: aioserial keeps its threads."""


def test_python_syringe_pump_doses_with_a_legato():
    syringe_pump = pytest.importorskip("syringe_pump")
    aioserial = pytest.importorskip("aioserial")

    async def dose(path):
        with aioserial.AioSerial(port=path, baudrate=115_200, timeout=2) as serial:
            async with syringe_pump.Pump(serial=serial) as client:
                version = await client.version()
                assert version.serial_number == "D301234"
                await client.set_mode("i")
                await client.infusion_rate.set(syringe_pump.Quantity("6 ml/min"))
                low, high = await client.infusion_rate.get_limits()
                assert float(low) < 6e-3 < float(high)
                await client.target_volume.set(syringe_pump.Quantity("50 ul"))
                await client.run()
                return await client.infusion_rate.get()

    with served("harvard-ultra", **SYRINGE) as pump:
        rate = asyncio.run(dose(pump.pty))
        assert float(rate) == pytest.approx(6e-3)
        assert 0 < pump.state["infused_ul"] <= 50.0
        assert pump.state["safe"]


def elite(table, world):
    """Make a pump that writes address and prompt before every line, as a Pump 11 Elite does."""
    return harvard_ultra.HarvardUltra(
        world, version="11 ELITE I/W Single 3.0.4", always_prefixed=True
    )


def test_flowchem_doses_with_a_pump_11_elite(monkeypatch):
    elite11 = pytest.importorskip("flowchem.devices.harvardapparatus.elite11")
    monkeypatch.setitem(models.MODELS, "harvard-ultra", elite)

    async def dose(path):
        client = elite11.Elite11.from_config(
            port=path, syringe_diameter="14.43 mm", syringe_volume="10 ml", address=0
        )
        try:
            await client.initialize()
            assert await client.version() == "11 ELITE I/W Single 3.0.4"
            assert await client.get_syringe_diameter() == "14.4300 mm"
            await client.set_flow_rate("6 ml/min")
            assert await client.get_flow_rate() == pytest.approx(6.0)
            # The limits are the pump's: a rate outside is cut by the client with a warning.
            await client.set_flow_rate("900 ml/min")
            assert 20.0 < await client.get_flow_rate() < 30.0
            await client.set_flow_rate("6 ml/min")
            await client.set_target_volume("0.2 ml")
            await client.infuse()
            assert await client.is_moving()
            assert await client.get_current_flow_rate() == pytest.approx(6.0)
            await client.wait_until_idle()
        finally:
            client.pump_io._serial.close()

    with served("harvard-ultra", **SYRINGE) as pump:
        asyncio.run(dose(pump.pty))
        assert pump.state["infused_ul"] == pytest.approx(200.0)
        assert pump.state["safe"]


def test_yaqd_kd_scientific_starts_and_stops_a_legato(monkeypatch, tmp_path):
    """It expects a status of 35 characters; by the manual its numbers have no fixed width."""
    daemons = pytest.importorskip("yaqd_kd_scientific._kd_scientific_legato100")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    async def drive(daemon):
        daemon.set_position(1.0)
        await until(lambda: pump.state["pumping"])
        daemon.set_position(0.0)
        await until(lambda: not pump.state["pumping"])
        assert pump.state["infused_ul"] > 0

    config = {"baud_rate": 115_200, "identifiers": {"paused": 0.0, "infusing": 1.0}}
    with served("harvard-ultra", **SYRINGE) as pump:
        run_daemon(daemons.KdScientificLegato100, {**config, "serial_port": pump.pty}, drive)


def test_kdsautolib_doses_with_a_legato():
    """It only sends: what comes of it, the pump itself tells."""
    kds = pytest.importorskip("KDSautolib")
    with served("harvard-ultra", **SYRINGE) as pump:
        client = kds.Legato110(pump.pty, 115_200)
        client.set_syringe_size(14.43, 10, "ml")
        client.set_infuse_rate("ml/min", 6)
        client.set_target_volume(50, "ul")
        client.run_motors("infuse")
        wait(lambda: pump.state["pumping"])
        wait(lambda: not pump.state["pumping"])
        assert pump.state["diameter_mm"] == 14.43
        assert pump.state["infused_ul"] == pytest.approx(50.0)
        del client


def wait(holds):
    asyncio.run(until(holds))
