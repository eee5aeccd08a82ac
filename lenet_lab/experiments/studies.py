"""The grid: for each source the training runs, their seeds, and the source's own result.

A study is a list of cases; a case is a recipe with its seeds. Where a source omits a setting, the comment gives the value used here
and the reason. `theirs` is what the source reports, in its own terms.
"""

from dataclasses import dataclass

from lenet_lab.runs.recipes import RECIPES

from .grid import Trial


@dataclass(frozen=True)
class Configuration:
    """One recipe of a study: a name, the settings of `learn`, the seeds, the source's result (`theirs`).

    `row` is its name in the table of docs/results.md, or "". `alone` says that it is timed, so no other run takes place at
    the same time.
    """

    name: str
    settings: dict
    seeds: tuple = (0,)
    theirs: str = ""
    row: str = ""
    alone: bool = False


THREE, FIVE, TEN, TWENTY, THIRTY, FIFTY = (tuple(range(many)) for many in (3, 5, 10, 20, 30, 50))

# The recipes of `lenet_lab.runs.recipes` as settings; the other networks use the first one's schedule and momentum too.
DOWN = {"schedule": "warm up, then down", "mu": RECIPES["quick"].mu}
QUICK = {"network": "lenet", **DOWN, "lr": RECIPES["quick"].lr, "decay": RECIPES["quick"].decay}
FEW = {**QUICK, "images": 3000, "steps": RECIPES["small"].at_least, "decay": RECIPES["small"].decay}
HOMEWORK = {"network": "lenet", "schedule": "inverse decay", **{name: getattr(RECIPES["homework"], name)
                                                                for name in ("lr", "mu", "decay", "bias_lr_scale", "steps")}}

# COMP3314 gives its share of the course's "global learning rates", but not these rates, the momentum, the batch size, or the initial
# weights that failed. The course's program is public in other students' copies: rate 0.05 in the first two epochs, momentum 0.9,
# batches of 256, normal weights with standard deviation 0.1. These values are used here, with pixels from 0 to 1.
COMP3314 = {"network": "comp3314", "data": "mnist32"}
SUMMED = {**COMP3314, "batch_size": 256, "mu": 0.9, "summed": True, "until_loss": 0.5}
NORMAL, SMALL = {"first_weights": 0.1, "steps": 300}, {"first_weights": "lecun_1998", "steps": 1500}
MEAN = {**COMP3314, "batch_size": 64, "mu": 0.9, "lr": 0.1, "epochs": 2}
SUCCESSFUL = 3
TWENTY_EPOCHS = {"epochs": 20, "errors_every": 1}

REPORT = {"network": "report", "data": "mnist32", "mu": 0.0, "epochs": 1}

# CmpE 597 gives neither the rate nor the initial weights. NumPy's `randn` gives normal weights with standard deviation 1. Its equations
# are for one image at a time, and its training seems to have begun in that way. Every case that changes one thing gets 10,000 updates:
# ten epochs of single images, or 312 epochs of batches of 32.
CMPE597 = {"network": "cmpe597", "per_class": 100}
WILD = {**CMPE597, "first_weights": 1.0, "batch_size": 1, "mu": 0.0, "epochs": 10}
RATES = (0.1, 0.01, 0.001)

CIFAR10 = {"data": "cifar10", **DOWN, "centred": True, "mirror": True, "errors_every": 2, "inside": True}
# Two small networks as far as they go in 30 epochs: what images warped anew in each epoch bring, and what the mean of the weights brings
# (each record has the accuracy of the last weights too). Rate, decay and warp were chosen on 50,000 of the training images, by the
# accuracy on the other 10,000.
LONG = {**DOWN, "lr": 0.08, "max_grad_norm": 1.0, "average": 0.999, "epochs": 30}
WARPED = {"warp": {"turn": 7, "scale": 0.07, "shear": 0.07, "by": 1, "bend": 0.4}}
FMAN45, LENET5 = {**LONG, "network": "fman45", "decay": 1e-4}, {**LONG, "network": "report", "data": "mnist32", "decay": 2e-4}

SHORT = {"data": "cifar10", "schedule": "warm up, then down", "input_shape": [3, 32, 32], "images": 1500, "epochs": 8, "lr": 0.035, "decay": 4e-3}

