"""What torch.distributed does with two real processes: each function of ``PROBES`` runs in both, and says what held."""

import json
import os
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(Path(__file__).parents[1]))  # this file is also run by itself, see ``outcomes``
from support.kinds import behind

SECONDS = 120
LOOPBACK = {"GLOO_SOCKET_IFNAME": {"darwin": "lo0"}.get(sys.platform, "lo")}


@cache
def outcomes() -> dict[str, dict[str, bool]]:
    """Run all probes in two processes; return for each, for each kind of input, whether it held in both."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, f"{folder}/both"]
        ranks = [
            subprocess.Popen([*command, rank], env=os.environ | LOOPBACK, stdout=subprocess.PIPE, text=True)
            for rank in "01"
        ]
        try:
            texts = [process.communicate(timeout=SECONDS)[0] for process in ranks]
        finally:
            for process in ranks:
                process.kill()
    first, second = map(json.loads, texts)
    return {
        probe: {kind: held and second[probe][kind] for kind, held in found.items()} for probe, found in first.items()
    }


def nodes(tensor):
    """Count the nodes behind a tensor."""
    return len(behind(tensor))


class Pair(nn.Module):
    """Uses ``a`` alone."""

    def __init__(self, unused):
        super().__init__()
        self.a, self.unused = nn.Linear(1, 1), unused

    def forward(self, x):
        return self.a(x)


def raises(call, *arguments):
    try:
        call(*arguments)
    except RuntimeError:
        return True
    return False


def nodes_of_ddp(rank):
    nets = {"linear": nn.Linear(2, 2), "several": nn.Sequential(nn.Linear(2, 2), nn.Tanh()), "norm": nn.LayerNorm(2)}
    x = torch.ones(3, 2)
    found = {name: nodes(DistributedDataParallel(net)(x)) == nodes(net(x)) for name, net in nets.items()}
    looking = DistributedDataParallel(nets["linear"], find_unused_parameters=True)
    return found | {"one more, where it looks": nodes(looking(x)) == nodes(nets["linear"](x)) + 1}


def averaged(rank):
    nets = {"linear": nn.Linear(1, 2), "several": nn.Sequential(nn.Linear(1, 2), nn.Tanh()), "norm": nn.LayerNorm(1)}
    found = {}
    for name, net in nets.items():
        wrapped, xs = DistributedDataParallel(net), [torch.full((3, 1), 1.0 + r) for r in range(2)]
        wrapped(xs[rank]).sum().backward()
        whole = sum(net(x).sum() for x in xs) / 2
        right = torch.autograd.grad(whole, list(net.parameters()))
        found[name] = all(torch.allclose(p.grad, g) for p, g in zip(net.parameters(), right, strict=True))
        net.zero_grad()
        del wrapped
        DistributedDataParallel(net)(xs[rank]).sum().backward()
        alone = torch.autograd.grad(net(xs[rank]).sum(), list(net.parameters()))
        found[f"{name}, dropped"] = all(torch.equal(p.grad, g) for p, g in zip(net.parameters(), alone, strict=True))
    return found


def unused_parameters(rank):
    x, found = torch.ones(1, 1), {}
    for name, made in {
        "layer": lambda: nn.Linear(1, 1),
        "parameter": lambda: nn.ParameterList([nn.Parameter(torch.ones(()))]),
        "embedding": lambda: nn.Embedding(2, 1),
    }.items():
        for frozen in (True, False):
            net = DistributedDataParallel(Pair(made().requires_grad_(not frozen)))
            net(x).sum().backward()
            found[f"{name}, {'frozen' if frozen else 'learns'}"] = raises(net, x) is not frozen
        late = Pair(made())
        net = DistributedDataParallel(late)
        late.unused.requires_grad_(False)
        net(x).sum().backward()
        found[f"{name}, frozen too late"] = raises(net, x)
    return found


def buffers(rank):
    class Seen(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = nn.Linear(1, 1)
            self.register_buffer("number", torch.zeros(()))

        def forward(self, x):
            self.before = self.number.item()
            self.number.fill_(rank + 1.0)
            return self.lin(x)

    def forward(**options):
        held = Seen()
        return held, DistributedDataParallel(held, **options), torch.ones(1, 1)

    held, net, x = forward()
    net(x), net(x)
    found = {"those of rank 0": held.before == 1}
    with net.no_sync():
        net(x)
        found["in no_sync"] = held.before == 1
        net(x)
        found["after one in no_sync"] = held.before == rank + 1
    net(x), net(x)
    found["outside again"] = held.before == 1
    with torch.no_grad():
        net(x)
    net(x)
    found["after one under no_grad"] = held.before == rank + 1
    held, net, x = forward(broadcast_buffers=False)
    net(x), net(x)
    return found | {"switched off": held.before == rank + 1}


def gathered(rank):
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    kinds = {"interior": w * 2, "leaf": w, "float64": w.double() * 2, "constant": w.detach(), "view": (w * 2)[:1]}
    found = {}
    for name, mine in kinds.items():
        all_of_them = [torch.zeros_like(mine, requires_grad=False) for _ in range(2)]
        dist.all_gather(all_of_them, mine)
        found[name] = not any(t.requires_grad for t in all_of_them) and torch.equal(all_of_them[rank], mine)
    return found


def gathered_with_history(rank):
    from torch.distributed.nn.functional import all_gather

    found = {}
    for name, value in {
        "two elements": torch.ones(2),
        "matrix": torch.ones(2, 3),
        "float64": torch.ones(2).double(),
    }.items():
        w = value.requires_grad_()
        with warnings.catch_warnings(action="ignore"):
            sum(all_gather(w * (1.0 + rank))).sum().backward()
        found[name] = torch.equal(w.grad, torch.full_like(w, 2 * (1.0 + rank)))  # a part from each process
    return found


def sharded(rank):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    found, mesh = {}, init_device_mesh("cpu", (2,))
    for name, shape in {"even": (4, 2), "odd": (3, 2), "one row": (1, 2)}.items():
        torch.manual_seed(0)
        net, plain = (nn.Linear(*reversed(shape), bias=False) for _ in range(2))
        plain.load_state_dict(net.state_dict())
        sum(plain(torch.ones(1, 2) * (1 + r)).square().sum() for r in range(2)).backward()
        fully_shard(net, mesh=mesh)
        net(torch.ones(1, 2) * (1 + rank)).square().sum().backward()
        for key, parameter in net.named_parameters():
            local, grad = parameter.to_local(), getattr(plain, key).grad / 2
            count = torch.tensor(local.numel())
            dist.all_reduce(count)
            found[f"{name}, {key}: parts"] = count.item() == grad.numel()
            start = 0 if rank == 0 else len(grad) - len(local)
            right = grad[start : start + len(local)]
            found[f"{name}, {key}: mean"] = local.numel() == 0 or torch.allclose(parameter.grad.to_local(), right)
    return found


# FSDP comes first: where DDP had run before, its gathering over gloo raised on torch 2.13.
PROBES = (sharded, nodes_of_ddp, averaged, unused_parameters, buffers, gathered, gathered_with_history)

if __name__ == "__main__":
    meeting, number = sys.argv[1], int(sys.argv[2])
    dist.init_process_group("gloo", f"file://{meeting}", rank=number, world_size=2)
    print(json.dumps({probe.__name__: probe(number) for probe in PROBES}))
    dist.destroy_process_group()
