"""Icons in the colours of the theme."""

import qtawesome
from qtpy.QtGui import QIcon


def icon(name: str, colour: str) -> QIcon:
    """Return an icon.

    Args:
        name: Its name, such as "mdi6.thermometer".
        colour: Its colour.
    """
    made: QIcon = qtawesome.icon(name, color=colour)  # type: ignore[no-untyped-call, unused-ignore]
    return made
