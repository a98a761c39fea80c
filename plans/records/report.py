"""The report of a run: one HTML file without external parts."""

import hashlib
import math
from collections.abc import Iterator
from pathlib import Path

from plans.analysis.flags import MEANINGS
from plans.records import html, report_answer, report_findings, settings
from plans.records.course import Ending
from plans.records.figure import course_png, spectra_png
from plans.records.folder import local_time
from plans.records.index import sample_text
from plans.records.metrics import Metrics
from plans.records.quantities import NO_VALUE, THIN_SPACE, Measured, duration, fixed, rounded
from plans.records.run import UNFINISHED, Run
from plans.records.view import View, view_of

OUTCOMES = {
    "success": ("good", "completed", "The plan ran to its own end."),
    "abort": ("halted", "aborted", "The run was aborted: somebody or something asked it to end."),
    "fail": ("bad", "failed", "The run ended with an error."),
    UNFINISHED: (
        "bad",
        "not closed",
        "The run has no stop document: it still goes on, or the program or the computer ended "
        "before it was closed. Everything up to the last event is kept. Its arrays.h5 was not "
        "closed either: open it with h5py.File(path, 'r', swmr=True).",
    ),
}
RULES = {
    "plateau": "Plateau: the peak no longer moved",
    "target": "Target: the peak reached the wavelength that was asked for",
    "degradation": "Degradation: the area fell below its limit",
    "dose": "Dose: the light reached its limit",
    "time": "Time: the longest duration was reached",
    "operator": "Operator: somebody ended the exposure",
}
SHA_BLOCK = 1 << 20


def report_page(run: Run) -> str:
    """Return the report of a run as HTML.

    Args:
        run: The run; also one that failed, was cut or is empty.
    """
    view = view_of(run)
    title = " – ".join(part for part in (_plan(run), sample_text(run.start.get("sample"))) if part)
    parts = [
        *_header(run),
        html.section("How the run ended", _ending(run, view)),
        html.section("What the plan found", report_answer.found(run)),
        html.section("Spectra and course", _pictures(view)),
        html.section("From start to end", _changes(view)),
        html.section("Budget of the shift", report_findings.budget(run, view)),
        html.section("Kinetics", report_findings.course_of_change(view)),
        html.section("Light and dose", _light(view)),
        html.section("Quality", _quality(view)),
        html.section("Earlier runs", report_findings.comparison(run, view)),
        html.section("Plan", settings.plan(run)),
        html.section("Settings of the devices", settings.devices(run)),
        html.section("Software", settings.software(run)),
        html.section("Files", _files(run)),
    ]
    return html.page(title, parts)


def _plan(run: Run) -> str:
    name = str(run.start.get("plan_name") or "Run").replace("_", " ")
    return name[:1].upper() + name[1:]


def _header(run: Run) -> Iterator[str]:
    start = run.start
    kind, outcome, _ = OUTCOMES[run.exit_status]
    began = local_time(float(start["time"]))
    yield f"<header><h1>{html.escape(_plan(run))}</h1>"
    sample = sample_text(start.get("sample")) or "not named"
    yield f'<p class="sub">Sample: {html.escape(sample)}'
    yield f' <span class="outcome {kind}">{html.escape(outcome)}</span></p>'
    took = duration(run.last_time_s - float(start["time"]))
    bench = settings.plain(start.get("bench"))
    rows = [
        ("Started", began.strftime(f"%Y-%m-%d %H:%M:%S{THIN_SPACE}(UTC%z)")),
        ("Duration", took if run.stop else f"{took} up to the last event"),
        ("Bench", f"{bench}, simulated" if start.get("simulated") else bench),
        ("Operator", settings.plain(start.get("operator"))),
        ("Run number", settings.plain(start.get("scan_id"))),
    ]
    cells = [(html.escape(name), html.escape(text)) for name, text in rows]
    cells.append(("Identifier", html.code(start["uid"])))
    yield html.table([*cells, *settings.sample_rows(start.get("sample"))])
    yield "</header>"


