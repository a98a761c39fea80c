"""The report of spectra from files: one HTML file without external parts."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from plans.analysis.flags import MEANINGS
from plans.analysis.line import USUAL_RESOLUTION_NM
from plans.analysis.other_lines import SHAPES
from plans.importing.tables import Against, comparison
from plans.records import html

if TYPE_CHECKING:
    from plans.importing.analyse import AnalysedSpectrum

_METHOD = (
    "A {shape} in photon energy on a straight baseline is fitted by weighted least squares "
    "to 2.5 full widths to each side. The peak is the maximum of the counts against wavelength. "
    "{more}The uncertainty "
    "(one standard deviation) is that of the noise; the wavelength calibration is not in it."
)
_USUAL = (
    f"The shift of a slit of {USUAL_RESOLUTION_NM:g} nm is taken back. Where one line does not "
    "describe the band, the top of the measured curve is read with a parabola. "
)
_OTHER = "The shift of the slit is not taken back. "


def series_page(
    path: Path,
    found: Sequence["AnalysedSpectrum"],
    picture: bytes,
    against: Against,
    *,
    split: str = "",
) -> str:
    """Return the report as HTML.

    Args:
        path: where the spectra came from.
        found: the spectra with their peaks.
        picture: the PNG file.
        against: a series that it is laid over.
        split: how the shift splits by population, "" when nobody asked.
    """
    lines = sum(item.peak.peak_nm is not None for item in found)
    head = (
        f"<header><h1>{html.escape(path.name)}</h1>"
        f'<p class="sub">{lines} of {len(found)} spectra show a photoluminescence line</p></header>'
    )
    parts = [
        head,
        html.section("Spectra and course", _pictures(picture, found, against, split)),
        html.section("Spectra", [_table(found)]),
        html.section("Quality", _quality(found)),
        html.section("How it was read", _method(path, found)),
    ]
    return html.page(path.name, parts)


def _pictures(
    picture: bytes, found: Sequence["AnalysedSpectrum"], against: Against, split: str
) -> Iterator[str]:
    yield html.picture(
        picture,
        "Spectra laid over each other, and peak, width and area against time",
        "Open symbols decide nothing: they carry a flag. Bars: 95 %.",
    )
    if against is not None:
        words = comparison(found, against)
        yield html.paragraph(words[0].upper() + words[1:] + ".", "end")
    if split:
        yield html.paragraph(split[0].upper() + split[1:] + ".", "end")


def _table(found: Sequence["AnalysedSpectrum"]) -> str:
    rows = []
    for item in found:
        peak = item.peak
        name = html.escape(item.spectrum.name.strip())
        if peak.peak_nm is None:
            rows.append((name, "no peak", "", "", "", "", html.escape(peak.reason)))
            continue
        rows.append(
            (
                name,
                f"{peak.peak_nm:.2f} ± {peak.peak_nm_se:.2f}",
                f"{peak.peak_ev:.4f}",
                f"{peak.fwhm_nm:.1f}",
                f"{peak.area:.4g}",
                f"{peak.snr:.3g}",
                html.escape(", ".join(peak.flags)),
            )
        )
    heading = ("Spectrum", "Peak, nm", "Peak, eV", "Width, nm", "Area", "S/N", "Flags")
    return html.table(rows, heading=heading, kind="numbers")


def _quality(found: Sequence["AnalysedSpectrum"]) -> Iterator[str]:
    counts = Counter(flag for item in found for flag in item.peak.flags)
    if not counts:
        yield html.paragraph("No spectrum has a flag.")
        return
    yield html.table(
        [
            (html.code(flag), str(number), html.escape(MEANINGS[flag]))
            for flag, number in counts.most_common()
        ],
        heading=("Flag", "Spectra", "Meaning"),
        kind="flags",
    )


def _method(path: Path, found: Sequence["AnalysedSpectrum"]) -> Iterator[str]:
    shape = found[0].shape if found else SHAPES[0]
    more = _USUAL if shape == SHAPES[0] else _OTHER
    yield html.paragraph(_METHOD.format(shape=shape, more=more))
    rows = [("Read from", html.code(path)), ("regrow", html.escape(_version()))]
    if path.is_file():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        rows.append(("SHA-256", html.code(digest)))
    yield html.table(rows)


def _version() -> str:
    try:
        return version("regrow")
    except PackageNotFoundError:
        return "not installed"
