"""The lifetime of LEDs, from luminance that another instrument has recorded."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from bluesky.utils import MsgGenerator

from plans.analysis import fit_power_law, photostability
from plans.experiments.base import Experiment, plan_of
from plans.importing.table import decode, find_table
from plans.logbook import NO_NUMBER, Logbook, Row
from plans.parameters import Quantity
from plans.preflight import Check

_UNITS_S = {"s": 1.0, "min": 60.0, "h": 3600.0}


class LuminanceFileError(ValueError):
    """A file holds no luminance against time."""


@dataclass(frozen=True, eq=False)
class LedLifetime(Experiment[Logbook]):
    """Read how the luminance of LEDs fell, and find T50 and the law L0^n T50 = constant.

    Each file is one LED at constant current: a table of time and luminance, as a source meter with
    a photodiode writes it. T90, T80 and T50 come from the course; with LEDs of different initial
    luminance the exponent n of the law follows and with it T50 at the luminance of a display. The
    area of the LED follows from current and current density. Nothing on the bench is used.
    """

    _: dataclasses.KW_ONLY
    files: Annotated[
        tuple[str, ...], Quantity(help="tables of time and luminance, with commas")
    ] = ()
    time_unit: Annotated[
        str, Quantity(help="unit of the first column", choices=tuple(_UNITS_S))
    ] = "s"
    target_cd_m2: Annotated[
        float, Quantity(help="luminance to state T50 for", unit="cd/m²", minimum=0.1, maximum=1e6)
    ] = 100.0
    known_n: Annotated[
        float | None,
        Quantity(help="exponent of the law, where the files do not tell", minimum=0.5, maximum=4),
    ] = None
    current_ma: Annotated[
        float | None, Quantity(help="current of the LEDs", unit="mA", minimum=1e-6, maximum=1e5)
    ] = None
    density_ma_cm2: Annotated[
        float | None,
        Quantity(help="its density", unit="mA/cm²", minimum=1e-6, maximum=1e6),
    ] = None

    def make_logbook(self) -> Logbook:
        """Return a plain logbook."""
        return Logbook()

    def needs_light(self) -> bool:
        """Return that no light is needed."""
        return False

    def duration_s(self) -> float:
        """Return the longest time that it can take, s."""
        return 10.0 + len(self.files)

    def details(self) -> Mapping[str, Any]:
        """Return the area of the LEDs, if it follows."""
        area = self.area_cm2()
        return {} if area is None else {"led_area_cm2": area}

    def area_cm2(self) -> float | None:
        """Return the area of an LED from current and density, cm²; None without them."""
        if self.current_ma is None or self.density_ma_cm2 is None:
            return None
        return self.current_ma / self.density_ma_cm2

    def checks(self) -> Iterator[Check]:
        """Yield whether each file holds what is needed."""
        if not self.files:
            yield Check(name="files", verdict="refused", detail="no file is given: files=...")
        for file in self.files:
            try:
                time_s, luminance = read_luminance(Path(file), self.time_unit)
            except (OSError, LuminanceFileError) as error:
                yield Check(name="files", verdict="refused", detail=str(error))
                continue
            detail = f"{file}: {time_s.size} points, {luminance[0]:.4g} cd/m² at first"
            yield Check(name="files", verdict="ok", detail=detail)

    def steps(self, log: Logbook) -> MsgGenerator[None]:
        """Read one file after the other and put the law together."""
        for file in self.files:
            time_s, luminance = read_luminance(Path(file), self.time_unit)
            found = photostability(time_s, luminance, levels=(0.9, 0.8, 0.5))
            t90, t80, t50 = (NO_NUMBER if each.at is None else each.at for each in found)
            yield from log.result(
                {
                    "file": Path(file).name,
                    "luminance_start_cd_m2": float(luminance[0]),
                    "t90_s": t90,
                    "t80_s": t80,
                    "t50_s": t50,
                    "share_left": float(luminance[-1] / luminance[0]),
                    "watched_s": float(time_s[-1] - time_s[0]),
                }
            )
        yield from log.end("done", f"{len(log.rows)} LEDs")
        yield from log.conclude(self._summary(log.rows))

    def _summary(self, rows: Sequence[Row]) -> Row:
        starts = [float(row["luminance_start_cd_m2"]) for row in rows]
        t50s = [float(row["t50_s"]) for row in rows]
        n, n_se = lifetime_exponent(starts, t50s)
        used = n if math.isfinite(n) else (self.known_n or NO_NUMBER)
        each = [lifetime_s(l0, t50, used, self.target_cd_m2)
                for l0, t50 in zip(starts, t50s, strict=True)]  # fmt: skip
        known = [math.log(t) for t in each if math.isfinite(t)]
        area = self.area_cm2()
        return {
            "n": used,
            "n_se": n_se,
            "t50_at_target_s": math.exp(sum(known) / len(known)) if known else NO_NUMBER,
            "t50_shortest_s": min((t for t in t50s if math.isfinite(t)), default=NO_NUMBER),
            "leds": len(rows),
            "led_area_cm2": NO_NUMBER if area is None else area,
        }


def lifetime_exponent(
    luminance_cd_m2: Sequence[float], t50_s: Sequence[float]
) -> tuple[float, float]:
    """Return n of L0^n T50 = constant and its standard error; both NaN when it does not follow.

    Two LEDs give n without an error.

    Args:
        luminance_cd_m2: Initial luminance of each LED.
        t50_s: When each had lost half of it; NaN for not reached.
    """
    pairs = [
        (math.log(l0), math.log(t50))
        for l0, t50 in zip(luminance_cd_m2, t50_s, strict=True)
        if l0 > 0 and t50 > 0
    ]
    if len({x for x, _ in pairs}) < 2:
        return NO_NUMBER, NO_NUMBER
    if len(pairs) == 2:
        (x0, y0), (x1, y1) = pairs
        return (y0 - y1) / (x1 - x0), NO_NUMBER
    law = fit_power_law([math.exp(x) for x, _ in pairs], [math.exp(y) for _, y in pairs])
    if law.exponent is None:
        return NO_NUMBER, NO_NUMBER
    return -law.exponent, NO_NUMBER if law.exponent_se is None else law.exponent_se


def lifetime_s(luminance_cd_m2: float, t50_s: float, n: float, target_cd_m2: float) -> float:
    """Return T50 at another initial luminance by L0^n T50 = constant, s.

    Args:
        luminance_cd_m2: Initial luminance at which T50 is known.
        t50_s: T50 there.
        n: Exponent of the law.
        target_cd_m2: Initial luminance at which it is wanted.
    """
    return float(t50_s * (luminance_cd_m2 / target_cd_m2) ** n)


def read_luminance(path: Path, time_unit: str = "s") -> tuple[np.ndarray, np.ndarray]:
    """Return time in s and luminance in cd/m² of a table.

    Args:
        path: A text file; its first two columns are read.
        time_unit: Unit of the first column: "s", "min" or "h".

    Raises:
        OSError: There is no such file.
        LuminanceFileError: It holds no such table.
    """
    table = find_table(decode(path.read_bytes()))
    if table is None:
        raise LuminanceFileError(f"{path} holds no table of time and luminance")
    columns = np.array([row[:2] for row in table.rows], dtype=float)
    columns = columns[np.isfinite(columns).all(axis=1)]
    time_s, luminance = columns[:, 0] * _UNITS_S[time_unit], columns[:, 1]
    if time_s.size < 2 or np.any(np.diff(time_s) <= 0) or luminance[0] <= 0:
        raise LuminanceFileError(
            f"{path}: time must rise over two points or more and luminance begin above 0"
        )
    return time_s, luminance


led_lifetime = plan_of(LedLifetime)
