"""Pumps and gas, by hand."""

from gui.host.actions.action import LONGEST_S, Action, Values, number
from gui.messages import ActionInfo, FieldInfo
from instruments.gas import GasFlow
from instruments.pumps import Dispense, SyringePump


def pump_actions(pump: SyringePump) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def dispense(values: Values) -> str:
        what = Dispense(
            volume_ul=number(values, "volume_ul"),
            rate_ul_min=number(values, "rate_ul_min"),
            direction="withdraw" if values.get("direction") == "withdraw" else "infuse",
        )
        pump.set(what).wait(timeout=LONGEST_S)
        return f"done: {what}"

    def reload(values: Values) -> str:
        pump.reload(number(values, "volume_ul"))
        return "the syringe's account begins anew"

    def stop(_: Values) -> str:
        pump.stop(success=True)
        return "stands still, confirmed"

    capacity_ul = pump.syringe.capacity_ul
    volume = FieldInfo(
        name="volume_ul", help="volume", unit="µL", minimum=0.1, maximum=capacity_ul, default=100.0
    )
    rate = FieldInfo(
        name="rate_ul_min", help="rate", unit="µL/min", minimum=0.01, maximum=50000, default=500.0
    )
    direction = FieldInfo(
        name="direction", kind="str", help="direction", choices=("infuse", "withdraw"),
        default="infuse",
    )  # fmt: skip
    return (
        Action(
            info=ActionInfo(
                name="dispense",
                label="Dispense",
                help="Move the plunger by a volume at a rate",
                fields=(volume, rate, direction),
                confirm="The plunger will move. Is the tubing where it should be?",
            ),
            work=dispense,
        ),
        Action(
            info=ActionInfo(name="stop", label="Stop", help="Stop the plunger", stops=True),
            work=stop,
        ),
        Action(
            info=ActionInfo(
                name="reload",
                label="Refilled",
                help="Tell what is in the syringe after it was filled",
                fields=(
                    FieldInfo(
                        name="volume_ul",
                        help="volume in the syringe",
                        unit="µL",
                        minimum=0.0,
                        maximum=capacity_ul,
                        default=capacity_ul,
                    ),
                ),
            ),
            work=reload,
        ),
    )


def gas_actions(gas: GasFlow) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def flow(values: Values) -> str:
        flow_sccm = number(values, "flow_sccm")
        gas.set(flow_sccm).wait(timeout=LONGEST_S)
        return f"flows at {flow_sccm:g} cm³/min"

    def close(_: Values) -> str:
        gas.stop(success=True)
        return "is closed, confirmed"

    field = FieldInfo(
        name="flow_sccm", help="flow at standard conditions", unit="cm³/min", minimum=0.0,
        maximum=gas.limit_sccm, default=0.0,
    )  # fmt: skip
    return (
        Action(
            info=ActionInfo(
                name="flow",
                label="Let flow",
                help="Regulate to a flow",
                fields=(field,),
                confirm="Gas will flow. Is the line where it should be?",
            ),
            work=flow,
        ),
        Action(
            info=ActionInfo(name="close", label="Close", help="Close the valve", stops=True),
            work=close,
        ),
    )
