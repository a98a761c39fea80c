"""Sections of the report on what the numbers mean."""

from collections.abc import Iterator

from plans.analysis.kinetics import KineticFit, KineticsResult
from plans.records import html
from plans.records.findings import (
    FilmPart,
    earlier_runs,
    film_parts,
    kinetics,
    mixture_split,
    shift_budget,
)
from plans.records.folder import local_time
from plans.records.quantities import THIN_SPACE, Measured, duration, fixed, rounded
from plans.records.run import Run
from plans.records.view import View


def budget(run: Run, view: View) -> Iterator[str]:
    """Yield what the shift is made of.

    Args:
        run: The run.
        view: The same.
    """
    if film := film_parts(run):
        yield from _film(film)
        return
    parts = shift_budget(view.metrics.changes)
    if not parts:
        yield html.paragraph("There is no shift to split: no frame has a peak.")
        return
    yield html.table(
        [
            (
                html.escape(part.name),
                part.shift_nm.text("nm", signed=True),
                part.shift_mev.text("meV", signed=True),
            )
            for part in parts
        ],
        heading=("Part", "Shift", "In energy, to the red"),
        kind="numbers",
    )
    if len(parts) == 1:
        yield html.paragraph(
            "Uncorrected: the run recorded no absorbance. How much of the shift is light that "
            "the sample kept cannot be said.",
            "note",
        )
    else:
        yield html.paragraph(
            "Corrected with the absorbance of the run. What is left holds the emission of new "
            "products as well as coupling; width and area tell them apart.",
            "small",
        )
    yield from _mixture(view)


def _mixture(view: View) -> Iterator[str]:
    """Yield which part a second population has in the measured shift."""
    split = mixture_split(view.course)
    if split is None:
        return
    words = split.text
    if split.reason:
        words += (
            ". With a spectrum of the product alone “regrow analyse RUN --end PRODUCT” tells it"
        )
    yield html.paragraph(f"Split by population: {words}.", "small")


def _film(parts: tuple[FilmPart, ...]) -> Iterator[str]:
    whole = FilmPart(name="All of it", shift_mev=sum(part.shift_mev for part in parts))
    rows = [
        (
            html.escape(part.name),
            f"{fixed(part.shift_mev, 1)}{THIN_SPACE}meV",
            f"{fixed(100 * part.shift_mev / whole.shift_mev, 0)}{THIN_SPACE}%",
        )
        for part in (*parts, whole)
    ]
    heading = ("Part", "In energy, to the red", "Share")
    yield html.table(rows, heading=heading, kind="numbers")
    yield html.paragraph(
        "Two lines behind the measured absorbance of the film were fitted to its spectrum. From "
        "the line of the dispersed crystals, their own reabsorption taken back.",
        "small",
    )


def course_of_change(view: View) -> Iterator[str]:
    """Yield the laws that were fitted to the peak under light.

    Args:
        view: The run.
    """
    found = kinetics(view.course)
    if found is None:
        yield html.paragraph("The light was never on with a peak to follow.")
        return
    result = found.over_time
    if result.best is None:
        yield html.paragraph(f"No law is given: {result.reason}.")
        return
    yield html.table(
        [_law(fit, result.best) for fit in result.fits],
        heading=("Law of the peak", "Half of the change after", "Whole change", "AICc above best"),
        kind="numbers",
    )
    yield html.table(_facts(result, found.over_dose))


def _law(fit: KineticFit, best: KineticFit) -> tuple[str, ...]:
    name = fit.law[:1].upper() + fit.law[1:]
    if fit.exponent is not None:
        name += f", exponent {rounded(fit.exponent, 3)}"
    return (
        html.escape(name),
        duration(fit.half),
        Measured(value=fit.change, uncertainty=fit.change_se).text("nm", signed=True),
        rounded(fit.aicc - best.aicc, 3),
    )


def _facts(result: KineticsResult, over_dose: KineticsResult | None) -> list[tuple[str, str]]:
    best = result.best
    rows = []
    if best is not None:
        rate = Measured(value=best.rate * 60.0, uncertainty=best.rate_se * 60.0)
        rows.append(("Rate of the best law", rate.text("1/min")))
    if over_dose is not None and over_dose.best is not None:
        half = Measured(value=over_dose.best.half, uncertainty=over_dose.best.half_se)
        rows.append(("Half-dose", half.text("J/cm²")))
    if "ambiguous" in result.flags:
        rows.append(("Choice of the law", "ambiguous: the next one describes the course as well"))
    if "end not seen" in result.flags:
        rows.append(("Reach", "the run saw less than three quarters of the change"))
    return rows


def comparison(run: Run, view: View) -> Iterator[str]:
    """Yield this run beside earlier ones of the same plan.

    Args:
        run: The run.
        view: The same.
    """
    peak = next((change for change in view.metrics.changes if change.name == "Peak"), None)
    others = earlier_runs(run)
    if not others:
        yield html.paragraph("The folder of runs holds no earlier run of this plan.")
        return
    rows = []
    if peak is not None:
        cells = (peak.start.text(), peak.end.text(), peak.change.text(signed=True))
        rows.append(("<strong>this run</strong>", "", *cells))
    for other in others:
        when = local_time(other.time_s).strftime("%Y-%m-%d %H:%M")
        change = other.end_nm.minus(other.start_nm)
        cells = (other.start_nm.text(), other.end_nm.text(), change.text(signed=True))
        rows.append((html.escape(f"{when} {other.sample}"), html.code(other.name), *cells))
    heading = ("Run", "Folder", *(f"{word},{THIN_SPACE}nm" for word in ("Start", "End", "Shift")))
    yield html.table(rows, heading=heading, kind="numbers")
