"""What stands in the beam: shutters and filter wheels."""

from instruments.shutters.filter_wheel import FilterWheel, FilterWheelDriver
from instruments.shutters.shutter import Shutter, ShutterDriver

__all__ = ["FilterWheel", "FilterWheelDriver", "Shutter", "ShutterDriver"]
