"""CoolLED pE-4000 light source: four channels, each with four LEDs to choose from.

Sources: see :mod:`instruments.light_sources.coolled`; ``LAMS`` and ``LOAD`` as in Micro-Manager's
CoolLEDpE4000 adapter.
"""

import re
from collections.abc import Mapping

from instruments.errors import ConfigurationError, DeviceFaultError, ProtocolError
from instruments.light_sources.coolled import CoolledPe
from instruments.links import Link

CHANNELS = (0, 1, 2, 3)
WAVELENGTHS_NM: Mapping[int, tuple[int, ...]] = {
    0: (365, 385, 405, 435),
    1: (460, 470, 490, 500),
    2: (525, 550, 580, 595),
    3: (635, 660, 740, 770),
}
"""The LEDs of each channel."""

_LOAD_TIMEOUT_S = 5.0  # an LED is moved into the light path
_LAMP = re.compile(r"LAM:([A-D]):(\d{3})\D*")


class CoolledPe4000(CoolledPe):
    """The source with its channels A to D, numbered 0 to 3.

    Args:
        link: Serial or socket link; CR out, CR LF in.
        wavelengths_nm: LED that each channel shall have in the light path.

    Raises:
        ConfigurationError: A channel has no such LED.
    """

    def __init__(self, link: Link, *, wavelengths_nm: Mapping[int, float] | None = None) -> None:
        super().__init__(link, name="pE-4000", channels=CHANNELS)
        self._wavelengths_nm = dict(wavelengths_nm or {})
        for number, wavelength_nm in self._wavelengths_nm.items():
            if wavelength_nm not in WAVELENGTHS_NM[number]:
                there = ", ".join(map(str, WAVELENGTHS_NM[number]))
                raise ConfigurationError(
                    link.name,
                    f"channel {number} of a pE-4000 has {there} nm, the bench file asks for "
                    f"{wavelength_nm:g} nm",
                )

    def loaded_nm(self) -> Mapping[int, int]:
        """Return the wavelength of the LED that each channel has in the light path.

        Raises:
            ProtocolError: The answer has another form.
        """
        with self.link.exchange():
            replies = [self._query("LAMS")]
            replies += [str(self.link.read()).strip() for _ in CHANNELS[1:]]
            found = [_LAMP.fullmatch(reply) for reply in replies]
            loaded = {"ABCD".index(match[1]): int(match[2]) for match in found if match}
            if set(loaded) != set(CHANNELS):
                raise ProtocolError(
                    self.link.name,
                    f"'LAMS' was answered {replies!r}",
                    reply="\n".join(replies),
                )
        return loaded

    def _make_ready(self) -> None:
        """Bring the LEDs of the bench file into the light path, and check that they are there."""
        with self.link.exchange():
            loaded = self.loaded_nm()
            missing = {n: nm for n, nm in self._wavelengths_nm.items() if loaded[n] != nm}
            for wavelength_nm in missing.values():
                self._query(f"LOAD:{wavelength_nm:g}", _LOAD_TIMEOUT_S)
            if not missing:
                return
            loaded = self.loaded_nm()
        for number, wavelength_nm in missing.items():
            if loaded[number] != wavelength_nm:
                raise DeviceFaultError(
                    self.link.name,
                    f"channel {number} has {loaded[number]} nm in the light path after "
                    f"{wavelength_nm:g} nm was loaded",
                )