def _ending(run: Run, view: View) -> Iterator[str]:
    ending = view.course.ending
    if ending is not None:
        yield html.paragraph(_rule(ending, view), "end")
    _, _, words = OUTCOMES[run.exit_status]
    if ending is None and run.exit_status == "success":
        words += " It named no rule that ended it."
    yield html.paragraph(words)
    rows = [("Exit status", html.code(run.exit_status))]
    if run.reason:
        rows.append(("Reason", html.escape(run.reason)))
    elif run.exit_status in {"abort", "fail"}:
        rows.append(("Reason", "none was recorded"))
    yield html.table(rows)
    if view.course.notes:
        yield "<h3>Notes during the run</h3>"
        yield html.table(
            [(f"at {duration(after_s)}", html.escape(text)) for after_s, text in view.course.notes]
        )


def _rule(ending: Ending, view: View) -> str:
    rule = RULES.get(ending.rule, f"Rule {ending.rule!r}")
    words = [f"{rule} ({ending.text})." if ending.text else f"{rule}."]
    when = f"{duration(ending.elapsed_s)} after the start" if ending.elapsed_s >= 0 else ""
    if ending.seq_num is None:
        return " ".join([*words, f"Decided {when}." if when else ""]).strip()
    words.append(
        ", ".join(part for part in (f"Decided by spectrum {ending.seq_num}", when) if part)
    )
    frames = [mark.frame for mark in view.metrics.landmarks if mark.name == "trigger"]
    if not frames:
        words.append("(that spectrum is not in the record).")
    elif math.isfinite(view.course.peak_nm[frames[0]]):
        peak = Measured(
            value=float(view.course.peak_nm[frames[0]]),
            uncertainty=float(view.course.peak_nm_se[frames[0]]),
        )
        words[-1] += ","
        words.append(f"with its peak at ({peak.text()}){THIN_SPACE}nm.")
    else:
        words[-1] += ", which has no peak." if view.course.tracked_count else "."
    return " ".join(words)


def _pictures(view: View) -> Iterator[str]:
    if view.missing:
        yield html.paragraph(view.missing, "note")
        return
    names = [mark.name for mark in view.metrics.landmarks]
    words = [f"Spectra: {', '.join(names)}."]
    if "onset" in names:
        words.append(f"Onset: the peak has moved by 10{THIN_SPACE}% of its total shift.")
    if "widest" in names:
        words.append("Widest: the line is broadest, as running median of five frames.")
    yield html.picture(
        spectra_png(view),
        "Spectra of the run, laid over each other",
        " ".join(words),
    )
    for remark in view.metrics.remarks:
        yield html.paragraph(remark, "small")
    yield html.picture(
        course_png(view),
        "Map of the spectra, peak, width, area and dose against time",
        "Course: violet, light on; grey, dark tail; dashed line, the end of the exposure by rule.",
    )


def _changes(view: View) -> Iterator[str]:
    metrics = view.metrics
    if not metrics.changes:
        why = view.missing or (
            "No frame has a peak." if view.course.tracked_count else "Nothing was tracked."
        )
        yield html.paragraph(f"There are no numbers: {why[0].lower()}{why[1:]}", "note")
        return
    yield html.table(
        [
            (
                html.escape(change.name),
                change.start.text(change.unit),
                change.end.text(change.unit),
                change.change.text(change.change_unit, signed=True),
            )
            for change in metrics.changes
        ],
        heading=("Quantity", "Start", "End", "Change"),
        kind="numbers",
    )
    yield html.paragraph(
        f"Start: mean of {metrics.start_frames} frames; end: mean of {metrics.end_frames}. "
        "The uncertainty is one standard deviation of the mean, from the scatter of the frames or "
        "the error of the fits, whichever is larger. It does not hold the wavelength calibration "
        "of the spectrometer, which moves start and end alike.",
        "small",
    )
    yield from _extremes(metrics)


