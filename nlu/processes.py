"""Work done in another process that shares what this one has loaded, and ends with it."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import traceback
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional, Sequence, Text, TypeVar

from threadpoolctl import threadpool_limits

Given = TypeVar("Given")
Result = TypeVar("Result")

# How many do a thing together.
WORKERS = os.cpu_count() or 1
# A process made by `fork` has the model in memory at once; a new one would load Rasa again.
_FORK = multiprocessing.get_context("fork")
# prctl(2): the signal that a process gets when its parent is gone.
_PARENT_DEATH_SIGNAL = 1


class Failed(RuntimeError):
    """What the other process raised, or that it was killed."""


class Working:
    """Work that is being done in another process."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._ours, theirs = _FORK.Pipe(duplex=False)
        self._process = _FORK.Process(target=_do, args=(work, theirs, os.getpid()), daemon=True)
        self._process.start()
        theirs.close()
        self._answer: Optional[Any] = None

    def result(self) -> Any:
        """Waits for it. Raises `Failed`."""
        if self._answer is None:
            try:
                self._answer = self._ours.recv()
            except EOFError:
                self._process.join()
                self._answer = (False, f"ended with code {self._process.exitcode}")
        done, found = self._answer
        if not done:
            raise Failed(found)
        return found

    def failure(self) -> Text:
        """Waits for it; what went wrong, empty when nothing did."""
        try:
            self.result()
        except Failed as problem:
            return str(problem)
        return ""

    def end(self) -> None:
        """Ends it where it stands."""
        self._process.kill()
        self._process.join()
        self._ours.close()


def _do(work: Callable[[], Any], pipe: Any, parent: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:  # it went before it could be told
        return
    try:
        pipe.send((True, work()))
    except Exception as error:
        traceback.print_exc()
        pipe.send((False, str(error) or type(error).__name__))


def _on_one_core(work: Callable[[Given], Result], part: Given) -> Result:
    """Matrices are multiplied by as many threads as there are cores, which others of us need."""
    with threadpool_limits(1):
        return work(part)


@contextmanager
def in_another_process(work: Callable[[], Any]) -> Iterator[Working]:
    """Has something done meanwhile; what is not done at the end is ended."""
    working = Working(work)
    try:
        yield working
    finally:
        working.end()


def share_out(work: Callable[[Given], Result], given: Sequence[Given]) -> List[Result]:
    """What `work` makes of each, a process for each.

    Raises:
        Failed: one of them did.
    """
    workings = [Working(lambda part=part: _on_one_core(work, part)) for part in given]
    try:
        return [working.result() for working in workings]
    finally:
        for working in workings:
            working.end()
