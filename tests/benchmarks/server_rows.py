"""How fast the served simulators answer and start.

The server runs in a process of its own, as beside any program; the figure it is held against
is a server that knows one answer.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pymeasure.adapters import VISAAdapter
from table import Row

from simulators.bench import SimulatedBench

ROOT = Path(__file__).resolve().parents[2]
QUERY = "/1 1 get pos"
ANSWER = "@01 1 OK IDLE WR 0"
ROUNDS, QUERIES = 60, 50
STARTS = 10
TWELVE = 12

BARE_SERVER = f"""
import asyncio

class Known(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(b"{ANSWER}\\r\\n")

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Known, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
SIMULATOR = """
import sys
from simulators.bench import SimulatedBench

axis = {"number": 1, "name": "x"}
stage = {"model": "zaber-ascii", "address": "TCPIP::127.0.0.1::1::SOCKET", "axis": [axis]}
with SimulatedBench({"device": {"stage": stage}}, ports="any") as bench:
    print(bench.addresses["stage"].split("::")[2], flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def asked(code: str) -> Iterator[VISAAdapter]:
    """Run a server and yield what asks it."""
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as server:
        try:
            assert server.stdout is not None
            address = f"TCPIP::127.0.0.1::{int(server.stdout.readline())}::SOCKET"
            adapter = VISAAdapter(
                address, visa_library="@py", read_termination="\r\n", write_termination="\n"
            )
            yield adapter
            adapter.close()
        finally:
            server.terminate()


def seconds_a_query(adapter: VISAAdapter) -> float:
    """Return the mean time of some queries."""
    start = time.perf_counter()
    for _ in range(QUERIES):
        adapter.write(QUERY)
        assert adapter.read().startswith("@01 1 OK")
    return (time.perf_counter() - start) / QUERIES


def undisturbed(values: list[float]) -> float:
    """Return what a tenth of the values are below: a busy machine only adds to the others."""
    return sorted(values)[len(values) // 10]


def start_s() -> float:
    """Return how long twelve simulators take until all listen."""
    devices = {
        f"device{number}": {
            "model": "mt-sics",
            "address": f"TCPIP::127.0.0.1::{number + 1}::SOCKET",
        }
        for number in range(TWELVE)
    }
    start = time.perf_counter()
    with SimulatedBench({"device": devices}, ports="any"):
        return time.perf_counter() - start


def rows() -> list[Row]:
    """Measure everything."""
    with asked(SIMULATOR) as simulator, asked(BARE_SERVER) as bare:
        pairs = [(seconds_a_query(simulator), seconds_a_query(bare)) for _ in range(ROUNDS)]
    ours_us, bare_us = (1e6 * undisturbed(list(side)) for side in zip(*pairs, strict=True))
    return [
        Row(
            name="query_served",
            value=ours_us,
            baseline=bare_us,
            unit="us",
            kind="cost",
            goal=2.0,
        ),
        Row(name="query_served_3000_a_s", value=ours_us, unit="us", kind="value", goal=1e6 / 3000),
        Row(
            name="start_twelve",
            value=undisturbed([start_s() for _ in range(STARTS)]),
            unit="s",
            kind="value",
            goal=0.5,
        ),
    ]
