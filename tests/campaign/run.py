"""Faults at random points: ``python -m tests.campaign.run``.

The points come from the seed, so that a campaign that was ended goes on where it stopped (the file
of results is read first) and a single point is repeated with ``--only N``.
"""

import argparse
import collections
import json
import logging
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

os.environ.setdefault("OPHYD_CONTROL_LAYER", "dummy")

from simulators.clock import patches

patches.install()  # before bluesky and ophyd

from tests.campaign import real, virtual  # noqa: E402

OFF_WITHIN_S = 2.0
LEGEND = """\
off: until the last emitter, pump or heater was off by the simulators' own log, in runs that ended
counted from: fault, the fault itself; strike, where the run stumbles over what was laid for it (a
plan that waits raises, calls or writes at its next step; nothing is wrong before); told, where the
driver gives up and tells the plan (it asks again before it does). A cable counts from the fault
when the run reads the instrument, from told otherwise; of an emitter from where it is back.
from fault: the worst time from where the fault was laid, whatever the other counts from"""


def points(seed, kind, each_virtual, each_real):
    """Return the points: name, kind, plan, fault, share of the run's time.

    A point is named after its fault, so that a further fault adds points and changes none.
    """
    made = []
    if kind in ("all", "real"):
        made += [(f"{fault} no. {n}", "real", "light_regrowth", fault, 0.0)
                 for n in range(each_real) for fault in real.FAULTS]  # fmt: skip
    if kind in ("all", "virtual"):
        for n in range(each_virtual):
            for fault in virtual.FAULTS:
                rng = random.Random(f"{seed}/{fault}/{n}")
                plan = rng.choice(virtual.PLANS)
                made.append((f"{fault} no. {n}", "virtual", plan, fault, rng.random()))
    return made


