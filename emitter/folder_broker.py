"""The embedded broker: kombu's filesystem transport, with messages that appear whole.

Kombu's own opens a message's file and then writes it, and a worker that looks in between takes an
empty message and dies of it (celery/kombu issue 1551). Here a message is written beside and
renamed, and belongs to the reader that removes it.
"""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

NAME = "emitter.folder_broker:Transport"


class Channel(filesystem.Channel):
    # Kombu's own two classes above this one disagree on the second name.
    def _put(  # type: ignore[override]
        self, queue: str, message: Any, **_: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        # Names sort by time: the oldest message is read first.
        name = f"{time.monotonic_ns() // 1_000_000:013d}_{uuid.uuid4()}.{queue}.msg"
        beside = folder / f".{name}.part"
        try:
            beside.write_text(dumps(message))
            beside.rename(folder / name)
        except OSError as error:
            beside.unlink(missing_ok=True)  # On a full disk it is there, and empty.
            raise ChannelError(
                f"The broker's folder {folder} cannot be written: {error}"
            ) from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        folder = Path(self.data_folder_in)
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - names are all that is wanted, often
            if name.partition(".")[2] != f"{queue}.msg":
                continue
            path = folder / name
            try:
                text = path.read_text()
                path.unlink()
            except FileNotFoundError:
                continue  # Another worker was quicker.
            return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
