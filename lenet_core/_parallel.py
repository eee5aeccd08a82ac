"""Two threads for the two halves of a batch.

A large part of a training step is copying and comparing, which NumPy does on one processor. The rest is matrix products, which
the BLAS library would distribute over all processors. With one thread for each half of the batch, and single-threaded products, two
processors are busy nearly all the time. `python -m benchmarks.throughput` measures the gain.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

_blas = ThreadpoolController()
_blas_lock = threading.RLock()      # the number of BLAS threads is a setting of the whole process: one caller at a time
_worker = ThreadPoolExecutor(1, thread_name_prefix="lenet-second-half")

# A training step needs tens of megabytes of short-lived arrays. The C library of most Linux systems returns each of them to the
# system and asks for it again, and the system clears the pages each time. It stops doing so after a block of nearly 32 MB was
# freed once (mallopt(3), "dynamic mmap threshold"). On other systems this line has no effect.
np.empty(31 << 20, np.uint8)


def map_in_threads(function: Callable[[Any], Any], parts: Sequence, threads: bool = True) -> list:
    """[function(part) for part in parts]; if `threads`, a second thread computes every second part.

    Products are always single-threaded. The number of threads that share a product changes the last bits of its sums, and the
    same seed must always give the same numbers. So a single computation is called in the same way: map_in_threads(f, [x])[0].
    """
    with _blas_lock, _blas.limit(limits=1, user_api="blas"):
        if len(parts) < 2 or not threads:
            return _in_turn(function, parts)
        second = _worker.submit(_on_the_worker, function, parts[1::2])
        try:
            first = _in_turn(function, parts[0::2])
        finally:
            second.exception()                   # after an error too, wait until the other half has ended
    results: list = [None] * len(parts)
    results[0::2], results[1::2] = first, second.result()
    return results


def _on_the_worker(function: Callable[[Any], Any], parts: Sequence) -> list:
    with _blas.limit(limits=1, user_api="blas"):     # OpenMP builds of the library keep the setting per thread
        return _in_turn(function, parts)


def _in_turn(function: Callable[[Any], Any], parts: Sequence) -> list:
    with np.errstate(all="ignore"):                  # `train` reports a diverging network; no warnings
        return [function(part) for part in parts]
