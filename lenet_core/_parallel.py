"""Threads for the parts of a batch, one for each processor.

A large part of a training step is copying and comparing, which NumPy does on one processor. The rest is matrix products, which
the BLAS library would distribute over all processors. With one thread for each part of the batch, and single-threaded products, the
processors are busy nearly all the time. `python -m benchmarks.throughput` measures the gain.

How a batch is divided into parts does not depend on the number of threads, so neither do the sums: any number of processors gives
the same bits. A batch has a part for every 64 images; a training batch of 64 images or more has two to eight.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

_blas = ThreadpoolController()
_blas_lock = threading.RLock()      # the number of BLAS threads is a setting of the whole process: one caller at a time
THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_here = threading.local()           # `.single`: the products of this thread are single-threaded already
# The calling thread takes its share. Each worker is limited once, when it begins: OpenMP builds keep the setting per thread.
_workers = ThreadPoolExecutor(max(1, THREADS - 1), thread_name_prefix="lenet-part",
                              initializer=lambda: _blas.limit(limits=1, user_api="blas"))

# A training step needs tens of megabytes of short-lived arrays. The C library of most Linux systems returns each of them to the
# system and asks for it again, and the system clears the pages each time. It stops doing so after a block of nearly 32 MB was
# freed once (mallopt(3), "dynamic mmap threshold"). On other systems this line has no effect.
np.empty(31 << 20, np.uint8)


def map_in_threads(function: Callable[[Any], Any], parts: Sequence, threads: bool = True) -> list:
    """[function(part) for part in parts]; if `threads`, as many threads as there are processors share the parts.

    Products are always single-threaded. The number of threads that share a product changes the last bits of its sums, and the same
    seed must give the same numbers with any number of processors. So a single computation is called in the same way:
    map_in_threads(f, [x])[0].
    """
    count = min(THREADS, len(parts)) if threads else 1
    if count < 2 and getattr(_here, "single", False):
        return _in_turn(function, parts)         # a call within a call: to limit them again would take longer than the call
    with _blas_lock, _blas.limit(limits=1, user_api="blas"):
        if count < 2:
            _here.single = True
            try:
                return _in_turn(function, parts)
            finally:
                _here.single = False
        others = [_workers.submit(_in_turn, function, parts[n::count]) for n in range(1, count)]
        try:
            first = _in_turn(function, parts[0::count])
        finally:
            for other in others:
                other.exception()                # after an error too, wait until all parts have ended
    results: list = [None] * len(parts)
    for n, share in enumerate([first, *(other.result() for other in others)]):
        results[n::count] = share
    return results


def _in_turn(function: Callable[[Any], Any], parts: Sequence) -> list:
    with np.errstate(all="ignore"):                  # `train` reports a diverging network; no warnings
        return [function(part) for part in parts]