def read_results(path):
    """Return the rows of a file of results by the name of their point."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {row["number"]: row for row in map(json.loads, lines)}


class Campaign:
    def __init__(self, seed, scratch):
        self.seed, self.scratch = seed, Path(scratch)
        self._clean, self._bench, self._folders = {}, None, 0

    def folder(self):
        self._folders += 1
        made = self.scratch / f"p{self._folders}"
        made.mkdir()
        return made

    def point(self, point):
        number, kind, plan, fault, share = point
        rng = random.Random(f"{self.seed}/{number}/inside")
        folder = self.folder()
        try:
            if kind == "real":
                row = self._real(fault, rng, folder)
            else:
                row = virtual.run(plan, fault, self._instant_s(plan, share, rng), rng, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        row.pop("spans", None)
        return {"number": number, "kind": kind, **row}

    def _real(self, fault, rng, folder):
        if self._bench is None:
            place = self.folder()
            self._bench = real.BenchProcess(place)
        try:
            return real.run(self._bench, fault, rng, folder)
        finally:
            if fault == "kill -9 of the simulators":
                self._bench = None

    def _instant_s(self, plan, share, rng):
        """Most strikes come while something is on: there they hurt."""
        if plan not in self._clean:
            self._clean[plan] = virtual.run(plan, None, None, rng, self.folder())
        clean = self._clean[plan]
        if share < 0.25:
            return rng.uniform(0.0, clean["length_s"])
        start_s, end_s = rng.choice(clean["spans"])
        return rng.uniform(start_s, end_s)

    def close(self):
        if self._bench is not None:
            self._bench.kill()


def problems_of(row):
    """Return what is wrong with a row, in words."""
    found = []
    if row.get("broken"):
        found.append(f"broken: {row['broken'][-200:]}")
    if not row.get("struck"):
        return found
    if row.get("all_off_s") is not None and row["all_off_s"] > OFF_WITHIN_S:
        found.append(f"all off only after {row['all_off_s']:.2f} s")
    if row.get("exit_status") != "success" and "all_off_s" in row and row["all_off_s"] is None \
            and row["fault"] != "pause for long":  # fmt: skip
        found.append("something stayed on")
    if row.get("safe_at_end") is False:
        found.append("not safe at the end")
    if row.get("safe_at_end") and row.get("open_ends"):
        found.append(f"all is off and not known to be: {row['open_ends']}")
    if row.get("lost"):
        found.append(f"{row['lost']} events lost")
    if row.get("readable") is False:
        found.append(f"unreadable: {row.get('why')}")
    if row.get("leftovers"):
        found.append(f"left over: {row['leftovers']}")
    if row.get("paused_dark") is False:
        found.append("lit or pumping in a pause")
    if row.get("problems"):
        found.append(f"record: {row['problems']}")
    return found


def counted_from(row):
    """Return from where the time to all-off counts; in real time always from the fault itself."""
    return "fault" if row["kind"] == "real" else virtual.COUNTED_FROM.get(row["fault"], "told")


def table(rows):
    """Return the summary as text."""
    by_fault = collections.defaultdict(list)
    for row in rows:
        by_fault[row["fault"]].append(row)
    lines = [f"{'fault':<38}{'points':>7}{'struck':>7}{'on then':>8}{'ended':>7}"
             f"{'off: median':>12}{'worst s':>9}{'> 2 s':>7}"
             f"  {'counted from':<14}{'from fault':>11}"
             f"{'lost':>6}{'unread':>7}"
             f"{'left':>6}  exit"]  # fmt: skip
    for fault, some in sorted(by_fault.items()):
        struck = [row for row in some if row.get("struck")]
        off = [row["all_off_s"] for row in struck if row.get("all_off_s") is not None]
        exits = collections.Counter(str(row.get("exit_status")) for row in struck)
        median, worst = (statistics.median(off), max(off)) if off else (0.0, 0.0)
        lines.append(
            f"{fault:<38}{len(some):>7}{len(struck):>7}"
            f"{sum(bool(r.get('on_at_fault')) for r in struck):>8}{len(off):>7}"
            f"{median:>12.3f}{worst:>9.3f}{sum(s > OFF_WITHIN_S for s in off):>7}"
            f"  {counted_from(some[0]):<14}"
            f"{max((r.get('from_fault_s') or 0.0 for r in struck), default=0.0):>11.3f}"
            f"{sum(r.get('lost') or 0 for r in some):>6}"
            f"{sum(r.get('readable') is False for r in some):>7}"
            f"{sum(bool(r.get('leftovers')) for r in some):>6}  "
            + ", ".join(f"{key} {count}" for key, count in exits.most_common())
        )
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=("all", "real", "virtual", "none"), default="all")
    parser.add_argument("--each", type=int, default=32, help="points of a fault in virtual time")
    parser.add_argument("--each-real", type=int, default=8, help="points of a fault in real time")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=600.0, help="stop after this time")
    parser.add_argument("--only", nargs="*", help="only the points of these names, again")
    parser.add_argument("--fault", help="only points whose fault contains this")
    parser.add_argument("--results", type=Path, default=Path("campaign.jsonl"))
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    rows = read_results(args.results)
    end_s = time.monotonic() + 60 * args.minutes
    with tempfile.TemporaryDirectory(prefix="regrow-campaign-") as scratch:
        os.environ["REGROW_LOCKS"] = str(Path(scratch) / "locks")
        campaign = Campaign(args.seed, scratch)
        try:
            for point in points(args.seed, args.kind, args.each, args.each_real):
                chosen = point[0] in args.only if args.only else point[0] not in rows
                if not chosen or (args.fault and args.fault not in point[3]):
                    continue
                if time.monotonic() > end_s:
                    break
                try:
                    row = campaign.point(point)
                except Exception:
                    row = {"number": point[0], "kind": point[1], "plan": point[2],
                           "fault": point[3], "broken": traceback.format_exc()}  # fmt: skip
                rows[row["number"]] = row
                with args.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                wrong = problems_of(row)
                if wrong or args.only:
                    what = f"{row['plan']}, {row['fault']} {row.get('hit', '')}"
                    print(f"point {row['number']} {what}: {'; '.join(wrong) or row}", flush=True)
        finally:
            campaign.close()
    done = list(read_results(args.results).values())
    print(table(done))
    wrong = [row for row in done if problems_of(row)]
    print(LEGEND)
    print(f"{len(done)} points, {len(wrong)} with something wrong")
    args.results.with_suffix(".json").write_text(json.dumps(done, indent=1))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
