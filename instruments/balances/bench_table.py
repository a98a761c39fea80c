"""What every balance takes from its table."""

from instruments.balances.balance import Balance, BalanceDriver
from instruments.bench_file import Table


def make_balance(name: str, driver: BalanceDriver, table: Table) -> Balance:
    """Return a balance with the settings that all of them share.

    Args:
        name: Name on the bench.
        driver: Speaks to it.
        table: Its table in the bench file.

    Raises:
        ConfigurationError: A value that makes no sense.
    """
    return Balance(
        name=name,
        driver=driver,
        stability_timeout_s=table.number("stability_timeout_s", 10.0, minimum=0, maximum=3600),
        tare_tolerance_g=table.number("tare_tolerance_g", 0.002, minimum=0, maximum=1e3),
    )
