"""Sartorius balances with the SBI command set."""

from instruments.balances.sartorius_sbi.driver import SartoriusSbi

__all__ = ["SartoriusSbi"]
