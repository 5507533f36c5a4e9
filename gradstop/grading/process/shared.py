"""The warm processes that this one uses: one for each set of rules, kept until it ends."""

import atexit
import threading

from gradstop.grading.process.warm_process import WarmProcess
from gradstop.grading.rules import Rules

_warm_processes: dict[Rules, WarmProcess] = {}
_lock = threading.Lock()


def warm_process_for(rules: Rules) -> WarmProcess:
    """Return this process's warm process for these rules; it stays."""
    with _lock:  # a cluster's worker may have several threads
        if rules not in _warm_processes:
            _warm_processes[rules] = WarmProcess(rules)
            _warm_processes[rules].wait_until_warm()
        return _warm_processes[rules]


def share_warm_process(warm_process: WarmProcess) -> None:
    """Let this process use a warm process that the one it was forked from has started."""
    _warm_processes[warm_process.rules] = warm_process


def close_warm_processes() -> None:
    """End this process's warm processes."""
    while _warm_processes:
        _warm_processes.popitem()[1].close()


atexit.register(close_warm_processes)
