"""The models a bench file may name, and how each is made.

A further instrument is a function here and a line in ``MODELS``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.balances import Balance, BalanceDriver
from instruments.balances.mt_sics import MtSics
from instruments.balances.sartorius_sbi import SartoriusSbi
from instruments.bench_file import Table
from instruments.device import BenchDevice
from instruments.light_sources import LightChannel, LightSource
from instruments.light_sources.thorlabs_dc4100 import ThorlabsDc4100
from instruments.links import Link
from instruments.power_meters import PowerMeter
from instruments.power_meters.thorlabs_pm100 import ThorlabsPm100
from instruments.pumps import Syringe, SyringePump
from instruments.pumps.ne1000 import Ne1000
from instruments.shutters import FilterWheel, Shutter
from instruments.shutters.thorlabs_fw102c import ThorlabsFw102c
from instruments.shutters.thorlabs_sc10 import ThorlabsSc10
from instruments.spectrometers import Spectrometer
from instruments.spectrometers.ocean_hdx import OceanHdx
from instruments.stages import Stage, make_stage
from instruments.stages.zaber_ascii import ZaberStage
from instruments.thermal import Heating, Thermostat
from instruments.thermal.ika_plate import MAX_SPEED_RPM, WATCHDOG_LIMITS_S, IkaPlate

_LONG_MM = 10_000.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model.

    Attributes:
        kind: The kind of device it is.
        build: Makes the device from its name, its link and its table.
        baud_rate: Speed of its serial line unless the bench file says otherwise.
        read_termination: What ends its answers.
        write_termination: What ends its commands.
    """

    kind: type[BenchDevice]
    build: Callable[[str, Link, Table], BenchDevice]
    baud_rate: int
    read_termination: str
    write_termination: str


def _ocean_hdx(name: str, link: Link, table: Table) -> Spectrometer:
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


def _thorlabs_dc4100(name: str, link: Link, table: Table) -> LightSource:
    channels = [_light_channel(part) for part in table.tables("channel")]
    same: dict[str, list[float]] = {
        "number": [channel.number for channel in channels],
        "wavelength_nm": [channel.wavelength_nm for channel in channels],
    }
    for quantity, values in same.items():
        if len(set(values)) != len(values):
            raise table.error(f"two channels have the same {quantity}: {values}")
    return LightSource(name=name, driver=ThorlabsDc4100(link), channels=channels)


def _newera_ne1000(name: str, link: Link, table: Table) -> SyringePump:
    capacity_ul = table.number("syringe_volume_ul", minimum=1, maximum=1e6)
    syringe = Syringe(
        name=table.text("syringe"),
        diameter_mm=table.number("syringe_diameter_mm", minimum=0.1, maximum=50),
        capacity_ul=capacity_ul,
        loaded_ul=table.number("loaded_volume_ul", minimum=0, maximum=capacity_ul),
        contents=table.text("contents", ""),
    )
    driver = Ne1000(link, pump_address=table.integer("pump_address", 0, minimum=0, maximum=99))
    return SyringePump(name=name, driver=driver, syringe=syringe)


def _zaber_ascii(name: str, link: Link, table: Table) -> Stage:
    driver = ZaberStage(
        link, device_number=table.integer("device_number", 1, minimum=1, maximum=99)
    )
    axes = {}
    for part in table.tables("axis"):
        axis_name = part.text("name")
        low_mm = part.number("minimum_mm", minimum=-_LONG_MM, maximum=_LONG_MM)
        # The names of the axes become attributes of the stage.
        if not axis_name.isidentifier() or hasattr(Stage, axis_name) or axis_name in axes:
            raise part.error(f"name {axis_name!r} is taken or is no name; x, y and z are good ones")
        axes[axis_name] = driver.add_axis(
            part.integer("number", minimum=1, maximum=9),
            name=axis_name,
            microstep_um=part.number("microstep_um", minimum=1e-6, maximum=1e3),
            limits_mm=(low_mm, part.number("maximum_mm", minimum=low_mm, maximum=_LONG_MM)),
        )
        part.finish()
    positions = {
        position: coordinates.numbers(minimum=-_LONG_MM, maximum=_LONG_MM)
        for position, coordinates in table.table("positions").items()
    }
    for position, coordinates in positions.items():
        for axis_name, position_mm in coordinates.items():
            if axis_name not in axes:
                raise table.error(
                    f"position {position!r} names axis {axis_name!r}; there is no such"
                )
            low_mm, high_mm = axes[axis_name].limits_mm
            if not low_mm <= position_mm <= high_mm:
                raise table.error(
                    f"position {position!r} is at {axis_name} = {position_mm:g} mm, outside "
                    f"{low_mm:g} to {high_mm:g} mm"
                )
    return make_stage(name=name, driver=driver, axes=axes, positions=positions)


