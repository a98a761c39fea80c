"""Alicat MC in a bench file."""

from instruments.bench_file import Table
from instruments.gas.alicat.driver import KPA_PER_UNIT, SCCM_PER_UNIT, AlicatMc
from instruments.gas.gas_flow import GasFlow
from instruments.links import Link
from instruments.model import Model

_TOLERANCE = 0.02  # of the full scale: ten times what the controller specifies


def _choice(table: Table, key: str, default: str, choices: dict[str, float]) -> str:
    value = table.text(key, default)
    if value not in choices:
        raise table.error(f"{key} must be one of {', '.join(choices)}, got {value!r}")
    return value


def _build(name: str, link: Link, table: Table) -> GasFlow:
    unit_id = table.text("unit_id", "A")
    if len(unit_id) != 1 or not "A" <= unit_id <= "Z":
        raise table.error(f"unit_id must be a letter A to Z, got {unit_id!r}")
    driver = AlicatMc(
        link,
        unit_id=unit_id,
        full_scale=table.number("full_scale", minimum=0.01, maximum=5000),
        flow_unit=_choice(table, "flow_unit", "sccm", SCCM_PER_UNIT),
        pressure_unit=_choice(table, "pressure_unit", "psia", KPA_PER_UNIT),
        decimals=table.integer("decimals", 2, minimum=0, maximum=4),
    )
    full_sccm = driver.full_scale_sccm
    return GasFlow(
        name=name,
        driver=driver,
        gas=table.text("gas"),
        limit_sccm=table.number("limit_sccm", full_sccm, minimum=0, maximum=full_sccm),
        vapour=table.text("vapour", ""),
        saturation=table.number("saturation", 0.0, minimum=0, maximum=1),
        tolerance_sccm=table.number(
            "tolerance_sccm", _TOLERANCE * full_sccm, minimum=0, maximum=full_sccm
        ),
        settle_timeout_s=table.number("settle_timeout_s", 10.0, minimum=0.5, maximum=600),
    )


MODEL = Model(
    kind=GasFlow,
    build=_build,
    baud_rate=19_200,
    read_termination="\r",
    write_termination="\r",
)
