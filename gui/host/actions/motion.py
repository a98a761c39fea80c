"""Stages, by hand."""

from gui.host.actions.action import LONGEST_S, Action, Values, number, text
from gui.messages import ActionInfo, FieldInfo
from instruments.stages import Stage
from instruments.stages.stage import HOME


def stage_actions(stage: Stage) -> tuple[Action, ...]:
    """Return what can be done by hand."""

    def go(values: Values) -> str:
        stage.set(text(values, "position")).wait(timeout=LONGEST_S)
        return f"stands at {text(values, 'position')}"

    def move(values: Values) -> str:
        target = {axis: number(values, f"{axis}_mm") for axis in stage.axis_names}
        stage.set(target).wait(timeout=LONGEST_S)
        return "stands at " + ", ".join(f"{axis} {mm:g} mm" for axis, mm in target.items())

    def home(_: Values) -> str:
        stage.set(HOME).wait(timeout=LONGEST_S)
        return "has found its reference"

    def stop(_: Values) -> str:
        stage.stop(success=True)
        return "stands still, confirmed"

    actions: list[Action] = []
    if stage.positions:
        position = FieldInfo(
            name="position", kind="str", help="named position", choices=tuple(stage.positions),
            default=next(iter(stage.positions)),
        )  # fmt: skip
        actions.append(
            Action(
                info=ActionInfo(
                    name="go",
                    label="Go to",
                    help="Move to a named position",
                    fields=(position,),
                    confirm="The stage will move. Is its way free?",
                ),
                work=go,
            )
        )
    axes = tuple(
        FieldInfo(name=f"{axis}_mm", help=f"axis {axis}", unit="mm", default=0.0)
        for axis in stage.axis_names
    )
    moving = "The stage will move. Is its way free?"
    actions += [
        Action(
            info=ActionInfo(
                name="move", label="Move", help="Move the axes", fields=axes, confirm=moving
            ),
            work=move,
        ),
        Action(
            info=ActionInfo(
                name="home",
                label="Home",
                help="Search the reference: every axis runs to its end",
                confirm="Every axis runs to its end. Is the way free?",
            ),
            work=home,
        ),
        Action(
            info=ActionInfo(name="stop", label="Stop", help="Stop every axis", stops=True),
            work=stop,
        ),
    ]
    return tuple(actions)
