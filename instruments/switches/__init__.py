"""What is switched on and off as a whole, such as an ultrasonic bath."""

from instruments.switches.switch import Switch, SwitchDriver

__all__ = ["Switch", "SwitchDriver"]
