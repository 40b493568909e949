"""All Numba code: raw arrays in and out, few decisions, little allocation.

Kernels are the ground floor: they import nothing of gatesim but one another.
"""
