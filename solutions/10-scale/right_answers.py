"""Other right answers to 10-scale: each reaches the behaviour in another way."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from gradstop.course import right

# accumulate_tokens


@right("accumulate_tokens")
def mean_times_share(net, pieces):
    counts = [int((targets != -100).sum()) for _, targets in pieces]
    total = torch.zeros(())
    for (x, targets), count in zip(pieces, counts, strict=True):
        if count:
            loss = F.cross_entropy(net(x), targets) * (count / sum(counts))
            loss.backward()
            total += loss.detach()
            del loss
    return total


@right("accumulate_tokens")
def gradients_asked_for(net, pieces):
    learns = [p for p in net.parameters() if p.requires_grad]
    count = torch.cat([targets for _, targets in pieces]).ne(-100).sum()
    added, total = [torch.zeros_like(p) for p in learns], 0.0
    for x, targets in pieces:
        logits = net(x)
        part = F.cross_entropy(logits, targets, reduction="sum")
        added = [a + g for a, g in zip(added, torch.autograd.grad(part, learns), strict=True)]
        total += part.detach() / count
        del logits, part
    for p, grad in zip(learns, added, strict=True):
        # A hook of the caller has seen what came here piece by piece.
        p.grad = grad / count if p.grad is None else p.grad + grad / count
    return total


@right("accumulate_tokens")
def rows_chosen_by_a_mask(net, pieces):
    count = sum(len(targets[targets >= 0]) for _, targets in pieces)

    def one(x, targets):
        logits = net(x)[targets >= 0].log_softmax(1)
        loss = -logits.gather(1, targets[targets >= 0].unsqueeze(1)).sum()
        (loss / count).backward()
        return loss.item()

    return sum(one(x, targets) for x, targets in pieces) / count


@right("accumulate_tokens")
def one_token_after_another(net, pieces):
    tokens = [(row, target) for x, targets in pieces for row, target in zip(x, targets, strict=True) if target >= 0]
    total = 0.0
    for row, target in tokens:
        loss = F.nll_loss(net(row.unsqueeze(0)).log_softmax(1), target.unsqueeze(0))
        loss.backward(torch.tensor(1 / len(tokens)))
        total += loss.item()
        del loss
    return total / len(tokens)


# scaled_step


@right("scaled_step")
def torch_has_one(loss_fn, opt, scale, max_norm):
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=10**6)
    opt.zero_grad()
    scaler.scale(loss_fn()).backward()
    scaler.unscale_(opt)
    nn.utils.clip_grad_norm_([p for group in opt.param_groups for p in group["params"]], max_norm)
    scaler.step(opt)
    scaler.update()
    return scaler.get_scale()


@right("scaled_step")
def scale_as_the_first_gradient(loss_fn, opt, scale, max_norm):
    held = [p for group in opt.param_groups for p in group["params"]]
    for p in held:
        p.grad = None
    loss = loss_fn()
    loss.backward(torch.full_like(loss, scale))
    grads = [p.grad for p in held if p.grad is not None]
    norm = torch.stack([(g / scale).square().sum() for g in grads]).sum().sqrt()
    if not norm.isfinite():
        return scale * 0.5
    factor = min(1.0, max_norm / norm.item()) / scale
    for p in held:
        if p.grad is not None:
            p.grad = p.grad * factor
    opt.step()
    return scale


@right("scaled_step")
def gradients_asked_for_and_set(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    held = [p for group in opt.param_groups for p in group["params"] if p.requires_grad]
    grads = torch.autograd.grad(loss_fn() * scale, held, allow_unused=True)
    for p, g in zip(held, grads, strict=True):
        p.grad = None if g is None else g / scale
    total = sum(g.div(scale).abs().sum().item() for g in grads if g is not None)
    if total != total or total == float("inf"):
        return scale / 2
    nn.utils.clip_grad_norm_(held, max_norm)
    opt.step()
    return scale


@right("scaled_step")
def the_larger_norm_is_clipped(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    (scale * loss_fn()).backward()
    held = [p for group in opt.param_groups for p in group["params"] if p.grad is not None]
    norm = nn.utils.clip_grad_norm_(held, max_norm * scale)
    if not torch.isfinite(norm):
        return scale / 2
    for p in held:
        p.grad /= scale
    opt.step()
    return scale


# checkpointed


@right("checkpointed")
def called_with_what_it_is_given(block, x):
    names = [name for name, _ in block.named_parameters()]

    def run(x, *weights):
        return functional_call(block, dict(zip(names, weights, strict=True)), (x,))

    return checkpoint(run, x, *block.parameters(), use_reentrant=False)


class _Recomputed(torch.autograd.Function):
    """Runs the block under no_grad, and again in its backward, with the same random numbers."""

    @staticmethod
    def forward(ctx, block, x, *weights):
        ctx.block, ctx.state = block, torch.get_rng_state()
        ctx.save_for_backward(x, *weights)
        return block(x)

    @staticmethod
    def backward(ctx, gradient):
        x, *weights = ctx.saved_tensors
        with torch.random.fork_rng(devices=[]), torch.enable_grad():
            torch.set_rng_state(ctx.state)
            inner = x.detach().requires_grad_(ctx.needs_input_grad[1])
            result = ctx.block(inner)
        asked = [t for t in (inner, *weights) if t.requires_grad]
        found = iter(torch.autograd.grad(result, asked, gradient))
        return None, *(next(found) if t.requires_grad else None for t in (inner, *weights))


@right("checkpointed")
def a_function_of_its_own(block, x):
    return _Recomputed.apply(block, x, *block.parameters())


class _Watch(torch.autograd.Function):
    """Passes its input on; saves the others, so that their versions are compared in the backward."""

    @staticmethod
    def forward(ctx, y, *watched):
        ctx.save_for_backward(*watched)
        return y.view_as(y)

    @staticmethod
    def backward(ctx, gradient):
        return gradient, *[None for _ in ctx.saved_tensors]


@right("checkpointed")
def watched_behind_it(block, x):
    return _Watch.apply(checkpoint(block, x, use_reentrant=False), *block.parameters())


@right("checkpointed")
def versions_in_a_hook(block, x):
    versions = [(p, p._version) for p in block.parameters()]

    def compare(gradient):
        if any(p._version != then for p, then in versions):
            raise RuntimeError("a parameter was written to")

    result = checkpoint(block, x, use_reentrant=False)
    result.register_hook(compare)
    return result


# lora


class _Adapted(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        for p in layer.parameters():
            p.requires_grad, p.grad = False, None
        self.base = layer
        like = {"dtype": layer.weight.dtype}
        self.a = nn.Parameter(torch.rand(rank, layer.in_features, **like) + 0.1)
        self.b = nn.Parameter(layer.weight.new_zeros(layer.out_features, rank))

    def forward(self, x):
        return F.linear(x, self.base.weight + self.b @ self.a, self.base.bias)

    def merged(self):
        made = nn.Linear(
            self.base.in_features, self.base.out_features, self.base.bias is not None, dtype=self.base.weight.dtype
        )
        made.weight.data = (self.base.weight + self.b @ self.a).detach()
        if self.base.bias is not None:
            made.bias.data.copy_(self.base.bias)
        return made


@right("lora")
def one_weight_in_the_forward(layer, rank):
    return _Adapted(layer, rank)


class _Chained(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layers = nn.ModuleList([layer])
        layer.requires_grad_(False)
        for p in self.layers.parameters():
            p.grad = None
        down = nn.Linear(layer.in_features, rank, bias=False, dtype=layer.weight.dtype)
        up = nn.Linear(rank, layer.out_features, bias=False, dtype=layer.weight.dtype)
        nn.init.zeros_(up.weight)
        self.a, self.b = down.weight, up.weight

    def forward(self, x):
        return self.layers[0](x) + F.linear(F.linear(x, self.a), self.b)

    def merged(self):
        (layer,) = self.layers
        made = nn.utils.skip_init(
            nn.Linear, layer.in_features, layer.out_features, layer.bias is not None, dtype=layer.weight.dtype
        )
        state = {name: p.detach().clone() for name, p in layer.named_parameters()}
        state["weight"] += (self.b @ self.a).detach()
        made.load_state_dict(state)
        return made


@right("lora")
class two_small_layers(_Chained):  # noqa: N801 - a class is a callable too
    pass


@right("lora")
def methods_set_on_a_module(layer, rank):
    net = nn.Module()
    net.layer = layer.requires_grad_(False)
    layer.zero_grad(set_to_none=True)
    net.a = nn.Parameter(torch.ones(rank, layer.in_features).to(layer.weight).normal_())
    net.b = nn.Parameter(torch.zeros(layer.out_features, rank).to(layer.weight))
    net.forward = lambda x: layer(x) + (net.b @ (net.a @ x.unsqueeze(-1))).squeeze(-1)

    def merged():
        with torch.no_grad():
            made = nn.Linear(layer.in_features, layer.out_features, layer.bias is not None).to(layer.weight)
            made.weight.copy_(layer.weight).addmm_(net.b, net.a)
            if layer.bias is not None:
                made.bias.copy_(layer.bias)
        return made.requires_grad_(False)

    net.merged = merged
    return net


class _InADictionary(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.held = nn.ModuleDict({"base": layer})
        for p in layer.parameters():
            p.requires_grad_(False).grad = None
        wide, tall = torch.empty_like(layer.weight[:1]).repeat(rank, 1), layer.weight[:, :1].repeat(1, rank)
        self.small = nn.ParameterDict({"a": nn.init.xavier_normal_(wide), "b": torch.zeros_like(tall)})

    a = property(lambda self: self.small["a"])
    b = property(lambda self: self.small["b"])

    def forward(self, x):
        return self.held["base"](x) + torch.einsum("...i,ri,or->...o", x, self.a, self.b)

    def merged(self):
        base = self.held["base"]
        made = nn.Linear(base.in_features, base.out_features, bias=base.bias is not None)
        made.weight = nn.Parameter(torch.addmm(base.weight, self.b, self.a).detach())
        made.bias = None if base.bias is None else nn.Parameter(base.bias.detach().clone())
        return made


@right("lora")
def small_ones_in_a_dictionary(layer, rank):
    return _InADictionary(layer, rank)


# load_without_copy


@right("load_without_copy")
def set_under_no_grad(net, state):
    with torch.no_grad():
        for name, held in net.state_dict(keep_vars=True).items():
            held.set_(state[name].detach())


@right("load_without_copy")
def parameters_then_buffers(net, state):
    for name, parameter in net.named_parameters():
        parameter.data = state[name].data
    for name, buffer in net.named_buffers():
        if name in state:
            buffer.data = state[name].data


@right("load_without_copy")
def assigned_and_put_back(net, state):
    old = net.state_dict(keep_vars=True)
    net.load_state_dict({name: tensor.detach() for name, tensor in state.items()}, assign=True)
    for name, held in old.items():
        path, _, key = name.rpartition(".")
        module = net.get_submodule(path)
        held.data = getattr(module, key).data
        setattr(module, key, held)


@right("load_without_copy")
def module_by_module(net, state):
    for path, module in net.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        for key, held in [*module._parameters.items(), *module._buffers.items()]:
            if held is not None and prefix + key in state:
                held.data = state[prefix + key].detach()


@right("load_without_copy")
def set_to_the_memory_of_state(net, state):
    with torch.no_grad():
        for n, t in net.state_dict(keep_vars=True).items():
            t.set_(state[n])
