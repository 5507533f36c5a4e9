"""What is observed is not a matter of rounding.

A recording is made on one processor and compared on others, whose kernels sum in another order and compute ``exp`` by
another series: the last bits differ. The tolerance is meant for that, but a case can magnify a last bit past every
tolerance (an AdamW step on a gradient that is zero but for its rounding, the cosine of a large number, whether two
numbers are equal). Such a case refuses right answers, on other processors alone, where no other test looks.

So each answer is observed twice: with this processor's kernels and with older ones, in a process of their own; and
with results as kernels round them and moved by a random last bit at each operation, which is worse than any processor.
A test is given GRADSTOP_SEEDS seeds for each solution (weekly: 50).
"""

import json
import os
import random
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

sys.path.insert(0, str(Path(__file__).parents[1]))  # this file is also run by itself, see ``elsewhere``
from support.course import BENCHES, exercises

from gradstop.compare import compare
from gradstop.observe import observe, run
from gradstop.record import Record

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rounding")]  # one process with old kernels for all
SEEDS = int(os.environ.get("GRADSTOP_SEEDS", "4"))

# Kernels for a processor without AVX: torch's own, and those of MKL, which computes products and exp.
OLD_KERNELS = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}


def known_answers(bench, exercise):
    """Return the solution, then all other known answers, by name."""
    others = {a.name: a.function for known in (bench.right, bench.wrong) for a in known.get(exercise, [])}
    return {"the solution": bench.solutions[exercise], **others}


def runs(bench, exercise):
    """Yield (name, case, answer, seeds): the solution under all seeds, the other answers under every tenth."""
    for case in bench.cases[exercise]:
        seeds = random.Random(case.name)
        for trial in range(SEEDS):
            pair = (seeds.getrandbits(53), seeds.getrandbits(53))
            for name, function in known_answers(bench, exercise).items():
                if trial % 10 == 0 or name == "the solution":
                    yield f"{exercise}, {case.name}, {name}, {pair}", case, function, pair


def parted(one, other):
    """Say where two records part, or nothing."""
    return [f"{d.name}: {d.got}; {d.expected}" for d in compare(one, other)]


# Two processes, two sets of kernels ---------------------------------------------------------------------


def last_bits():
    """Return numbers whose last bits depend on the kernels."""
    x = torch.linspace(-3, 3, 3000)
    return [*x.exp().tolist(), *x.sigmoid().tolist(), *(x.view(60, 50) @ x.view(50, 60)).flatten().tolist()]


def print_records():
    """Print what is observed in this process, a line for each run; the first line says how it rounds."""
    print(json.dumps(last_bits()))
    for bench in BENCHES:
        for exercise in bench.solutions:
            for name, case, function, seeds in runs(bench, exercise):
                print(msgspec.json.encode([name, observe(case, function, seeds)]).decode())


@pytest.fixture(scope="module")
def elsewhere():
    """Observe all answers in a process with old kernels; return its records by name."""
    command = [sys.executable, __file__]
    done = subprocess.run(command, env=os.environ | OLD_KERNELS, capture_output=True, text=True, check=True)
    bits, *lines = done.stdout.splitlines()
    if json.loads(bits) == last_bits():
        pytest.skip("this torch has one set of kernels for this processor")
    return dict(msgspec.json.decode(line, type=tuple[str, Record]) for line in lines)


@pytest.mark.parametrize(("bench", "exercise"), exercises())
def test_old_kernels_observe_the_same(bench, exercise, elsewhere):
    found = {name: parted(elsewhere[name], observe(*run)) for name, *run in runs(bench, exercise)}
    assert {name: differences for name, differences in found.items() if differences} == {}


# A last bit at each operation ---------------------------------------------------------------------------

# What a kernel may round as it likes. Left out is what IEEE 754 fixes on every processor, + - * / (x**2 is a product)
# and the square root of single numbers, and what moves, picks or compares numbers.
ROUNDED = re.compile(
    r"(_foreach_)?("
    r"add(bmm|cdiv|cmul|mm|mv|r)|b?addbmm|bmm|mm|mv|dot|lerp|cumsum|mean|prod|std|sum|var|var_mean|(linalg_vector_)?norm"
    r"|a?(sin|cos|tan)h?|erf|exp|expm1|log\w*|rsqrt|sigmoid|elu|gelu|silu|softplus|_?(log_)?softmax|log_sigmoid\w*"
    r"|\w*(batch_norm|layer_norm|cosine_similarity|dist_forward|dist_backward|loss|with_logits)\w*"
    r")(_backward|_backward_data)?_?"
)
BITS = {torch.float32: torch.int32, torch.float64: torch.int64}


def nudge(result, seed):
    """Move each number of a result by up to one unit in the last place; equal numbers stay equal."""
    if not isinstance(result, torch.Tensor) or result.dtype not in BITS or result.is_inference():
        return
    bits = result.contiguous().view(BITS[result.dtype]).long()
    mixed = (bits * 2654435761 + seed).remainder(65521)  # a hash of the number: a kernel is a function of its inputs
    share = (mixed.to(result.dtype) / 32760 - 1).reshape(result.shape)
    share = torch.where(result == result.round(), 0, share)  # exp(0) and a sum of ones are exact everywhere
    result.mul_(1 + share * torch.finfo(result.dtype).eps)


class OtherRounding(TorchDispatchMode):
    """Moves what kernels round by a last bit; with the seed 0 nothing."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        if self.seed and ROUNDED.fullmatch(operation.__name__.partition(".")[0]):
            for part in result if isinstance(result, tuple | list) else (result,):
                nudge(part, self.seed)
        return result


def observe_rounding(monkeypatch, case, function, seeds, noise):
    """Observe under another rounding: the mode is entered where the case's own isolation has left all modes."""

    @contextmanager
    def isolated():
        with isolation(), OtherRounding(noise):
            yield

    isolation = run.isolated
    with monkeypatch.context() as patch:
        patch.setattr(run, "isolated", isolated)
        return observe(case, function, seeds)


@pytest.mark.parametrize(("bench", "exercise"), exercises())
def test_a_last_bit_at_each_operation_is_not_seen(bench, exercise, monkeypatch):
    found = {}
    for name, *once in runs(bench, exercise):
        plain, moved = (observe_rounding(monkeypatch, *once, noise) for noise in (0, once[-1][0]))
        found[name] = parted(moved, plain)
    assert {name: differences for name, differences in found.items() if differences} == {}


def test_the_noise_is_a_last_bit():
    x = torch.linspace(0.3, 1.7, 500)
    with OtherRounding(1):
        moved = x.exp()
    apart = ((moved - x.exp()) / x.exp()).abs()
    assert 0 < apart.max() < 2e-7
    assert (apart > 0).float().mean() > 0.3


if __name__ == "__main__":
    print_records()
