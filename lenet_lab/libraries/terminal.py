"""`lenet export`: a network as a file for another program, and back."""

import argparse
import sys
from pathlib import Path

from lenet_core._files import in_a_sentence

from . import files

ABOUT = """\
Write a network for another program, or read one that comes from there.

  lenet export net.npz --to pytorch        net.py, the layers in PyTorch, and net.safetensors, the weights
  lenet export net.npz --to onnx           net.onnx, for programs that run networks
  lenet export net.npz --to safetensors    net.safetensors, the weights under PyTorch's names
  lenet export net.onnx --to npz --out back.npz
                                           back: from .onnx or .safetensors to a file that Net.load reads
"""


def main(arguments=None):
    """`lenet export`; returns the exit status."""
    ask = argparse.ArgumentParser(prog="lenet export", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("network", type=Path, metavar="FILE", help="a network: .npz (also of `lenet train --save`), .safetensors or .onnx")
    ask.add_argument("--to", required=True, choices=files.KINDS, help="what to write")
    ask.add_argument("--out", type=Path, metavar="FILE", help="the file to write, with the ending of the format (default: FILE with that ending)")
    ask.add_argument("--like", type=Path, metavar="NET.npz",
                     help="a network with the same layers, of the same names, for a .safetensors file that PyTorch wrote: it has weights only")
    ask.add_argument("--force", action="store_true", help="replace files that are there already, but never FILE or NET.npz")
    args = ask.parse_args(arguments)
    try:
        out = args.out or args.network.with_suffix(files.KINDS[args.to])
        net = files.read(args.network, files.read(args.like) if args.like else None)
        there = [path for path in files.paths(out, args.to) if path.exists()]
        read = [path for path in there for source in (args.network, args.like) if source and path.samefile(source)]
        if read:
            raise ValueError(f"{read[0]} is what the network is read from, and is not replaced. Name another file with --out.")
        if there and not args.force:
            raise ValueError(f"{there[0]} is there already. Name another file with --out, or replace it with --force.")
        for path in files.write(net, out, args.to):
            print(f"written: {path}")
    except (ValueError, OSError, ImportError) as error:
        print(f"{ask.prog}: {in_a_sentence(error)}", file=sys.stderr)
        return 1
    return 0
