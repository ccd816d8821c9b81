"""Ctrl-C during a training: heard between two calls of compiled code, so that what was learnt is kept whole."""

from __future__ import annotations

import signal
import threading
import warnings
from types import FrameType, TracebackType
from typing import Any


class Interruption:
    """Within the `with` block Ctrl-C sets `came`; after it a warning tells that the training ended early.

    A second Ctrl-C leaves whatever keeps the block from looking, such as batches that do not come.

    A KeyboardInterrupt that comes about otherwise, out of a callback or under another handler of signals, ends the
    block in the same way.
    """

    came = False

    def __enter__(self) -> Interruption:
        self._handler: Any = None
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._handler = signal.signal(signal.SIGINT, self._hear)
        return self

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.came:
            raise KeyboardInterrupt
        self.came = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if self._handler is not None:
            signal.signal(signal.SIGINT, self._handler)
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.came |= interrupted
        if self.came:
            warnings.warn("training was interrupted; what was learnt so far is kept", stacklevel=2)
        return interrupted
