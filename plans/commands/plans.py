"""regrow plans: what can be run, with which parameters."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("plan", nargs="?", help="only this plan")


def run(args: argparse.Namespace) -> int:
    """Print the plans with devices, parameters, units, ranges and defaults."""
    from plans.catalogue import PLANS, find_plan
    from plans.parameters import describe_plan

    names = [args.plan] if args.plan else sorted(PLANS)
    for name in names:
        plan = describe_plan(find_plan(name))
        print(f"{plan.name}: {plan.summary}")
        for device in plan.devices:
            need = "needed" if device.required else "if there is one"
            print(f"  {device.name:<26} {device.kind}, {need}")
        for parameter in plan.parameters:
            default = parameter.default_text()
            unit = f" {parameter.quantity.unit}" if parameter.quantity.unit else ""
            allowed = parameter.allowed()
            notes = f"{default}{unit}" + (f"  ({allowed}{unit})" if allowed else "")
            print(f"  {parameter.name:<26} {parameter.quantity.help}: {notes}")
        print()
    return 0
