"""Computers built from gates, and what runs programs on them."""
