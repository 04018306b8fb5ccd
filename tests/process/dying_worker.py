"""A worker whose socket thread dies of an error that nobody foresaw, with the first answer.

`python -m tests.process.dying_worker`
"""

from __future__ import annotations

import os

from emitter import lifeline
from webhooks import transport


def fail(*_: object, **__: object) -> None:
    raise MemoryError("of the test")


if __name__ == "__main__":
    transport.Transport._finish = fail  # type: ignore[method-assign]
    celery = ["celery", "--quiet", "--app=emitter", "worker", "--hostname=dying@%h"]
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"]
    lifeline.run(int(os.environ["EMITTER_UP_PID"]), *celery, *alone)
