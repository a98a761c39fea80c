"""Opens the window; imports nothing heavy before it is on the screen."""

import gc
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtWidgets import QApplication, QWidget

from gui.session import HostOptions

if TYPE_CHECKING:
    from gui.window import Window

_TEXT_PT = 9.0  # as on Windows; the larger ones of some desktops do not fit 1366 x 768


_KEPT: list[QApplication] = []
"""The application outlives whoever made it: a widget that is freed after it ends in a crash."""


def make_application(argv: Sequence[str] = ()) -> QApplication:
    """Return the application, with names under which its settings are kept.

    Args:
        argv: Arguments for Qt.
    """
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    for name in ("AA_EnableHighDpiScaling", "AA_UseHighDpiPixmaps"):  # Qt 6 always does
        attribute = getattr(Qt.ApplicationAttribute, name, None)
        if attribute is not None:
            QApplication.setAttribute(attribute)
    application = QApplication(["regrow", *argv])
    _KEPT.append(application)
    application.setApplicationName("regrow")
    application.setOrganizationName("regrow")
    application.setStyle("Fusion")
    font = application.font()
    font.setPointSizeF(min(font.pointSizeF(), _TEXT_PT) if font.pointSizeF() > 0 else _TEXT_PT)
    application.setFont(font)
    return application


def put_away(window: QWidget) -> None:
    """Close a window and free all that belongs to it while the application still lives.

    Left to the end of the interpreter, widgets and graphics items are freed in any order, some
    after the application, which now and then ends in a segmentation fault.

    Args:
        window: The window; it is not to be used any more.
    """
    window.close()
    window.deleteLater()
    kind: Any = QEvent.Type.DeferredDelete
    QCoreApplication.sendPostedEvents(None, getattr(kind, "value", kind))  # PyQt6 wants a number
    gc.collect()


def open_window(options: HostOptions) -> int:
    """Open the window and return its exit code when it is closed.

    Args:
        options: How the process of the bench is started.
    """
    application = make_application()
    from gui.window import Window

    window = Window(options)
    sys.excepthook = _switching_off(window)
    window.show()
    window.start()
    code = int(application.exec())
    sys.excepthook = sys.__excepthook__
    put_away(window)
    return code


def _switching_off(window: "Window") -> Callable[[type[BaseException], Any, Any], None]:
    """Return a hook for errors that nobody has caught: everything off, and the window goes on.

    Without one Qt ends the program, and with it all that a person could see of the bench.
    """

    def hook(kind: type[BaseException], error: Any, trace: Any) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            window.close()
        else:
            window.safe_stop_after(error)

    return hook


if __name__ == "__main__":
    from pathlib import Path

    sys.exit(open_window(HostOptions(bench_file=Path("simulators/benches/demo.toml"))))
