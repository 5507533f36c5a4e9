"""What the warm process does so that its forks copy little."""

import os
import subprocess
import sys

import pytest


def printed(code, **environment):
    words, environment = [sys.executable, "-c", code], {**os.environ, **environment}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return [int(number) for number in done.stdout.split()]


@pytest.mark.parametrize("size", [16, 32, 48, 112, 512])
def test_what_lies_free_among_small_objects_is_taken(size):
    code = f"""
from gradstop.forkserver import prefork
made = [object() if {size} == 16 else 0.5 * number if {size} == 32 else bytes({size} - 33) for number in range(9000)]
places = set(map(id, made[::3]))
del made[::3]
prefork.take_free_blocks()
print(len(places), len(places & set(map(id, prefork._taken))))
"""
    free, taken = printed(code)
    assert free == 3000
    assert taken >= 2500


@pytest.mark.parametrize("allocator", ["malloc", "pymalloc_debug"])
def test_another_allocator_of_python_s_has_no_such_blocks_and_is_left_alone(allocator):
    code = """
from gradstop.forkserver import prefork
prefork.take_free_blocks()
print(len(prefork._taken), prefork._MOST_FREE)
"""
    taken, most = printed(code, PYTHONMALLOC=allocator)
    assert taken <= most


def test_what_lies_free_on_the_heap_is_taken():
    code = """
import ctypes
from gradstop.forkserver import prefork
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = prefork._MallocInfo
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def free():
    told = libc.mallinfo2()
    return told.fordblks - told.keepcost
chunks = [libc.malloc(700 + number % 900) for number in range(3000)]
for chunk in chunks[::3]:
    libc.free(chunk)
before = free()
prefork.take_free_chunks()
print(before, free())
"""
    before, after = printed(code)
    assert before > 500_000
    assert after < before / 50


def test_another_c_library_costs_no_warmth():
    code = """
from gradstop.forkserver import prefork
prefork.ctypes.CDLL = lambda _: object()
prefork.spare_the_forks()
print(1)
"""
    assert printed(code) == [1]