STUDIES = {
    "homework": [
        Configuration("its recipe, 1/20 of MNIST", {**HOMEWORK, "images": 3000}, alone=True,
             theirs="above 97 % in less than an hour", row="LeNet, 3,000 images, the homework's recipe"),
        Configuration("its recipe, all of MNIST", HOMEWORK, alone=True,
             theirs="about 99.1 % in several hours", row="LeNet, all of MNIST, the homework's recipe"),
        Configuration("one epoch, falling rate", {**QUICK, "epochs": 1}, FIVE, alone=True,
             theirs="about 99.1 % in several hours", row="LeNet, all of MNIST, one epoch"),
        Configuration("two epochs, falling rate", {**QUICK, "epochs": 2}, FIVE, alone=True,
             theirs="about 99.1 % in several hours", row="LeNet, all of MNIST, two epochs"),
        Configuration("1/20 of MNIST, falling rate", {**FEW}, FIVE, alone=True,
             theirs="above 97 % in less than an hour", row="LeNet, 3,000 images, falling rate"),
        Configuration("1/20 of MNIST, images moved", {**FEW, "move": 1}, FIVE, alone=True,
             theirs="above 97 % in less than an hour", row="LeNet, 3,000 images, each moved by up to a pixel"),
    ],
    # What the update rule alone brings in one epoch. Its one setting, the length of a step, was chosen on 50,000 of the training images, by
    # the accuracy on the other 10,000.
    "one epoch": [
        Configuration("momentum", {**QUICK, "epochs": 1}, THIRTY),
        Configuration("filters orthogonalised", {**QUICK, "epochs": 1, "rule": "filters orthogonalised"}, THIRTY,
             theirs="about 99.1 % in several hours", row="LeNet, all of MNIST, one epoch, filters orthogonalised"),
        Configuration("two epochs, batches of 128, filters orthogonalised",
             {**QUICK, "epochs": 2, "batch_size": 128, "lr": 0.12, "rule": "filters orthogonalised"}, FIVE, alone=True,
             theirs="about 99.1 % in several hours", row="LeNet, all of MNIST, two epochs, batches of 128, filters orthogonalised"),
    ],
    # Notebook 07: what ten networks misread that differ in their seed alone.
    "ten": [Configuration("two epochs, falling rate", {**QUICK, "epochs": 2, "misread": True}, TEN)],
    "comp3314": [
        Configuration("normal weights, full rate", {**SUMMED, **NORMAL, "lr": 0.05, "steps": 60}, FIVE, theirs="NaN after 2-3 iterations"),
        Configuration("normal weights, rate x 0.03", {**SUMMED, **NORMAL, "lr": 0.05 * 0.03}, TWENTY),
        Configuration("normal weights, rate x 0.015", {**SUMMED, **NORMAL, "lr": 0.05 * 0.015}, TWENTY, theirs="about 1 of 14 learns"),
        Configuration("normal weights, rate x 0.008", {**SUMMED, **NORMAL, "lr": 0.05 * 0.008}, TWENTY),
        Configuration("weights +-2.4/n, rate x 0.015", {**SUMMED, **SMALL, "lr": 0.05 * 0.015}, TWENTY, theirs="1 of 6 or 7 learns"),
        Configuration("weights +-2.4/n, rate x 0.008", {**SUMMED, **SMALL, "lr": 0.05 * 0.008}, TWENTY, theirs="more than half learn"),
        Configuration("restart when idle, normal weights, rate x 0.015",
             {**SUMMED, **NORMAL, "lr": 0.05 * 0.015, "steps": 600, "restart_after": 60}, TWENTY),
        Configuration("restart when idle, weights +-2.4/n, rate x 0.008",
             {**SUMMED, **SMALL, "lr": 0.05 * 0.008, "restart_after": 60}, FIVE, theirs="restarts until it learns"),
        Configuration("mean loss", {**MEAN, "first_weights": 0.1}, FIVE),
        Configuration("mean loss, fan-in weights", {**MEAN, "first_weights": "lecun_uniform"}, FIVE),
        Configuration("mean loss, fan-in weights, falling rate", {**MEAN, **DOWN, "first_weights": "lecun_uniform"}, FIFTY,
             theirs="no figure; a picture of error rates", row="COMP3314's LeNet-5, repaired"),
        # A seed that learns, as in the report: "I choose one of the successful trained model (trained by global learning rate *= 0.015)".
        Configuration("twenty epochs, weights +-2.4/n, rate x 0.015", {**SUMMED, **SMALL, "until_loss": None, "steps": None, "lr": 0.05 * 0.015,
                                                              **TWENTY_EPOCHS},
             (SUCCESSFUL,), theirs="hardly better after 10 epochs, overfits a bit"),
        Configuration("twenty epochs, repaired", {**MEAN, **DOWN, "first_weights": "lecun_uniform", **TWENTY_EPOCHS}),
    ],
    "report": [
        *(Configuration(f"{'summed' if summed else 'mean'} loss, rate {lr:g}", {**REPORT, "summed": summed, "lr": lr}, THREE,
               theirs={(True, 1e-4): "the only rate that worked"}.get((summed, lr), "no learning" if summed else ""))
          for summed, rates in ((True, (1e-5, 1e-4, 1e-3, 1e-2)), (False, (1e-4, 1e-2, 1e-1))) for lr in rates),
        Configuration("falling rate, two epochs", {**REPORT, "lr": 0.1, **DOWN, "epochs": 2}, FIVE,
             theirs="no figure", row="The im2col report's LeNet-5"),
    ],
    "fman45": [
        Configuration("two epochs, falling rate", {"network": "fman45", "lr": 0.08, **DOWN, "decay": 5e-4, "epochs": 2}, FIVE,
             theirs="97.1 % (from its table 2)", row="FMAN45's network for digits"),
    ],
    "cmpe597": [
        *(Configuration(f"{name}, rate {lr:g}", {**WILD, **change, "lr": lr}, FIVE, theirs=theirs)
          for name, change, theirs in (("as it began", {}, "explodes"), ("clipping alone", {"max_grad_norm": 1.0}, "tried, did not work"),
                                       ("averaged batches of 32 alone", {"batch_size": 32, "epochs": None, "steps": 10_000}, "tried, did not work"),
                                       ("fan-in weights alone", {"first_weights": "lecun_uniform"}, "not tried"))
          for lr in RATES),
        Configuration("fan-in weights, batches of 16, falling rate", {**CMPE597, "lr": 0.02, **DOWN, "batch_size": 16, "decay": 2e-3, "epochs": 50},
             FIVE, theirs="0.686, with a shallower network", row="CmpE 597's full-size network, 1,000 images"),
        Configuration("the same, images moved", {**CMPE597, "lr": 0.02, **DOWN, "batch_size": 16, "decay": 2e-3, "epochs": 50, "move": 1},
             FIVE, theirs="0.686, with a shallower network", row="CmpE 597's full-size network, 1,000 images moved by up to a pixel"),
    ],
    "lenet5": [
        Configuration("six epochs, falling rate", {"network": "lenet5", "data": "mnist 1998", "lr": 0.1, **DOWN, "epochs": 6}, THREE,
             theirs="99.05 %", row="LeNet-5 of 1998"),
    ],
    "cifar10": [
        Configuration("baseline", {"network": "fman45", **CIFAR10, "input_shape": [3, 32, 32], "lr": 0.035, "decay": 4e-3, "epochs": 10},
             tuple(range(2)), theirs="48 %", row="FMAN45's baseline for photographs"),
        Configuration("deeper", {"network": "fman45_deeper", **CIFAR10, "first_weights": "he_uniform", "lr": 0.03, "decay": 3e-3, "move": 1,
                                 "epochs": 15}, theirs="58 %", row="FMAN45's deeper network for photographs"),
    ],
    # The training runs of notebook 10; if CIFAR-10 is missing, the notebook shows these records.
    "cifar10 short": [
        Configuration("pixels from 0 to 1", {**SHORT, "network": "fman45"}, THREE),
        Configuration("centred", {**SHORT, "network": "fman45", "centred": True, "errors_every": 2}, THREE),
        Configuration("centred, mirrored and moved", {**SHORT, "network": "fman45", "centred": True, "mirror": True, "move": 1, "errors_every": 2}),
        Configuration("no hidden layer", {**SHORT, "network": "linear", "centred": True, "lr": 0.01}),
    ],
    "small": [
        Configuration("14,682 parameters, weights averaged", FMAN45, THREE),
        Configuration("14,682 parameters, images warped, weights averaged", {**FMAN45, **WARPED}, THREE, theirs="97.1 % (from its table 2)",
             row="FMAN45's network for digits, 30 epochs, images warped, weights averaged"),
        Configuration("61,706 parameters, weights averaged", LENET5, THREE),
        Configuration("61,706 parameters, images warped, weights averaged", {**LENET5, **WARPED}, THREE, theirs="no figure",
             row="The im2col report's LeNet-5, 30 epochs, images warped, weights averaged"),
    ],
    "best": [
        Configuration("warped images, averaged weights", {"network": "lenet", **DOWN, "first_weights": "lecun_uniform", "lr": 0.06,
                                                 "decay": 5e-4, "max_grad_norm": 1.0, "average": 0.999, "epochs": 40,
                                                 "warp": {"turn": 10, "scale": 0.1, "shear": 0.1, "by": 1.5, "bend": 0.6}},
             alone=True, theirs="about 99.1 %", row="LeNet, all of MNIST, 40 epochs, images warped, weights averaged"),
    ],
}


def runs(names, smoke=False):
    """The `Trial`s of the studies with these names, as two lists: those that may run at the same time, and those that are timed.

    `smoke` is the same grid with a few steps on a few images and one seed for each case, to test that everything runs.
    """
    found = [(case.alone, Trial(name, case.name, {**case.settings, **(_few(case.settings) if smoke else {})}, seed))
             for name in names for case in STUDIES[name] for seed in (case.seeds[:1] if smoke else case.seeds)]
    return [run for alone, run in found if not alone], [run for alone, run in found if alone]


def _few(settings):
    return {"per_class": 3, "images": None, "epochs": None, "steps": 4,
            **{key: 2 for key in ("restart_after", "errors_every") if settings.get(key)}}
