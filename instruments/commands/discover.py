"""regrow discover: what instruments are there."""

import argparse
import dataclasses
import json
import sys

from instruments.discovery import (
    Finding,
    ask_host,
    ask_network,
    probe,
    serial_ports,
    usb_instruments,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument(
        "--network", action="store_true", help="also ask the network for spectrometers"
    )
    parser.add_argument(
        "--host", action="append", default=[], help="also ask this address for a spectrometer"
    )
    parser.add_argument(
        "--probe", metavar="ADDRESS", help="ask this one port only; needs --as MODEL"
    )
    parser.add_argument("--as", dest="model", metavar="MODEL", help="what is expected there")
    parser.add_argument("--usb-backend", metavar="NAME", help="pyusb backend to look with")


def run(args: argparse.Namespace) -> int:
    """Print what is there; 1 when a probe fails, 2 for a wrong call."""
    if (args.probe is None) != (args.model is None):
        print("regrow discover: --probe ADDRESS and --as MODEL go together", file=sys.stderr)
        return 2
    if args.probe is not None:
        found = [_probed(args.probe, args.model)]
        notes: list[str] = []
    else:
        found, notes = look(args)
    if args.json:
        table = {"found": [dataclasses.asdict(one) for one in found], "notes": notes}
        print(json.dumps(table, ensure_ascii=False))
    else:
        _print_table(found, notes)
    return 0


def look(args: argparse.Namespace) -> tuple[list[Finding], list[str]]:
    """Return what is there and what hindered looking, as the arguments want it."""
    found, notes = usb_instruments(args.usb_backend)
    found += serial_ports()
    answers = [ask_network()] if args.network else []
    answers += [ask_host(host) for host in args.host]
    for more, problems in answers:
        found += more
        notes += problems
    return found, notes


def _probed(address: str, model: str) -> Finding:
    identity = probe(address, model)
    named = [identity.maker, identity.model]
    if identity.firmware:
        named.append(f"firmware {identity.firmware}")
    return Finding(
        bus="probed",
        address=address,
        what=" ".join(part for part in named if part),
        models=(model,),
        serial=identity.serial,
    )


def _print_table(found: list[Finding], notes: list[str]) -> None:
    if not found:
        print("nothing was found")
    for one in found:
        models = " or ".join(one.models) or "?"
        print(f"{one.address:<44} {models:<34} {one.what}")
        details = [f"serial number {one.serial}" if one.serial else "", one.note]
        for line in filter(None, details):
            print(f"    {line}")
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
