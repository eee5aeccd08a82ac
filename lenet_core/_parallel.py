"""Two threads for the two halves of a batch.

Much of the time of a training step goes into copying and comparing, which NumPy does on one processor; the rest into
matrix products, which the BLAS library spreads over all of them. Giving each half of the batch a thread of its own,
with single-threaded products, keeps two processors busy throughout (`python -m benchmarks.throughput` shows by how much).
"""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import ThreadpoolController

_blas = ThreadpoolController()
_one_caller = threading.RLock()     # how many threads the BLAS library uses is a setting of the whole process: one user at a time
_worker = ThreadPoolExecutor(1, thread_name_prefix="lenet-second-half")

# A training step needs tens of megabytes of short-lived arrays. The C library of most Linux systems hands every one of them
# back to the system and asks for it again, and the system clears the pages each time. It stops doing so once it has seen a
# block of nearly 32 MB come and go (mallopt(3), "dynamic mmap threshold"). Elsewhere this line does nothing.
np.empty(31 << 20, np.uint8)


def map_in_threads(function, parts, threads=True):
    """[function(part) for part in parts], with every second part on a second thread when `threads`.

    Products are single-threaded either way: how many threads share a product changes the last bits of its sums, and the
    same seed is to give the same numbers whatever else the process does.
    """
    with _one_caller, _blas.limit(limits=1, user_api="blas"):
        if len(parts) < 2 or not threads:
            return _in_turn(function, parts)
        second = _worker.submit(_on_the_worker, function, parts[1::2])
        try:
            first = _in_turn(function, parts[0::2])
        finally:
            second.exception()                   # whatever happened here, do not leave while the other half still runs
    results = [None] * len(parts)
    results[0::2], results[1::2] = first, second.result()
    return results


def _on_the_worker(function, parts):
    with _blas.limit(limits=1, user_api="blas"):     # OpenMP builds of the library keep the setting per thread
        return _in_turn(function, parts)


def _in_turn(function, parts):
    with np.errstate(all="ignore"):                  # a diverging network is reported in a sentence, not in warnings
        return [function(part) for part in parts]
