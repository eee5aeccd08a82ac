"""Train and test LeNet from a terminal: `lenet train --help`. It prints the same lines as the homework's test script."""

import argparse
import itertools
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lenet_core._files import in_a_sentence
from lenet_core.data import load_mnist
from lenet_core.models import lenet
from lenet_core.training import Diverged, TrainingState, error_rate, load_checkpoint, minibatches, save_checkpoint

from .recipes import RECIPES

SUBSET = 3000                   # 1/20 of MNIST, the homework's small set
REPORT_EVERY, TEST_EVERY = 100, 500        # steps between two lines with the cost, between two tests, as in the homework's script
MOST = 10 ** 9                  # images, epochs or steps: a larger number is a typing error


def main(arguments=None):
    """`lenet train`: train and test LeNet; returns the exit status, 130 after Ctrl-C."""
    ask = argparse.ArgumentParser(prog="lenet train", description="Train LeNet on MNIST with NumPy, and test it.")
    ask.add_argument("--data", metavar="FOLDER", help="folder with MNIST (else LENET_DATA, the cache, a download, small digits)")
    ask.add_argument("--subset", type=int, metavar="N", nargs="?", const=SUBSET,
                     help=f"train on N images only; without N on {SUBSET:,}, the homework's 1/20")
    ask.add_argument("--recipe", choices=RECIPES, help="learning rate, momentum, decay (default: quick, with --subset small)")
    length = ask.add_mutually_exclusive_group()
    length.add_argument("--epochs", type=float, help="number of epochs (default: the recipe's)")
    length.add_argument("--steps", type=int, help="number of batches to train on (default: the recipe's)")
    ask.add_argument("--seed", type=int, help="default: 0. The same seed gives the same numbers, to the last bit, on processors of one "
                     "kind; other kinds add in another order, so the last digits differ, and more with every step")
    ask.add_argument("--save", type=Path, metavar="FILE", help="save the run in FILE (.npz) at every test, and at the end")
    ask.add_argument("--resume", type=Path, metavar="FILE", help="continue a run saved by --save, on the same data")
    args = ask.parse_args(arguments)
    for name in ("subset", "epochs", "steps"):
        value = getattr(args, name)
        if value is not None and not 0 < value <= MOST:                     # also false for NaN
            ask.error(f"--{name} must be greater than 0 and at most {MOST:,}, and is {value}.")
    if args.seed is not None and args.seed < 0:
        ask.error(f"--seed must be 0 or greater, and is {args.seed}.")
    if args.resume and any(value is not None for value in (args.subset, args.recipe, args.epochs, args.steps, args.seed)):
        ask.error("--resume continues with the run's own recipe, data, length and random numbers; "
                  "leave --subset, --recipe, --epochs, --steps and --seed out.")
    if args.save and not (os.path.isdir(args.save.parent) and os.access(args.save.parent, os.W_OK | os.X_OK)):
        ask.error(f"--save: there is no folder {args.save.parent} that you may write to. Make it first, or name another.")
    try:
        return run(args)
    except (Diverged, ValueError, OSError) as error:
        print(f"{ask.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:                   # while the data are read, or a second Ctrl-C
        print(f"\n{ask.prog}: stopped", file=sys.stderr)
        return 130


def run(args):
    """Train as the parsed arguments say; returns the exit status. Raises `Diverged`, ValueError or OSError with a sentence."""
    kept = load_checkpoint(args.resume) if args.resume else None
    notes = (_checked_notes(kept, args.resume) if kept else
             {"recipe": args.recipe or ("small" if args.subset else "quick"), "subset": args.subset})
    data = load_mnist(args.data)
    print(data)
    if notes["subset"]:
        data = data.subset(notes["subset"])
        print(f"training on {len(data.train_x):,} of them")
    recipe = RECIPES[notes["recipe"]]
    rng = np.random.default_rng(args.seed or 0)
    net, state = (kept.net, kept.state) if kept else (lenet(rng), TrainingState())
    batches = minibatches(data.train_x, data.train_y, recipe.batch_size, rng)
    if kept:
        batches.state = kept.data_state
    total = notes.setdefault("steps", recipe.length(batches.per_epoch, args.epochs, args.steps))
    keep_every = min(batches.per_epoch, TEST_EVERY)

    def keep():
        if args.save:
            save_checkpoint(args.save, net, batches, state, notes)

    started, interrupted = time.monotonic(), False

    def interrupt(*_):                          # finish the step first, so that a consistent state is saved
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, before)    # a second Ctrl-C ends the program at once

    before = signal.signal(signal.SIGINT, interrupt)
    steps = itertools.islice(recipe.start(net, batches, total, state), total - state.steps)
    with tqdm(total=total, initial=state.steps, unit="step", disable=None) as bar:
        for step in steps:
            bar.update()
            if state.steps % REPORT_EVERY == 0 or state.steps == total:
                bar.write(f"cost = {step.loss:.6f} training_percent = {step.accuracy:.6f}", file=sys.stdout)
            if state.steps % TEST_EVERY == 0 and state.steps < total:
                bar.write(f"\ntest accuracy: {1 - error_rate(net, data.test_x, data.test_y):.6f}\n", file=sys.stdout)
            if state.steps % keep_every == 0 and state.steps < total:
                keep()
            if interrupted:
                break
    signal.signal(signal.SIGINT, before)
    keep()
    if interrupted:
        print(f"\nstopped after {state.steps} of {total} steps" + (f"; continue with --resume {args.save}" if args.save else ""))
    accuracy = 1 - error_rate(net, data.test_x, data.test_y)
    print(f"\ntest accuracy: {accuracy:.6f} on {data.name} after {state.steps} steps, {time.monotonic() - started:.1f} s")
    return 130 if interrupted else 0


def _checked_notes(kept, path):
    """The notes of a saved run: "recipe" (a key of RECIPES), "subset" (images or None), "steps" (its length).

    Raises ValueError if one of them is missing or has an impossible value.
    """
    right = {
        "recipe": lambda name: name in [*RECIPES],                          # a damaged note may be a list, which cannot be hashed
        "subset": lambda n: n is None or type(n) is int and 0 < n <= MOST,
        "steps": lambda n: type(n) is int and max(1, kept.state.steps) <= n <= sys.maxsize,
    }
    for name, is_right in right.items():
        if name not in kept.notes or not is_right(kept.notes[name]):
            noted = f"its note of the {name} is {kept.notes[name]!r:.50}" if name in kept.notes else f"it has no note of the {name}"
            raise ValueError(f"{path} was not written by `lenet train --save`, or is damaged: {noted}. "
                             "Train anew with --save, or continue with it in Python, where load_checkpoint reads it.")
    return dict(kept.notes)
