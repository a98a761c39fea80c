"""A bench of simulators in a process of its own that is told over pipes what to do.

Commands are lines of JSON on standard input, ``{"do": "states"}``, and "power_cycle", "unplug" (the
spectrometer), "replug", "end"; each is answered with one line. The first line says where the bench
file is.
"""

import json
import sys
import tomllib
from pathlib import Path

from simulators.bench import SimulatedBench

DEMO = Path(__file__).parents[2] / "simulators" / "benches" / "demo.toml"


def main():
    text = DEMO.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    with SimulatedBench(table, ports="any") as simulators:
        for name, address in simulators.addresses.items():
            text = text.replace(table["device"][name]["address"], address)
        path = Path(sys.argv[1])
        path.write_text(text, encoding="utf-8")
        print(json.dumps({"bench": str(path)}), flush=True)
        unplugged = False
        for line in sys.stdin:
            order = json.loads(line)
            answer = {}
            if order["do"] == "states":
                answer = {name: simulators.state(name) for name in simulators.addresses}
            elif order["do"] == "power_cycle":
                for name in simulators.addresses:
                    simulators.power_cycle(name)
                    simulators.faults(name).clear()
            elif order["do"] == "unplug":
                simulators.unplug("spectrometer")
                unplugged = True
            elif order["do"] == "replug" and unplugged:
                simulators.replug("spectrometer")
                unplugged = False
            elif order["do"] == "end":
                break
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
