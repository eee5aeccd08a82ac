"""Two threads for the two halves of a batch.

Half of the time of a training step goes into copying and comparing, which NumPy does on one processor; the other half
into matrix products, which the BLAS library spreads over all of them. Giving each half of the batch a thread of its own,
with single-threaded products, keeps two processors busy throughout (`python -m benchmarks.throughput` shows by how much).
"""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import ThreadpoolController

_controller = ThreadpoolController()
_lock = threading.Lock()
_users = 0                                        # how many calls want single-threaded products at this moment
_worker = ThreadPoolExecutor(1, thread_name_prefix="lenet-second-half")

# A training step needs some 40 MB of short-lived arrays. The C library of most Linux systems hands every one of them back
# to the system and asks for it again, and the pages are cleared each time: a third of a step. It stops doing so once it
# has seen a block of nearly 32 MB come and go (mallopt(3), "dynamic mmap threshold"). Elsewhere this line does nothing.
np.empty(31 << 20, np.uint8)


def in_parts(function, parts, threads=True):
    """[function(part) for part in parts], with every second part on a second thread when `threads`."""
    if len(parts) < 2 or not threads:
        with np.errstate(all="ignore"):           # a diverging network is reported in a sentence, not in warnings
            return [function(part) for part in parts]
    with _single_threaded_products():
        second = _worker.submit(in_parts, function, parts[1::2], threads=False)
        try:
            first = in_parts(function, parts[0::2], threads=False)
        finally:
            second.exception()                    # whatever happened here, do not leave while the other half still runs
    results = [None] * len(parts)
    results[0::2], results[1::2] = first, second.result()
    return results


@contextlib.contextmanager
def _single_threaded_products():
    """The BLAS library on one thread while at least one caller is inside; the setting is the whole process's."""
    global _users, _limit
    with _lock:
        _users += 1
        if _users == 1:
            _limit = _controller.limit(limits=1, user_api="blas")
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                _limit.restore_original_limits()
