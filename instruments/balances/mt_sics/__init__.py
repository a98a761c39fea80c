"""Mettler Toledo balances with the MT-SICS command set."""

from instruments.balances.mt_sics.driver import MtSics

__all__ = ["MtSics"]
