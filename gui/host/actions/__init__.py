"""What a person may ask of a device by hand, and how it is done."""

from gui.host.actions.action import Action, Values
from gui.host.actions.of_device import actions_of

__all__ = ["Action", "Values", "actions_of"]
