"""Which system calls a sandboxed process may not make: those that reach past its namespaces, or escape its limits.

A seccomp filter in classic BPF (https://docs.kernel.org/userspace-api/seccomp_filter.html). It lists what is refused:
torch, NumPy and Python use too many calls, and other ones with each version, for a list of what is allowed.
"""

import ctypes
import errno
import os

from gradstop.sandbox import system

# Its name, and its number on x86_64 and on aarch64.
_REFUSED = {
    # Memory that no limit counts.
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "io_setup": (206, 0),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    # Pages that a pipe keeps when the process has given them back.
    "vmsplice": (278, 75),
    "splice": (275, 76),
    "tee": (276, 77),
    # Into other processes.
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    # Other views of the system.
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "mount_setattr": (442, 442),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # Parts of the kernel that a student's notebook has no use for.
    "userfaultfd": (323, 282),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "personality": (135, 92),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "syslog": (103, 116),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
}
# Those that are refused where an argument has one of these values: name, number, which argument, values.
_Where = tuple[str, tuple[int, int], int, tuple[int, ...]]
_REFUSED_WHERE: tuple[_Where, ...] = (
    ("prctl", (157, 167), 0, (4, 22)),  # PR_SET_DUMPABLE, by which it hides its sizes; PR_SET_SECCOMP
    ("fcntl", (72, 25), 1, (1031,)),  # F_SETPIPE_SZ
    # SO_SNDBUF, SO_ATTACH_FILTER, SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF
    ("setsockopt", (54, 208), 2, (7, 26, 32, 33, 50, 51)),
)
# A lock on a range of a file costs memory, and nobody counts ranges. Such a lock is said to be had, and is not kept:
# SQLite works with that, and the files are one submission's own. F_SETLK, F_SETLKW; the same for open files.
_PRETENDED: _Where = ("fcntl", (72, 25), 1, (6, 7, 37, 38))
_SOCKET, _SOCKET_PAIR = (41, 198), (53, 199)
_CLONE3 = 435  # its flags lie in memory, where a filter cannot look; the C library falls back to clone(2)
_UNIX = 1
_FAMILIES = (_UNIX, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: a network namespace holds these, but not AF_VSOCK
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # the column above; AUDIT_ARCH_...
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in seccomp_data
_ALLOW, _KILL, _ASK = 0x7FFF0000, 0x80000000, 0x7FC00000


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def refuse_calls() -> int:
    """Refuse the calls above from here on, in this process and in all that come from it, with EPERM.

    Returns:
        A descriptor by which another process is asked for each socket of AF_UNIX; see ``sockets.count_sockets``.

    Raises:
        OSError: where there can be no filter, on an unknown machine too.

    """
    machine = os.uname().machine
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, f"no list of system calls for {machine}")
    code = _assemble(*_MACHINES[machine])
    return system.filter_calls(_Program(len(code), (_Instruction * len(code))(*code)))


def _assemble(column: int, architecture: int) -> list[_Instruction]:
    refuse, absent = _error(errno.EPERM), _error(errno.ENOSYS)
    code = [
        _Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        _Instruction(_EQUAL, 1, 0, architecture),
        _Instruction(_RETURN, 0, 0, _KILL),
        _Instruction(_LOAD, 0, 0, _NUMBER),
        _Instruction(_AT_LEAST, 0, 1, _X32),
        refuse,
        _Instruction(_EQUAL, 0, 1, _CLONE3),
        absent,
        _Instruction(_EQUAL, 0, 1, _SOCKET_PAIR[column]),
        _Instruction(_RETURN, 0, 0, _ASK),
    ]
    for numbers in _REFUSED.values():
        code += [_Instruction(_EQUAL, 0, 1, numbers[column]), refuse]
    for _, numbers, argument, values in _REFUSED_WHERE:
        code += _where(numbers[column], argument, dict.fromkeys(values, refuse))
    _, numbers, argument, values = _PRETENDED
    code += _where(numbers[column], argument, dict.fromkeys(values, _error(0)))
    families = {family: _Instruction(_RETURN, 0, 0, _ASK if family == _UNIX else _ALLOW) for family in _FAMILIES}
    code += _where(_SOCKET[column], 0, families, refuse)
    return [*code, _Instruction(_RETURN, 0, 0, _ALLOW)]


def _where(
    number: int, argument: int, answers: dict[int, _Instruction], other: _Instruction | None = None
) -> list[_Instruction]:
    """Answer one call by the value of an argument's lower half; the number of the call is loaded before and after."""
    body = [_Instruction(_LOAD, 0, 0, _ARGUMENTS + 8 * argument)]
    for value, answer in answers.items():
        body += [_Instruction(_EQUAL, 0, 1, value), answer]
    body.append(other or _Instruction(_LOAD, 0, 0, _NUMBER))
    return [_Instruction(_EQUAL, 0, len(body), number), *body]


def _error(number: int) -> _Instruction:
    return _Instruction(_RETURN, 0, 0, 0x00050000 | number)
