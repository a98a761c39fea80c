"""Thorlabs DC4100 in a bench file."""

from instruments.bench_file import Table
from instruments.light_sources.channel import LightChannel
from instruments.light_sources.light_source import LightSource
from instruments.light_sources.thorlabs_dc4100.driver import ThorlabsDc4100
from instruments.links import Link
from instruments.model import Model


def _light_channel(table: Table) -> LightChannel:
    channel = LightChannel(
        number=table.integer("number", minimum=0, maximum=3),
        wavelength_nm=table.number("wavelength_nm", minimum=200, maximum=2000),
        fwhm_nm=table.number("fwhm_nm", minimum=0.1, maximum=500),
        limit_ma=float(table.integer("limit_ma", minimum=1, maximum=1000)),
        irradiance_mw_cm2_per_ma=table.number(
            "irradiance_mw_cm2_per_ma", minimum=1e-9, maximum=1e3
        ),
        calibrated=table.date("calibrated"),
    )
    table.finish()
    return channel


def _build(name: str, link: Link, table: Table) -> LightSource:
    channels = [_light_channel(part) for part in table.tables("channel")]
    same: dict[str, list[float]] = {
        "number": [channel.number for channel in channels],
        "wavelength_nm": [channel.wavelength_nm for channel in channels],
    }
    for quantity, values in same.items():
        if len(set(values)) != len(values):
            raise table.error(f"two channels have the same {quantity}: {values}")
    return LightSource(name=name, driver=ThorlabsDc4100(link), channels=channels)


MODEL = Model(
    kind=LightSource,
    build=_build,
    baud_rate=115_200,
    read_termination="\r\n",
    write_termination="\r\n",
)
