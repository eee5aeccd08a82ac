"""Results printed in the sources that are compared with ours in more than one place."""

from typing import NamedTuple


class Scores(NamedTuple):
    """Precision and recall of each class."""

    precision: tuple
    recall: tuple


# LeCun et al. 1998, section II.B: the trainable parameters of each layer, C1 to F6, under the names of `lenet_lab.networks.lenet5`.
LENET5_PARAMETERS = {"conv1": 156, "sub2": 12, "conv3": 1_516, "sub4": 32, "conv5": 48_120, "ip6": 10_164}

# FMAN45 report, table 2, corrected: the names of its two rows are exchanged, and so are 0 and 1 in its upper row. Only with these
# corrections is every recall a whole number of test images, and only then do the answers add up to 10,000
# (notebooks/sources_err_or_disagree).
FMAN45_DIGITS = Scores(
    recall=(0.9908, 0.9938, 0.9302, 0.9663, 0.9684, 0.9955, 0.9551, 0.9708, 0.9559, 0.9832),
    precision=(0.9700, 0.9852, 0.9917, 0.9869, 0.9917, 0.9193, 0.9956, 0.9371, 0.9936, 0.9439))