def _extremes(metrics: Metrics) -> Iterator[str]:
    rows = []
    if metrics.half_shift is not None:
        after_s, dose_j_cm2 = metrics.half_shift
        words = f"{duration(after_s)} after the light went on"
        if math.isfinite(dose_j_cm2):
            words += f", {rounded(dose_j_cm2, 4)}{THIN_SPACE}J/cm²"
        rows.append(("Half of the shift", words))
    if metrics.dark_tail_shift is not None:
        words = f"peak {metrics.dark_tail_shift.text('nm', signed=True)} since the light went off"
        rows.append(("Dark tail", words))
    if metrics.largest_area is not None:
        value, time_s = metrics.largest_area
        rows.append(("Largest area", f"{fixed(value, 2)} of the start, at {duration(time_s)}"))
    is_wider = any(mark.name == "widest" for mark in metrics.landmarks)
    if metrics.largest_fwhm_nm is not None and is_wider:
        value, time_s = metrics.largest_fwhm_nm
        rows.append(("Largest width", f"{fixed(value, 2)}{THIN_SPACE}nm, at {duration(time_s)}"))
    if rows:
        yield html.table(rows)


def _light(view: View) -> Iterator[str]:
    metrics = view.metrics
    if not math.isfinite(metrics.dose_j_cm2):
        yield html.paragraph("No dose was recorded: no light source took part, or no frame came.")
        return
    rows = [("Dose, all light", f"{rounded(metrics.dose_j_cm2, 4)}{THIN_SPACE}J/cm²")]
    if math.isfinite(metrics.probe_share):
        share = f"{rounded(100 * metrics.probe_share, 3)}{THIN_SPACE}% of the dose"
        rows.append(("Share of the probe light", share))
    if math.isfinite(view.course.checked_mw_cm2):
        read = f"{rounded(view.course.checked_mw_cm2, 4)}{THIN_SPACE}mW/cm²"
        rows.append(("Power meter, before the run", read))
    if math.isfinite(metrics.on_time_s):
        rows.append(("Light was on for", duration(metrics.on_time_s)))
    yield html.table(rows)
    known = (
        "until all was off" if math.isfinite(view.course.final_dose_j_cm2) else "to the last frame"
    )
    yield html.paragraph(
        "From the current that the source reported and its calibration at the sample, over the "
        f"times that it confirmed on and off, {known}.",
        "small",
    )


def _quality(view: View) -> Iterator[str]:
    frames = len(view.course.seq_num)
    if not frames:
        yield html.paragraph("There is no frame to judge.")
        return
    flags = view.metrics.flags
    if not view.course.tracked_count:
        yield html.paragraph(
            f"{frames} frames were recorded; none was judged, as none was tracked."
        )
    elif not flags:
        yield html.paragraph(f"None of the {frames} frames has a flag.")
    else:
        rows = []
        for name, count in flags.items():
            share = f"{fixed(100 * count / frames, 1)}{THIN_SPACE}%"
            meaning = html.escape(MEANINGS.get(name, NO_VALUE))
            rows.append((html.code(name), str(count), share, meaning))
        yield html.table(rows, heading=("Flag", "Frames", "Share", "Meaning"), kind="flags")
        good = int(view.course.is_valid.sum())
        yield html.paragraph(f"{good} of {frames} frames have a peak.")


def _files(run: Run) -> Iterator[str]:
    for problem in run.problems:
        yield html.paragraph(problem, "note")
    rows = []
    for path in sorted({run.folder.journal, *run.folder.path.glob("arrays*.h5")}):
        rows.append((html.code(path.name), html.code(sha256(path))))
    yield html.table(rows, heading=("File", "SHA-256"), kind="files")
    if not run.folder.arrays.exists():
        yield html.paragraph("There is no arrays.h5: no spectrum or other array was recorded.")
    yield html.paragraph(
        "spectra.csv holds the counts as recorded (nothing subtracted), tracked.csv one row per "
        "frame. All files are in the folder",
        "small",
    )
    yield f"<p>{html.code(run.folder.path.name)}</p>"


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as hexadecimal digits.

    Args:
        path: The file.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(SHA_BLOCK):
            digest.update(block)
    return digest.hexdigest()