def _thorlabs_pm100(name: str, link: Link, table: Table) -> PowerMeter:
    return PowerMeter(
        name=name,
        driver=ThorlabsPm100(link),
        wavelength_nm=float(table.integer("wavelength_nm", minimum=100, maximum=20_000)),
        averages=table.integer("averages", 1, minimum=1, maximum=3000),
        aperture_area_cm2=table.number("aperture_area_cm2", minimum=1e-6, maximum=1e3),
    )


def _ika_plate(name: str, link: Link, table: Table) -> Thermostat:
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


def _balance(name: str, driver: BalanceDriver, table: Table) -> Balance:
    return Balance(
        name=name,
        driver=driver,
        stability_timeout_s=table.number("stability_timeout_s", 10.0, minimum=0, maximum=3600),
        tare_tolerance_g=table.number("tare_tolerance_g", 0.002, minimum=0, maximum=1e3),
    )


def _mt_sics(name: str, link: Link, table: Table) -> Balance:
    return _balance(name, MtSics(link), table)


def _sartorius_sbi(name: str, link: Link, table: Table) -> Balance:
    return _balance(name, SartoriusSbi(link), table)


def _thorlabs_sc10(name: str, link: Link, table: Table) -> Shutter:
    return Shutter(name=name, driver=ThorlabsSc10(link))


def _thorlabs_fw102c(name: str, link: Link, table: Table) -> FilterWheel:
    numbers = table.table("filters").numbers(minimum=1, maximum=12)
    filters = {key: round(number) for key, number in numbers.items()}
    if filters != numbers:
        raise table.error(f"the positions of filters are whole numbers: {numbers}")
    if len(set(filters.values())) != len(filters):
        raise table.error(f"two filters have the same position: {filters}")
    return FilterWheel(
        name=name,
        driver=ThorlabsFw102c(link),
        filters=filters,
        settle_s=table.number("settle_s", 0.5, minimum=0, maximum=60),
    )


MODELS: Mapping[str, Model] = {
    "ocean-hdx": Model(
        kind=Spectrometer,
        build=_ocean_hdx,
        baud_rate=9600,
        read_termination="",
        write_termination="",
    ),
    "thorlabs-dc4100": Model(
        kind=LightSource,
        build=_thorlabs_dc4100,
        baud_rate=115_200,
        read_termination="\r\n",
        write_termination="\r\n",
    ),
    "newera-ne1000": Model(
        kind=SyringePump,
        build=_newera_ne1000,
        baud_rate=19_200,
        read_termination="\x03",
        write_termination="\r",
    ),
    "zaber-ascii": Model(
        kind=Stage,
        build=_zaber_ascii,
        baud_rate=115_200,
        read_termination="\n",
        write_termination="\n",
    ),
    "thorlabs-pm100d": Model(
        kind=PowerMeter,
        build=_thorlabs_pm100,
        baud_rate=115_200,
        read_termination="\n",
        write_termination="\n",
    ),
    "ika-plate": Model(
        kind=Thermostat,
        build=_ika_plate,
        baud_rate=9600,
        read_termination="\r\n",
        write_termination="\r\n",
    ),
    "mt-sics": Model(
        kind=Balance,
        build=_mt_sics,
        baud_rate=9600,
        read_termination="\r\n",
        write_termination="\r\n",
    ),
    "sartorius-sbi": Model(
        kind=Balance,
        build=_sartorius_sbi,
        baud_rate=9600,
        read_termination="\r\n",
        write_termination="\r\n",
    ),
    "thorlabs-sc10": Model(
        kind=Shutter,
        build=_thorlabs_sc10,
        baud_rate=9600,
        read_termination="> ",
        write_termination="\r",
    ),
    "thorlabs-fw102c": Model(
        kind=FilterWheel,
        build=_thorlabs_fw102c,
        baud_rate=115_200,
        read_termination="> ",
        write_termination="\r",
    ),
}
"""Every model by the name it has in a bench file."""


def make_device(name: str, table: Table, *, address: str) -> BenchDevice:
    """Return the device that a table describes; nothing is opened yet.

    Args:
        name: Name on the bench.
        table: Its ``[device.NAME]`` table.
        address: VISA address.

    Raises:
        ConfigurationError: Unknown model or key, or a value that makes no sense.
    """
    model_name = table.text("model")
    if model_name not in MODELS:
        raise table.error(f"unknown model {model_name!r} (known: {', '.join(sorted(MODELS))})")
    model = MODELS[model_name]
    link = Link(
        address,
        name=name,
        baud_rate=table.integer("baud_rate", model.baud_rate, minimum=300, maximum=4_000_000),
        timeout_s=table.number("timeout_s", 1.0, minimum=0.05, maximum=60),
        read_termination=model.read_termination,
        write_termination=model.write_termination,
    )
    table.text("address", "")  # may be another than the one in use
    device = model.build(name, link, table)
    table.finish()
    return device
