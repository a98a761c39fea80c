"""New Era NE-1000 syringe pump."""

from instruments.pumps.ne1000.driver import Ne1000

__all__ = ["Ne1000"]
