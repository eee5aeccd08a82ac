"""One copy of MNIST and CIFAR-10 for all users of a machine: `lenet data FOLDER`, then LENET_DATA=FOLDER.

It is for a server on which many students work at the same time. All kernels map the same files into memory, so the images are in the
machine's memory only once (`lenet_core.data.write_shared`).
"""

import argparse
import shlex
import sys
from pathlib import Path

from lenet_core._files import mode
from lenet_core.data import DataError, load_cifar10, load_mnist, understood, write_shared


def main(arguments=None):
    """`lenet data`: write the shared arrays; returns the exit status."""
    ask = argparse.ArgumentParser(prog="lenet data",
                                  description="Write the images as arrays that all kernels of a machine share. Existing files are kept.")
    ask.add_argument("folder", type=Path, help="the folder to write to; every student must be able to read it")
    ask.add_argument("--data", metavar="FOLDER", help="folder with MNIST (and CIFAR-10) now (else LENET_DATA, the cache, a download)")
    ask.add_argument("--cifar10", action="store_true", help="CIFAR-10 as well, for notebook 10")
    args = ask.parse_args(arguments)
    folder, refused = understood(args.folder), None
    try:
        for kind, load in {"mnist": load_mnist, **({"cifar10": load_cifar10} if args.cifar10 else {})}.items():
            place = folder / kind
            if not mode(place):
                write_shared(load(args.data), place)
            print(f"{load(place)}, {sum(file.stat().st_size for file in place.iterdir()) / 1e6:,.0f} MB")
    except DataError as error:
        refused = error
    except OSError as error:
        refused = f"{error.filename or folder} cannot be used ({error.strerror or error}). Name one that you may read and write."
    if refused:
        print(f"{ask.prog}: {refused}", file=sys.stderr)
        return 1
    print(f"\nSet this for every student's kernel:\nexport LENET_DATA={shlex.quote(str(folder))}")
    return 0
