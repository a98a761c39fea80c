"""Ocean HDX in a bench file."""

from instruments.bench_file import Table
from instruments.links import Link
from instruments.model import Model
from instruments.spectrometers.ocean_hdx.driver import OceanHdx
from instruments.spectrometers.spectrometer import Spectrometer


def _build(name: str, link: Link, table: Table) -> Spectrometer:
    low_s, high_s = OceanHdx.integration_limits_s
    return Spectrometer(
        name=name,
        driver=OceanHdx(
            link,
            discard_after_change=table.integer("discard_after_change", 1, minimum=0, maximum=20),
        ),
        integration_time_s=table.number("integration_time_s", 0.1, minimum=low_s, maximum=high_s),
        averages=table.integer("averages", 1, minimum=1, maximum=1000),
        boxcar_px=table.integer("boxcar_px", 0, minimum=0, maximum=100),
    )


MODEL = Model(
    kind=Spectrometer,
    build=_build,
    baud_rate=9600,
    read_termination="",
    write_termination="",
)
