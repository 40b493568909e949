"""Benchmarks: speed with a number, its goal beside it. ``python -m benchmarks NAME``."""
