"""Pumps alone and on a chain, on the simulated instruments, in virtual time."""

import time

import pytest

from instruments.bench import load_bench
from instruments.errors import (
    DeviceFaultError,
    InstrumentError,
    LinkError,
    LinkTimeoutError,
    StalledError,
)
from instruments.pumps import Dispense
from simulators.bench import SimulatedBench

ALONE = """
[device.pump]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57501::SOCKET"
syringe = "BD plastic 10 mL"
syringe_diameter_mm = 14.43
syringe_volume_ul = 10000
loaded_volume_ul = 8000

[simulation]
seed = 1
sample = "as-synthesised"
"""
HARVARD = ALONE.replace("newera-ne1000", "harvard-ultra")
CHAIN = (
    "".join(
        f"""
[device.pump{number}]
model = "newera-ne1000"
address = "TCPIP::127.0.0.1::57501::SOCKET"
pump_address = {number}
syringe = "BD plastic 10 mL"
syringe_diameter_mm = 14.43
syringe_volume_ul = 10000
loaded_volume_ul = 8000
"""
        for number in range(3)
    )
    + ALONE[ALONE.index("[simulation]") :]
)
DOSE = Dispense(volume_ul=500.0, rate_ul_min=1000.0)  # 30 s


@pytest.fixture
def served(request, virtual_clock, tmp_path):
    path = tmp_path / "bench.toml"
    path.write_text(request.param, encoding="utf-8")
    with (
        SimulatedBench(path, ports="any") as simulated,
        load_bench(path, addresses=simulated.addresses) as bench,
    ):
        yield bench, simulated


alone = pytest.mark.parametrize("served", [ALONE], indirect=True)
chain = pytest.mark.parametrize(
    "served",
    [CHAIN, CHAIN.replace("newera-ne1000", "harvard-ultra")],
    indirect=True,
    ids=["newera", "harvard"],
)
either = pytest.mark.parametrize(
    "served", [ALONE, HARVARD], indirect=True, ids=["newera", "harvard"]
)


@alone
def test_the_dead_man_switch_is_armed_while_it_pumps_and_only_then(served):
    bench, simulated = served
    assert simulated.state("pump")["safe_mode_timeout_s"] == 0
    status = bench["pump"].set(DOSE)
    time.sleep(10.0)
    assert simulated.state("pump")["safe_mode_timeout_s"] == 30
    status.wait(timeout=100)
    assert simulated.state("pump")["safe_mode_timeout_s"] == 0
    assert simulated.state("pump")["infused_ul"] == pytest.approx(500.0)
    bench["pump"].set(Dispense(volume_ul=5.0, rate_ul_min=100.0)).wait(timeout=100)
    assert bench["pump"].remaining_ul.get() == pytest.approx(7495.0)


@alone
def test_a_pump_that_nobody_watches_any_more_stops_by_itself(served):
    bench, simulated = served
    pump = bench["pump"]
    status = pump.set(Dispense(volume_ul=5000.0, rate_ul_min=1000.0))
    time.sleep(5.0)
    simulated.unplug("pump")
    time.sleep(60.0)
    assert not simulated.state("pump")["pumping"]
    assert simulated.state("pump")["alarm"] == "T"
    assert 500.0 < simulated.state("pump")["infused_ul"] < 700.0
    with pytest.raises(LinkError):
        status.wait(timeout=100)
    simulated.replug("pump")
    time.sleep(10.0)
    with pytest.raises(DeviceFaultError, match="safe-mode time-out stopped the pump"):
        pump.is_pumping.get()
    pump.set(Dispense(volume_ul=5.0, rate_ul_min=1000.0)).wait(timeout=100)


@alone
def test_a_stop_disarms_it(served):
    bench, simulated = served
    status = bench["pump"].set(DOSE)
    time.sleep(5.0)
    bench["pump"].stop()
    assert not simulated.state("pump")["pumping"]
    assert simulated.state("pump")["safe_mode_timeout_s"] == 0
    with pytest.raises(InstrumentError, match="stopped during"):
        status.wait(timeout=10)


@either
def test_a_dispense_and_a_withdrawal_are_booked(served):
    bench, simulated = served
    pump = bench["pump"]
    pump.set(DOSE).wait(timeout=100)
    pump.set(Dispense(volume_ul=200.0, rate_ul_min=400.0, direction="withdraw")).wait(timeout=100)
    assert pump.remaining_ul.get() == pytest.approx(7700.0)
    assert simulated.state("pump")["content_ul"] == pytest.approx(7700.0)
    assert pump.rate_ul_min.get() > 0


@either
def test_a_stall_is_told(served):
    bench, simulated = served
    status = bench["pump"].set(DOSE)
    time.sleep(5.0)
    simulated.faults("pump").device("stall")
    with pytest.raises(StalledError):
        status.wait(timeout=10)
    assert "stalled" in bench["pump"].fault.get()
    simulated.faults("pump").device("stall", on=False)
    bench["pump"].set(Dispense(volume_ul=5.0, rate_ul_min=100.0)).wait(timeout=100)
    assert bench["pump"].fault.get() == ""


