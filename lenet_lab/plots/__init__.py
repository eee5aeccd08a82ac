"""One function per figure: from arrays to matplotlib axes; `show` displays a figure in a notebook, with its text alternative.

The title of a figure of data names the data set. Images are grey, signed numbers are blue, white and red. Lines differ by their dashes
as well as by their colours (`lenet.mplstyle`). A layer has the same colour in all figures (`layer_colours`).
"""

from .base import NARROW, SIGNED, WIDE, layer_colours, png, show, styled
from .checking import pieces, slope_errors, ties
from .cifar import colour_kernels, learning_curves, photographs
from .descent import descents, loss_curves, schedules, valley
from .inside import drawn_digit, layer_kernels, layer_maps, recording, side_by_side
from .layers import batch_as_columns, feature_maps, reached, stacks, windows_as_columns, zeros_between
from .lessons import syllabus
from .networks import connections, diagnostics, errors_by_epoch, spreads
from .relus import along, corners, fitted, functions, kinks, lines, planes
from .speed import layer_times, rounding, speeds
from .toy import tangents, worked_pass
from .training import confusions, counted_confusions, counted_mistakes, digits, error_curves, frequent_mistakes, losses

__all__ = ["NARROW", "SIGNED", "WIDE", "along", "batch_as_columns", "colour_kernels", "confusions", "connections", "corners",
           "counted_confusions", "counted_mistakes", "descents", "diagnostics", "digits", "drawn_digit", "error_curves", "errors_by_epoch",
           "feature_maps", "fitted", "frequent_mistakes", "functions", "kinks", "layer_colours", "layer_kernels", "layer_maps",
           "layer_times", "learning_curves", "lines", "loss_curves", "losses", "photographs", "pieces", "planes", "png", "reached",
           "recording", "rounding", "schedules", "show", "side_by_side", "slope_errors", "speeds", "spreads", "stacks", "styled",
           "syllabus", "tangents", "ties", "valley", "windows_as_columns", "worked_pass", "zeros_between"]
