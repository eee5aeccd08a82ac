"""The networks of all five sources and the LeNet-5 of 1998, by name; importing this registers the operations of the latter.

`NETWORKS[name](rng)` makes a network. The docstring of each function gives its source and its number of parameters.
"""

from lenet_core.models import lenet
from lenet_lab.networks.lenet5_1998 import C3_TABLE, lenet5
from lenet_lab.networks.sources import cmpe597, comp3314, fman45, fman45_deeper, linear, report

NETWORKS = {function.__name__: function for function in (linear, lenet, comp3314, report, fman45, fman45_deeper, cmpe597, lenet5)}

__all__ = ["C3_TABLE", "NETWORKS", *NETWORKS]