@either
@pytest.mark.parametrize(
    "fault", ["drop", "lose", "garble", "truncate", "one_byte_at_a_time", "disconnect"]
)
def test_a_spoilt_exchange_does_not_end_a_dispense(served, fault):
    bench, simulated = served
    status = bench["pump"].set(DOSE)
    time.sleep(5.0)
    getattr(simulated.faults("pump"), fault)()
    status.wait(timeout=100)
    assert simulated.state("pump")["infused_ul"] == pytest.approx(500.0)
    assert not simulated.state("pump").get("safe_mode_timeout_s")


@either
def test_an_unplugged_pump_ends_its_dispense_and_comes_back(served):
    bench, simulated = served
    status = bench["pump"].set(Dispense(volume_ul=200.0, rate_ul_min=1000.0))
    time.sleep(5.0)
    simulated.unplug("pump")
    time.sleep(6.0)
    simulated.replug("pump")
    status.wait(timeout=100)
    assert simulated.state("pump")["infused_ul"] == pytest.approx(200.0)
    assert bench["pump"].remaining_ul.get() == pytest.approx(7800.0)


@either
def test_a_power_cut_ends_the_dispense_as_failed_and_nothing_is_pumped_by_itself(served):
    bench, simulated = served
    status = bench["pump"].set(DOSE)
    time.sleep(5.0)
    simulated.power_cycle("pump")
    with pytest.raises(InstrumentError):
        status.wait(timeout=100)
    assert not simulated.state("pump")["pumping"]
    bench["pump"].set(Dispense(volume_ul=5.0, rate_ul_min=100.0)).wait(timeout=100)


@alone
def test_a_pump_that_was_left_in_safe_mode_is_brought_back(served):
    bench, simulated = served
    pump = bench["pump"]
    pump._driver._wire.arm(200)
    pump.disconnect()
    pump._driver._wire.is_armed = False  # another program did it
    pump.connect()
    assert simulated.state("pump")["safe_mode_timeout_s"] == 0


@chain
def test_pumps_of_a_chain_dispense_at_the_same_time(served):
    bench, simulated = served
    doses = {f"pump{n}": Dispense(volume_ul=100.0 * (n + 1), rate_ul_min=1000.0) for n in range(3)}
    statuses = [bench[name].set(dose) for name, dose in doses.items()]
    for status in statuses:
        status.wait(timeout=100)
    for name, dose in doses.items():
        assert simulated.state(name)["infused_ul"] == pytest.approx(dose.volume_ul)
        assert not simulated.state(name).get("safe_mode_timeout_s")
    assert bench["pump0"]._driver.link.line.session == 1


@chain
@pytest.mark.parametrize("fault", ["late", "drop", "garble", "truncate", "disconnect"])
def test_a_fault_of_one_does_not_end_the_dispense_of_its_neighbour(served, fault):
    bench, simulated = served
    status = bench["pump1"].set(DOSE)
    time.sleep(5.0)
    switch = getattr(simulated.faults("pump0"), fault)
    switch(3.0) if fault == "late" else switch()
    try:
        wrong = bench["pump0"].volume_infused_ul.get() != 0.0
    except LinkError:
        wrong = False
    except InstrumentError:
        wrong = False
    assert not wrong
    status.wait(timeout=100)
    assert simulated.state("pump1")["infused_ul"] == pytest.approx(500.0)
    time.sleep(1.0)
    assert bench["pump0"].volume_infused_ul.get() == 0.0


@chain
def test_a_pump_of_a_chain_that_is_off_leaves_the_others_at_work(served):
    bench, simulated = served
    simulated.faults("pump2").drop(exchanges=None)
    with pytest.raises(LinkTimeoutError):
        bench["pump2"].is_pumping.get()
    bench["pump1"].set(DOSE).wait(timeout=100)
    assert simulated.state("pump1")["infused_ul"] == pytest.approx(500.0)
    simulated.faults("pump2").clear()
    assert bench["pump2"].is_pumping.get() == 0


@chain
def test_the_red_button_stops_all_of_a_chain(served):
    bench, simulated = served
    statuses = [bench[name].set(DOSE) for name in bench]
    time.sleep(5.0)
    assert all(simulated.state(name)["pumping"] for name in bench)
    outcomes = bench.make_safe()
    assert all(outcome.confirmed for outcome in outcomes), outcomes
    assert not any(simulated.state(name)["pumping"] for name in bench)
    for status in statuses:
        with pytest.raises(InstrumentError):
            status.wait(timeout=10)


@chain
def test_disconnecting_one_keeps_the_chain(served):
    bench, _ = served
    bench["pump0"].disconnect()
    assert bench["pump1"].connected
    assert bench["pump1"].is_pumping.get() == 0
