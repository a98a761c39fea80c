"""Balances."""

from instruments.balances.balance import Balance, BalanceDriver
from instruments.balances.weight import Weight, in_grams

__all__ = ["Balance", "BalanceDriver", "Weight", "in_grams"]
