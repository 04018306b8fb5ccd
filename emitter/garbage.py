"""Less garbage collection in processes that live long.

What a process has once it is ready, 200,000 objects of code and settings, stays until its end. A
full collection that looks at all of it holds every thread up for 40 ms, in a worker in the middle
of its deliveries; and Python begins one of the small ones after every 700 new objects, a few
requests' worth.
"""

from __future__ import annotations

import gc
from typing import Final

NEW_OBJECTS: Final = 10_000


def settle() -> None:
    """Call this once in a process that is ready: what is there now is looked at no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
