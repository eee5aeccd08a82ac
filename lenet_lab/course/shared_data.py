"""MNIST and CIFAR-10 once for everybody on a machine: `lenet data FOLDER`, then LENET_DATA=FOLDER.

For a server on which many students work at once. What it writes is mapped into the memory of every kernel and lies in the
machine's memory once (`lenet_core.data.write_shared`).
"""

import argparse
import shlex
import sys
from pathlib import Path

from lenet_core._files import mode
from lenet_core.data import DataError, load_cifar10, load_mnist, write_shared


def main(arguments=None):
    ask = argparse.ArgumentParser(prog="lenet data",
                                  description="Write the images as arrays that all kernels of a machine share; what is there stays.")
    ask.add_argument("folder", type=Path, help="where to; every student must be able to read it")
    ask.add_argument("--data", metavar="FOLDER", help="where MNIST (and CIFAR-10) lie now (else LENET_DATA, the cache, a download)")
    ask.add_argument("--cifar10", action="store_true", help="CIFAR-10 as well, for notebook 10")
    args = ask.parse_args(arguments)
    folder, refused = args.folder.absolute(), None
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
    print(f"\nTo be set for every student's kernel:\nexport LENET_DATA={shlex.quote(str(folder))}")
    return 0
