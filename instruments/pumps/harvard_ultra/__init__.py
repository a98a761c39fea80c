"""Harvard Apparatus PHD Ultra, Pump 11 Elite and KD Scientific Legato syringe pumps."""

from instruments.pumps.harvard_ultra.driver import HarvardUltra

__all__ = ["HarvardUltra"]
