"""Gas flow controllers."""

from instruments.gas.gas_flow import FlowReading, GasFlow, GasFlowDriver

__all__ = ["FlowReading", "GasFlow", "GasFlowDriver"]
