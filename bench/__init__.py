"""Figures, printed and never asserted: `./run bench NAME`."""
