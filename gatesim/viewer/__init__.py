"""Circuits as pictures: sheets laid out, drawn to files, and walked into on the screen."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame would greet on the standard output
