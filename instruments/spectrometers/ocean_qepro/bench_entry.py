"""Ocean QE Pro in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.spectrometers.bench_table import discards, settings
from instruments.spectrometers.cooled import CooledSpectrometer
from instruments.spectrometers.ocean_qepro.driver import OceanQePro


def _build(name: str, link: Link, table: Table) -> CooledSpectrometer:
    driver = OceanQePro(link, discard_after_change=discards(table))
    low_degc, high_degc = driver.detector_limits_degc
    setpoint_degc = None
    if "detector_setpoint_degc" in table:
        setpoint_degc = table.number("detector_setpoint_degc", minimum=low_degc, maximum=high_degc)
    return CooledSpectrometer(
        name=name,
        driver=driver,
        detector_setpoint_degc=setpoint_degc,
        **settings(table, driver.integration_limits_s),
    )


MODEL = Model(kind=CooledSpectrometer, build=_build)
