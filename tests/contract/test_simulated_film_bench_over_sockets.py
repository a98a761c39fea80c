"""Hotplate, balances, shutter and filter wheel around one sample, over real sockets."""

import time
import tomllib

import pytest

from simulators.bench import SimulatedBench
from tests.contract.test_simulated_bench_over_sockets import DEMO, Client

MODELS = {
    "plate": "ika-plate",
    "balance": "mt-sics",
    "scale": "sartorius-sbi",
    "shutter": "thorlabs-sc10",
    "wheel": "thorlabs-fw102c",
}


@pytest.fixture
def bench(virtual_clock):
    with DEMO.open("rb") as file:
        table = tomllib.load(file)
    for number, (name, model) in enumerate(MODELS.items()):
        address = f"TCPIP::127.0.0.1::{number}::SOCKET"  # listens on any free port
        table["device"][name] = {"model": model, "address": address}
    with SimulatedBench(table, ports="any", seed=7) as bench:
        yield bench


def prompt(client, text, timeout_s=5.0):
    client.send(f"{text}\r".encode())
    return client.take(lambda data: data.endswith(b"> "), timeout_s).decode()


def test_every_one_is_safe_at_the_start(bench):
    assert all(bench.state(name)["safe"] for name in MODELS)
    for name, address in bench.addresses.items():
        if name in MODELS:
            Client(address).socket.close()


def test_a_plate_whose_computer_has_died_is_cold_again_an_hour_later(bench):
    with Client(bench.addresses["plate"]) as client:
        for command in ("OUT_SP_1 60", "OUT_SP_4 300", "START_1", "START_4"):
            client.send(f"{command} \r\n".encode())
        assert client.ask("OUT_WD1@60 ") == "60"
        time.sleep(50)
        assert client.ask("IN_PV_4 ") == "300.0 4"
        assert not bench.state("plate")["safe"]
    time.sleep(11)
    assert bench.state("plate")["safe"]
    time.sleep(3600)
    assert bench.state("plate")["plate_degc"] < 23.0


def test_both_balances_weigh_the_same_sample(bench):
    with Client(bench.addresses["balance"]) as mettler:
        status, weight, unit = mettler.ask("S", 5.0).removeprefix("S ").split()
    assert (status, unit) == ("S", "g")
    with Client(bench.addresses["scale"]) as sartorius:
        sartorius.send(b"\x1bP")
        assert sartorius.line().decode() == f"N     + {float(weight):8.4f} g  \r\n"


def test_a_closed_shutter_keeps_the_light_from_the_sample(bench):
    with (
        Client(bench.addresses["stage"]) as stage,
        Client(bench.addresses["light"]) as light,
        Client(bench.addresses["shutter"]) as shutter,
    ):
        stage.ask("/1 1 home")
        time.sleep(10)
        stage.ask("/1 1 move abs 25197")
        time.sleep(10)
        light.send(b"CC 1 350\r\nO 1 1\r\n")
        assert light.ask("O? 1") == "1"
        time.sleep(100)
        assert bench.truth()["dose_j_cm2"] == 0.0
        prompt(shutter, "ens")
        time.sleep(100)
        prompt(shutter, "ens")
        time.sleep(100)
        (opened_s, _), (closed_s, _) = bench.state("shutter")["log"][-2:]
        assert closed_s - opened_s == pytest.approx(100)
        assert bench.truth()["dose_j_cm2"] == pytest.approx(350 * 0.0572 * 0.1, rel=1e-6)


def test_the_wheel_says_when_it_is_there(bench):
    with Client(bench.addresses["wheel"]) as wheel:
        start_s = time.monotonic()
        assert prompt(wheel, "pos=4") == "pos=4\r> "
        assert time.monotonic() - start_s == pytest.approx(0.9)
        assert bench.state("wheel")["position"] == 4
