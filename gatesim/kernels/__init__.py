"""All Numba code. Each file is self-contained, takes raw arrays, decides and allocates little.

Kernels are the ground floor: they import nothing of gatesim, so Numba's on-disk cache (which does not
notice an edit in another file) can be trusted.
"""
