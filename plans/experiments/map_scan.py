"""PL over an area, point by point."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from bluesky.utils import MsgGenerator

from instruments.errors import LimitError
from instruments.stages.grid import Grid
from instruments.stages.stage import Stage
from plans.annotations import AutoExposure
from plans.experiments.base import plan_of
from plans.experiments.pl import PLExperiment
from plans.experiments.points import doses
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row
from plans.parameters import Quantity
from plans.preflight import Check
from plans.stubs import move_dark

_MOVE_S = 5.0


@dataclass(frozen=True, eq=False)
class MapScan(PLExperiment):
    """Look at the PL of a film or a plate point by point, the light off in every move.

    The grid lies around a stage position and is walked in a serpentine. With a focus axis the
    height of the brightest PL is looked for before the first point and kept. The table holds peak,
    width and area of each point, the summary their means and scatter: how uniform the film is.
    """

    _: dataclasses.KW_ONLY
    rows: Annotated[int, Quantity(help="rows of the grid", minimum=1, maximum=500)] = 5
    columns: Annotated[int, Quantity(help="columns of the grid", minimum=1, maximum=500)] = 5
    pitch_um: Annotated[
        float, Quantity(help="from point to point", unit="µm", minimum=1, maximum=50000)
    ] = 200.0
    column_axis: Annotated[str, Quantity(help="stage axis along a row")] = "x"
    row_axis: Annotated[str, Quantity(help="stage axis from row to row")] = "y"
    frames_per_point: Annotated[
        int, Quantity(help="spectra of each point", minimum=1, maximum=50)
    ] = 1
    focus_axis: Annotated[str, Quantity(help="stage axis of the focus, empty for none")] = ""
    focus_range_um: Annotated[
        float, Quantity(help="way over which the focus is looked for", unit="µm", minimum=1,
                        maximum=10000),
    ] = 200.0  # fmt: skip
    focus_steps: Annotated[
        int, Quantity(help="heights that are looked at", minimum=3, maximum=101)
    ] = 11
    auto_exposure: AutoExposure = True

    def grid(self) -> Grid:
        """Return the grid around the position.

        Raises:
            LimitError: The stage has no such position, or it is not given along an axis.
        """
        centre = self._centre()
        pitch_mm = self.pitch_um * 1e-3
        first = [
            centre.get(axis, 0.0) - 0.5 * (number - 1) * pitch_mm
            for axis, number in ((self.column_axis, self.columns), (self.row_axis, self.rows))
        ]
        return Grid(
            rows=self.rows,
            columns=self.columns,
            first_mm=(first[0], first[1]),
            column_pitch_mm=pitch_mm,
            row_pitch_mm=pitch_mm,
            axes=(self.column_axis, self.row_axis),
        )

    def places(self) -> list[tuple[int, int, dict[str, float]]]:
        """Return row, column and millimetres by axis of every point, in the order of the scan.

        Raises:
            LimitError: The stage has no such position.
        """
        grid, centre = self.grid(), self._centre()
        used = {
            axis
            for axis, number in ((self.column_axis, self.columns), (self.row_axis, self.rows))
            if number > 1
        }
        found = []
        for row, column in grid.serpentine():
            moved = {k: mm for k, mm in grid.position(row, column).items() if k in used}
            found.append((row, column, {**centre, **moved}))
        return found

    def duration_s(self) -> float:
        """Return the longest time that the run can take, s."""
        focus = self.focus_steps + 1 if self.focus_axis else 0
        each = self.frames_per_point * 2 * self.frame_time_s() + _MOVE_S
        return (self.rows * self.columns + focus) * each + 120.0

    def frames(self) -> int:
        """Return about how many spectra are taken."""
        return self.rows * self.columns * self.frames_per_point

    def checks(self) -> Iterator[Check]:
        """Yield the checks of light and stage, and whether every point can be reached."""
        yield from super().checks()
        if self.stage is None:
            yield Check(name="grid", verdict="refused", detail="a map needs a stage")
            return
        try:
            places = self.places()
            for _, _, place in places:
                self.stage.coordinates(place)
            for place in self._heights(places[0][2]):
                self.stage.coordinates(place)
        except LimitError as error:
            yield Check(name="grid", verdict="refused", detail=str(error))
            return
        size = f"{(self.columns - 1) * self.pitch_um:g} µm by {(self.rows - 1) * self.pitch_um:g}"
        yield Check(name="grid", verdict="ok", detail=f"{len(places)} points over {size} µm")

    def steps(self, log: PLSeries) -> MsgGenerator[None]:
        """Focus, then look at one point after the other."""
        stage = self.stage
        assert stage is not None  # preflight has seen to it
        if self.auto_exposure:
            yield from log.auto_expose()
        height = yield from self._focus(log, stage)
        log.progress.phase = "map"
        for row, column, place in self.places():
            yield from move_dark(stage, {**place, **height}, self.light)
            log.progress.position = f"{self.position}-{row + 1}-{column + 1}"
            points = yield from log.points(self.frames_per_point, 2 * self.frame_time_s())
            point = points[-1]
            areas = [each.area for each in points if math.isfinite(each.area)]
            yield from log.result(
                {
                    "row": row + 1,
                    "column": column + 1,
                    "along_mm": place.get(self.column_axis, NO_NUMBER),
                    "across_mm": place.get(self.row_axis, NO_NUMBER),
                    "peak_nm": NO_NUMBER if point.peak_nm is None else point.peak_nm,
                    "fwhm_nm": NO_NUMBER if point.fwhm_nm is None else point.fwhm_nm,
                    "area": float(np.mean(areas)) if areas else 0.0,
                }
            )
        yield from log.end("done", f"{len(log.rows)} points")
        yield from log.conclude({**summarise(log.rows), **doses(log), **self._told(height)})

    def _told(self, height: Mapping[str, float]) -> Row:
        return {"focus_mm": height.get(self.focus_axis, NO_NUMBER)}

    def _centre(self) -> dict[str, float]:
        if self.stage is None:
            return {}
        return self.stage.coordinates(self.position)

    def _heights(self, place: Mapping[str, float]) -> list[dict[str, float]]:
        if not self.focus_axis:
            return []
        middle = self._centre().get(self.focus_axis, 0.0)
        half_mm = 0.5e-3 * self.focus_range_um
        return [
            {**place, self.focus_axis: float(mm)}
            for mm in np.linspace(middle - half_mm, middle + half_mm, self.focus_steps)
        ]

    def _focus(self, log: PLSeries, stage: Stage) -> MsgGenerator[dict[str, float]]:
        """Return the focus axis at the height of the brightest PL, nothing without such an axis."""
        log.progress.phase = "focus"
        best, brightest = {}, -math.inf
        for place in self._heights(self._centre()):
            yield from move_dark(stage, place, self.light)
            point = yield from log.dark_point()
            if math.isfinite(point.area) and point.area > brightest:
                best, brightest = {self.focus_axis: place[self.focus_axis]}, point.area
        return best


def summarise(rows: list[Row]) -> Row:
    """Return means and relative scatter over the points of a map.

    Args:
        rows: The table of the map: ``peak_nm``, ``fwhm_nm`` and ``area`` of each point.
    """

    def column(name: str) -> np.ndarray:
        values = np.array([float(row[name]) for row in rows])
        return np.asarray(values[np.isfinite(values)])

    peak, width, area = column("peak_nm"), column("fwhm_nm"), column("area")
    mean = float(np.mean(area)) if area.size else NO_NUMBER
    return {
        "points": len(rows),
        "points_with_peak": int(peak.size),
        "peak_mean_nm": float(np.mean(peak)) if peak.size else NO_NUMBER,
        "peak_sd_nm": float(np.std(peak, ddof=1)) if peak.size > 1 else NO_NUMBER,
        "fwhm_mean_nm": float(np.mean(width)) if width.size else NO_NUMBER,
        "area_mean": mean,
        "area_relative_sd": float(np.std(area, ddof=1)) / mean
        if area.size > 1 and mean > 0
        else NO_NUMBER,
    }


map_scan = plan_of(MapScan)
