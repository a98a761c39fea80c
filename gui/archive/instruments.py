"""Which instruments there are, and what a bench file says of each."""

from gui.archive_messages import FoundInstrument, FoundInstruments, LookForInstruments
from instruments.discovery import (
    Finding,
    ask_network,
    device_text,
    example_models,
    serial_ports,
    usb_instruments,
)


def look_for(request: LookForInstruments) -> FoundInstruments:
    """Look at USB and serial ports, and ask the network if that is wanted."""
    found, notes = usb_instruments()
    found += serial_ports()
    if request.network:
        more, problems = ask_network()
        found += more
        notes += problems
    rows = [_row(request, model, one) for one in found for model in (one.models or ("",))]
    rows += [_row(request, model, None) for model in example_models()]
    return FoundInstruments(rows=tuple(rows), notes=tuple(notes))


def _row(request: LookForInstruments, model: str, one: Finding | None) -> FoundInstrument:
    return FoundInstrument(
        address="" if one is None else one.address,
        what="to be added by hand" if one is None else one.what,
        model=model,
        text=device_text(model, set(request.taken), one) if model else "",
        note="" if one is None else one.note,
    )
