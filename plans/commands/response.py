"""regrow response: save a measured spectral response."""

import argparse
import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instruments.spectrometers.response_file import ResponseFile
    from plans.records import Run

_VALID_DAYS = 365


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("run", type=Path, help="folder of a calibrate_spectral_response")
    parser.add_argument("file", type=Path, help="new file, beside the bench file that names it")
    parser.add_argument(
        "--valid-days",
        type=_days,
        default=_VALID_DAYS,
        metavar="N",
        help=f"the spectra are corrected for so many days after the run ({_VALID_DAYS})",
    )


def run(args: argparse.Namespace) -> int:
    """Write the file and print what to add to the bench file."""
    from instruments.spectrometers.response_file import write_response
    from plans.records import open_run

    found = response_of(open_run(args.run), args.valid_days)
    try:
        write_response(args.file, found)
    except FileExistsError:
        raise FileExistsError(f"{args.file} is there already; give another name") from None
    print(f"{args.file}: measured {found.calibrated[:10]}, used until {found.expires}")
    print("add to the table of the spectrometer in the bench file beside it:")
    print(f'response = "{args.file.name}"')
    return 0


def response_of(record: "Run", valid_days: int) -> "ResponseFile":
    """Return the response that a run has measured.

    Args:
        record: The run.
        valid_days: Days from its start to the last one on which it may be used.

    Raises:
        RecordError: It did not end well, or measured none.
    """
    from instruments.spectrometers.response_file import ResponseFile
    from plans.records import RecordError

    table = record.table("response")
    name = str(record.start.get("plan_name", "run without a plan's name"))
    if record.exit_status != "success" or "response_factor" not in table:
        verdicts = list(record.table("summary").get("verdict", []))
        found = f" and {str(verdicts[-1])!r}" if verdicts else ""
        raise RecordError(
            record.folder.path,
            f"a {name} that ended with {record.exit_status!r}{found} holds no response; "
            "give the folder of a calibrate_spectral_response that succeeded",
        )
    begun = datetime.datetime.fromtimestamp(
        math.floor(float(record.start["time"])), tz=datetime.UTC
    )
    return ResponseFile(
        wavelength_nm=table["response_wavelength_nm"][-1],
        factor=table["response_factor"][-1],
        calibration=f"{name} {str(record.start['uid'])[:8]}",
        calibrated=begun.isoformat(),
        expires=(begun.date() + datetime.timedelta(days=valid_days)).isoformat(),
        serial=_serial(record),
    )


def _serial(record: "Run") -> str:
    """Return the serial number of the spectrometer that looked at the lamp, empty if unknown."""
    for device, part in record.configuration("lamp").items():
        if number := part.get("data", {}).get(f"{device}_serial_number"):
            return str(number)
    return ""


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 3650:
        raise argparse.ArgumentTypeError(f"must be 1 to 3650 days, got {days}")
    return days
