"""Circuits as pictures: sheets laid out, drawn to files, and walked into on the screen."""
