"""CoolLED pE-300 light source: three channels of fixed wavelength bands.

Sources: see :mod:`instruments.light_sources.coolled`.
"""

from instruments.light_sources.coolled import CoolledPe
from instruments.links import Link

CHANNELS = (0, 1, 2)


class CoolledPe300(CoolledPe):
    """The source with its channels A to C, numbered 0 to 2.

    Args:
        link: Serial or socket link; CR out, CR LF in.
    """

    def __init__(self, link: Link) -> None:
        super().__init__(link, name="pE-300", channels=CHANNELS)
