"""Where the window keeps what it remembers."""

from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QSettings, QStandardPaths


@dataclass(frozen=True, kw_only=True)
class Places:
    """Files of the window.

    Attributes:
        folder: Folder for queue, presets and settings.
    """

    folder: Path

    @classmethod
    def usual(cls) -> "Places":
        """Return the place that the system gives to programs of this user."""
        location = QStandardPaths.StandardLocation.AppDataLocation
        return cls(folder=Path(QStandardPaths.writableLocation(location)))

    @property
    def queue(self) -> Path:
        """The queue."""
        return self.folder / "queue.json"

    @property
    def presets(self) -> Path:
        """The presets."""
        return self.folder / "presets.json"

    def settings(self) -> QSettings:
        """Return the settings: geometry, theme, last plan."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return QSettings(str(self.folder / "window.ini"), QSettings.Format.IniFormat)
