"""Light-induced regrowth on the simulated bench (T10, T12, and T19 at the noise of the bench)."""

import numpy as np
from table import Row, run


def reference_rows(folder: str) -> list[Row]:
    """T10 and T12: 405 nm, 20 mW/cm², 1 mM ligand, air, 4 h."""
    record, result = run(folder, "plateau=no", "dark_tail_min=0")
    tracked = record.table("tracked")
    peak, area = tracked["tracker_peak_nm"], tracked["tracker_area"]
    before = tracked["phase"] == "baseline"
    true_dose = float(str(result["true_dose_j_cm2"]))
    ratio = 100 * float(str(result["dose_j_cm2"])) / true_dose
    largest = float(np.median(np.sort(area / area[before].mean())[-20:]))
    start, end = float(peak[before].mean()), float(peak[-10:].mean())
    return [
        Row(id="T10", quantity="peak at the start, nm", value=start, target=515.7, tolerance=0.3),
        Row(id="T10", quantity="peak after 4 h, nm", value=end, target=519.7, tolerance=0.3),
        Row(id="T10", quantity="largest area", value=largest, target=1.19, tolerance=0.03),
        Row(id="T12", quantity="dose, % of truth", value=ratio, target=100.0, tolerance=0.5),
    ]


def plateau_rows(folder: str) -> list[Row]:
    """The default plateau rule on the reference run, one seed a row.

    T19 itself is for 0.05 nm of noise (see analysis_rows); at the 0.02 nm of this bench the same
    rule sees the slope fall earlier, after 140 min.
    """
    rows = []
    for seed in (1, 2, 3):
        record, _ = run(folder, "dark_tail_min=0", "--seed", str(seed))
        ending = record.table("ending")
        stop_min = float(ending["ending_elapsed_s"][0]) / 60
        tracked = record.table("tracked")
        noise_nm = float(np.std(tracked["tracker_peak_nm"][tracked["phase"] == "baseline"], ddof=1))
        exposed = f"by {ending['ending_rule'][0]} at {noise_nm:.3f} nm noise, min (seed {seed})"
        rows.append(Row(id="T19", quantity=exposed, value=stop_min, target=140.0, tolerance=15.0))
    return rows


PARTS = (reference_rows, plateau_rows)
