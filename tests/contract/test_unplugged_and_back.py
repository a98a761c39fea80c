"""Devices whose line goes and comes back, in virtual time."""

import time

import pytest

from instruments.bench import load_bench
from instruments.errors import InstrumentError, LinkError
from instruments.poller import make_pollers
from simulators.bench import SimulatedBench

BENCH = """
[device.plate]
model = "ika-plate"
address = "TCPIP::127.0.0.1::57701::SOCKET"
limit_degc = 80
band_k = 1.0
hold_s = 30
watchdog_s = 60
settle_timeout_s = 3600
probe = "plate"

[device.balance]
model = "mt-sics"
address = "TCPIP::127.0.0.1::57702::SOCKET"

[device.pump]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57703::SOCKET"
syringe = "BD plastic 10 mL"
loaded_volume_ul = 8000

[simulation]
seed = 1
sample = "as-synthesised"
"""


@pytest.fixture
def served(virtual_clock, tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH, encoding="utf-8")
    with (
        SimulatedBench(path, ports="any") as simulated,
        load_bench(path, addresses=simulated.addresses) as bench,
    ):
        yield bench, simulated


def test_polling_goes_on_when_the_line_is_back(served):
    bench, simulated = served
    signals = {"pump": bench["pump"].is_pumping, "plate": bench["plate"].temperature_degc}
    watched = [(bench[name]._driver.link, [signal]) for name, signal in signals.items()]
    pollers = make_pollers(watched, interval_s=1.0)
    for poller in pollers:
        poller.start()
    time.sleep(5.0)
    simulated.unplug("pump")
    time.sleep(30.0)
    assert "pump: the line to" in pollers[0].problem
    assert pollers[1].problem == ""
    assert time.time() - signals["plate"].timestamp < 2.0  # the neighbour is not held up
    assert time.time() - signals["pump"].timestamp > 25.0
    simulated.replug("pump")
    time.sleep(10.0)
    assert pollers[0].problem == ""
    assert time.time() - signals["pump"].timestamp < 2.0
    for poller in pollers:
        poller.stop()


def test_tries_to_reconnect_become_rarer(served):
    bench, simulated = served
    simulated.unplug("pump")
    waits = []
    for _ in range(5):
        with pytest.raises(LinkError) as failure:
            bench["pump"].is_pumping.get()
        waits.append(float(str(failure.value).split("after ")[1].split(" s")[0]))
        time.sleep(waits[-1] + 0.01)
    assert waits == [0.1, 0.5, 2.0, 5.0, 5.0]


def test_a_plate_goes_on_heating_through_a_short_break(served):
    bench, simulated = served
    status = bench["plate"].set(50.0)
    time.sleep(20.0)
    simulated.unplug("plate")
    time.sleep(8.0)
    simulated.replug("plate")
    status.wait(timeout=5000)
    assert bench["plate"].temperature_degc.get() == pytest.approx(50.0, abs=1.5)
    assert simulated.state("plate")["heating"]
    bench["plate"].set("off").wait(timeout=100)


def test_a_plate_that_stays_away_switches_itself_off_and_is_usable_afterwards(served):
    bench, simulated = served
    status = bench["plate"].set(50.0)
    time.sleep(20.0)
    simulated.unplug("plate")
    with pytest.raises(InstrumentError):
        status.wait(timeout=5000)
    time.sleep(120.0)
    assert not simulated.state("plate")["heating"]  # its own watchdog
    simulated.replug("plate")
    simulated.power_cycle("plate")  # which acknowledges it
    time.sleep(10.0)
    bench["plate"].set(40.0).wait(timeout=5000)
    bench["plate"].set("off").wait(timeout=100)


def test_what_was_lost_is_still_made_safe_at_the_end(virtual_clock, tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(BENCH, encoding="utf-8")
    with SimulatedBench(path, ports="any") as simulated:
        with load_bench(path, addresses=simulated.addresses) as bench:
            status = bench["plate"].set(50.0)
            time.sleep(20.0)
            simulated.unplug("plate")
            with pytest.raises(LinkError):
                bench["plate"].temperature_degc.get()
            simulated.replug("plate")
            assert not bench["plate"].connected
        assert not simulated.state("plate")["heating"]
        with pytest.raises(InstrumentError):
            status.wait(timeout=100)
