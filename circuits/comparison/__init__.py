"""One matrix product on every kind of machine, gate by gate: what it takes in gates, time and energy."""

from .designs import designs, operands
from .host import HostTime, host_times
from .machine_rows import NotSimulatedError
from .network_rows import Reading, readings
from .prices import Price, prices
from .row import Row
from .sram import Sram, sram
from .systolic_rows import systolic_row

__all__ = [
    "HostTime",
    "NotSimulatedError",
    "Price",
    "Reading",
    "Row",
    "Sram",
    "designs",
    "host_times",
    "operands",
    "prices",
    "readings",
    "sram",
    "systolic_row",
]
