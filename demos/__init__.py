"""The slides made runnable: the tour and what it shows."""
