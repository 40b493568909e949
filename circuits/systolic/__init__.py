"""Systolic arrays of int8 multiply-accumulate cells: weight- and output-stationary, of any size."""

from .array import Product, SystolicArray, int8_operands
from .cells import double_buffered_cell, output_stationary_cell, weight_stationary_cell
from .output_stage import output_stage, requantise_columns
from .plan import Plan

__all__ = [
    "Plan",
    "Product",
    "SystolicArray",
    "double_buffered_cell",
    "int8_operands",
    "output_stage",
    "output_stationary_cell",
    "requantise_columns",
    "weight_stationary_cell",
]
