"""The circuit library: functions over buses, each with its integer model beside it."""

from .catalog import CATALOG, Circuit, catalog, circuit, find

__all__ = ["CATALOG", "Circuit", "catalog", "circuit", "find"]
