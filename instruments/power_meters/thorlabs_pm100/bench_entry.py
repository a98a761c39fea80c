"""Thorlabs PM100D in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.power_meters.power_meter import PowerMeter
from instruments.power_meters.thorlabs_pm100.driver import ThorlabsPm100


def _build(name: str, link: Link, table: Table) -> PowerMeter:
    return PowerMeter(
        name=name,
        driver=ThorlabsPm100(link),
        wavelength_nm=float(table.integer("wavelength_nm", minimum=100, maximum=20_000)),
        averages=table.integer("averages", 1, minimum=1, maximum=3000),
        aperture_area_cm2=table.number("aperture_area_cm2", minimum=1e-6, maximum=1e3),
    )


MODEL = Model(
    kind=PowerMeter,
    build=_build,
    baud_rate=115_200,
    read_termination="\n",
    write_termination="\n",
)
