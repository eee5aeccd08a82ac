"""Widgets of the notebooks: training panel, digits to draw, a look inside, time travel, linear regions, the toy network."""
