"""IKA hotplate stirrers in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.thermal.heating import Heating
from instruments.thermal.ika_plate.driver import MAX_SPEED_RPM, WATCHDOG_LIMITS_S, IkaPlate
from instruments.thermal.thermostat import Thermostat


def _build(name: str, link: Link, table: Table) -> Thermostat:
    probe = table.text("probe", "external")
    if probe not in ("external", "plate"):
        raise table.error(f"probe must be 'external' or 'plate', got {probe!r}")
    low_s, high_s = WATCHDOG_LIMITS_S
    driver = IkaPlate(
        link,
        probe="plate" if probe == "plate" else "external",
        watchdog_s=table.integer("watchdog_s", 60, minimum=low_s, maximum=high_s),
    )
    heating = Heating(
        limit_degc=table.number("limit_degc", minimum=1, maximum=500),
        overshoot_k=table.number("overshoot_k", 5.0, minimum=0, maximum=100),
        band_k=table.number("band_k", 0.5, minimum=0.1, maximum=50),
        hold_s=table.number("hold_s", 60.0, minimum=0, maximum=86_400),
        settle_timeout_s=table.number("settle_timeout_s", 3600.0, minimum=1, maximum=86_400),
        stirring_limit_rpm=table.number(
            "stirring_limit_rpm", MAX_SPEED_RPM, minimum=0, maximum=MAX_SPEED_RPM
        ),
    )
    return Thermostat(name=name, driver=driver, heating=heating)


MODEL = Model(
    kind=Thermostat,
    build=_build,
    baud_rate=9600,
    data_bits=7,
    parity="even",
    read_termination="\r\n",
    write_termination="\r\n",
)
