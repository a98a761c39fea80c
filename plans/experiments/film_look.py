"""What splits the shift of a film: spectra and absorbance of drop and film."""

from collections import deque

import numpy as np
from bluesky.utils import Msg, MsgGenerator

from plans.absorbance import Absorbance, AbsorbanceMeter
from plans.analysis.film import FilmBudget, FilmSpectrum, film_budget
from plans.experiments.transmission import TransmissionExperiment
from plans.frames import PLSeries
from plans.logbook import NO_NUMBER, Row

_SPECTRA = 5  # at the end that are averaged


class FilmLook:
    """Looks through a drop before and after it has dried, where the bench has a lamp for it.

    Args:
        experiment: The plan.
        excitation_absorbance: Absorbance of the drop at the wavelength of the probe, which no
            spectrometer can measure.
    """

    def __init__(self, experiment: TransmissionExperiment, excitation_absorbance: float) -> None:
        self._experiment = experiment
        self._excitation = excitation_absorbance
        self._meter: AbsorbanceMeter | None = None
        self._wet: Absorbance | None = None
        self._start: FilmSpectrum | None = None
        self._spectra: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=_SPECTRA)

    def begin(self, log: PLSeries) -> MsgGenerator[None]:
        """Take blank and wet drop.

        Args:
            log: The series.
        """
        if self._experiment.white() is None:
            return
        before_s = log.integration_time_s
        self._meter = yield from self._experiment.take_blank(log)
        yield Msg("checkpoint")
        self._wet = yield from self._experiment.measure_absorbance(log, self._meter)
        yield from log.use_integration_time(before_s)
        yield Msg("checkpoint")

    def wet(self, log: PLSeries) -> None:
        """Take the last spectrum for that of the wet drop.

        Args:
            log: The series.
        """
        self.note(log)
        self._start = self._film(self._wet)

    def note(self, log: PLSeries) -> None:
        """Remember the last spectrum.

        Args:
            log: The series.
        """
        spectrum = log.tracker.latest
        if self._meter is not None and spectrum is not None and spectrum.wavelength_nm.size:
            self._spectra.append((spectrum.wavelength_nm, spectrum.counts_s))

    def finish(self, log: PLSeries) -> MsgGenerator[Row]:
        """Look through the dry film, and return what the shift is made of.

        Args:
            log: The series.
        """
        dry = yield from self._experiment.measure_absorbance(log, self._meter)
        return _row(self._budget(self._film(dry)))

    def _budget(self, end: FilmSpectrum | None) -> FilmBudget:
        if self._meter is None:
            return FilmBudget(reason="no absorbance was measured: the shift is not split")
        if self._start is None or end is None:
            return FilmBudget(reason="there is no spectrum of both ends")
        return film_budget(self._start, end)

    def _film(self, absorbance: Absorbance | None) -> FilmSpectrum | None:
        if absorbance is None or not self._spectra:
            return None
        axis = self._spectra[-1][0]
        alike = [counts for nm, counts in self._spectra if nm.shape == axis.shape]
        known = np.isfinite(absorbance.absorbance)
        if not known.any():
            return None
        own = np.interp(axis, absorbance.wavelength_nm[known], absorbance.absorbance[known],
                        left=np.nan, right=np.nan)  # fmt: skip
        return FilmSpectrum(
            wavelength_nm=axis,
            counts=np.mean(alike, axis=0),
            absorbance=own,
            excitation_absorbance=self._excitation,
        )


def _row(budget: FilmBudget) -> Row:
    return {
        "shift_coupling_mev": _number(budget.coupling_mev),
        "shift_bulk_like_mev": _number(budget.bulk_like_mev),
        "shift_reabsorption_mev": _number(budget.reabsorption_mev),
        "guided_share": _number(budget.guided_share),
        "guided_path_over_thickness": _number(budget.path_ratio),
        "budget_residual": _number(budget.residual),
        "budget_reason": budget.reason,
    }


def _number(value: float | None) -> float:
    return NO_NUMBER if value is None else float(value)
