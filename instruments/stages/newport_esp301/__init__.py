"""Newport ESP301 and ESP300 motion controllers."""

from instruments.stages.newport_esp301.driver import Esp301

__all__ = ["Esp301"]
