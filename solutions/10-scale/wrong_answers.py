"""Answers to 10-scale that people give, each with the misconception behind it."""

import copy
import itertools

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from gradstop.course import wrong

PIECES = "10-scale#a-batch-in-pieces"
LAST = "10-scale#the-last-partial-batch"
TOKENS = "10-scale#a-mean-of-means"
SCALED = "10-scale#the-loss-is-scaled"
CLIP = "10-scale#unscale-then-clip"
SKIPPED = "10-scale#a-skipped-step"
FROZEN_INPUT = "10-checkpointing#a-frozen-input"
CLOSURE = "10-checkpointing#what-a-closure-holds"
RANDOM = "10-checkpointing#random-numbers"
COST = "10-checkpointing#what-it-saves-and-costs"
KINDS = "10-checkpointing#two-kinds"
BODY = "10-fine-tuning#a-frozen-body"
LORA = "10-fine-tuning#lora-by-hand"
LOADING = "10-fine-tuning#loading"

# accumulate_tokens


def _count(pieces):
    return sum(int((targets != -100).sum()) for _, targets in pieces)


def _pieces(net, pieces, divisor, reduction="sum"):
    """Run a backward for each piece, whose loss is divided; return the sum of the losses."""
    total = 0.0
    for x, targets in pieces:
        loss = F.cross_entropy(net(x), targets, reduction=reduction) / divisor
        loss.backward()
        total += loss.item()
        del loss
    return total


@wrong(
    "accumulate_tokens",
    "mean-of-means",
    "a mean of the pieces' means: a token of a short piece counts more than one of a long piece, and a "
    "piece of padding "
    "alone makes it nan.",
    TOKENS,
)
def mean_of_means(net, pieces):
    return _pieces(net, pieces, len(pieces), "mean")


@wrong(
    "accumulate_tokens",
    "accumulation-divides",
    "a sum of the pieces' means, which nothing divides: three pieces give about three times the gradient.",
    PIECES,
)
def undivided_means(net, pieces):
    return _pieces(net, pieces, 1, "mean") / len(pieces)


@wrong(
    "accumulate_tokens",
    "accumulation-divides",
    "a sum of the losses, sent back as it is: the division is done on the number that is returned, and "
    "not in the graph.",
    PIECES,
)
def divided_after_the_backward(net, pieces):
    return _pieces(net, pieces, 1) / _count(pieces)


@wrong(
    "accumulate_tokens",
    "padding-counts",
    "a division by the number of all rows, in which padding counts.",
    TOKENS,
)
def divided_by_all_rows(net, pieces):
    return _pieces(net, pieces, sum(len(x) for x, _ in pieces))


@wrong(
    "accumulate_tokens",
    "padding-counts",
    "padding that counts as tokens of class 0.",
    TOKENS,
)
def padding_as_a_class(net, pieces):
    return _pieces(net, [(x, targets.clamp(min=0)) for x, targets in pieces], _count(pieces))


@wrong(
    "accumulate_tokens",
    "last-partial-batch",
    "a division by the size of the first piece times the number of pieces, as if all had the same size.",
    LAST,
)
def all_of_one_size(net, pieces):
    return _pieces(net, pieces, len(pieces) * max(_count(pieces[:1]), 1))


@wrong(
    "accumulate_tokens",
    "last-partial-batch",
    "a last piece that is left out, where there are several.",
    LAST,
)
def last_piece_left_out(net, pieces):
    return _pieces(net, pieces[:-1] or pieces, _count(pieces))


@wrong(
    "accumulate_tokens",
    "gradients-accumulate",
    "gradients that are cleared before each piece: the last one alone is left.",
    PIECES,
)
def cleared_before_each_piece(net, pieces):
    total = 0.0
    for piece in pieces:
        net.zero_grad()
        total += _pieces(net, [piece], _count(pieces))
    return total


@wrong(
    "accumulate_tokens",
    "gradients-accumulate",
    "gradients that are cleared first: what was there already is lost, where this was to be added.",
    PIECES,
)
def cleared_first(net, pieces):
    net.zero_grad()
    return _pieces(net, pieces, _count(pieces))


@wrong(
    "accumulate_tokens",
    "one-graph-at-a-time",
    "one backward at the end, for the sum of all losses: until then each piece's graph is alive, and no "
    "memory is saved.",
    PIECES,
)
def one_backward_at_the_end(net, pieces):
    loss = sum(F.cross_entropy(net(x), targets, reduction="sum") for x, targets in pieces) / _count(pieces)
    loss.backward()
    return loss.item()


@wrong(
    "accumulate_tokens",
    "one-graph-at-a-time",
    "one batch again, made of all pieces: no memory is saved.",
    PIECES,
)
def pieces_put_together(net, pieces):
    xs, targets = zip(*pieces, strict=True)
    loss = F.cross_entropy(net(torch.cat(xs)), torch.cat(targets))
    loss.backward()
    return loss.item()


@wrong(
    "accumulate_tokens",
    "retain-graph",
    "backwards with `retain_graph=True` of a total that grows: earlier pieces are sent back again with each later one.",
    PIECES,
)
def growing_total(net, pieces):
    total = torch.zeros(())
    for x, targets in pieces:
        total = total + F.cross_entropy(net(x), targets, reduction="sum") / _count(pieces)
        total.backward(retain_graph=True)
    return total.item()


@wrong(
    "accumulate_tokens",
    "list-of-losses",
    "a mean that is returned with its graph: what the last pieces have made stays alive as long as the "
    "caller keeps it.",
    PIECES,
)
def total_with_its_graph(net, pieces):
    total = 0.0
    for x, targets in pieces:
        loss = F.cross_entropy(net(x), targets, reduction="sum") / _count(pieces)
        loss.backward()
        total = total + loss
        del loss
    return total


@wrong(
    "accumulate_tokens",
    "loss-of-one-piece",
    "the loss of the last piece alone, returned for that of the batch.",
    LAST,
)
def loss_of_the_last_piece(net, pieces):
    for x, targets in pieces:
        loss = F.cross_entropy(net(x), targets, reduction="sum")
        (loss / _count(pieces)).backward()
        last = loss.item() / max(_count([(x, targets)]), 1)
        del loss
    return last


@wrong(
    "accumulate_tokens",
    "mean-of-means",
    "the mean of each piece times its share: for a piece of padding alone that is nan times 0, which is nan.",
    "10-scale#the-last-partial-batch",
)
def mean_of_no_token(net, pieces):
    ns = [int((t != -100).sum()) for _, t in pieces]
    n = sum(ns)
    total = 0
    for k, (x, t) in zip(ns, pieces, strict=False):
        one_loss = F.cross_entropy(net(x), t) * k / n
        one_loss.backward()
        total += one_loss.item()
    return total


@wrong(
    "accumulate_tokens",
    "accumulation-divides",
    "the sum over all tokens: their mean is asked for.",
    "10-scale#a-mean-of-means",
)
def not_divided(net, pieces):
    total = 0
    for x, t in pieces:
        one_loss = F.cross_entropy(net(x), t, reduction="sum")
        one_loss.backward()
        total += one_loss.item()
    return total


@wrong(
    "accumulate_tokens",
    "accumulation-divides",
    "gradients that are divided at the end: what was in `.grad` before is divided with them.",
    "10-scale#a-mean-of-means",
)
def gradients_divided_at_the_end(net, pieces):
    n, total = (0, 0)
    for x, t in pieces:
        one_loss = F.cross_entropy(net(x), t, reduction="sum")
        one_loss.backward()
        total += one_loss.item()
        n += int((t != -100).sum())
    for p in net.parameters():
        if p.grad is not None:
            p.grad /= n
    return total / n


@wrong(
    "accumulate_tokens",
    "retain-graph",
    "a graph that is retained after its backward: it is alive while the next piece is computed.",
    "10-scale#a-batch-in-pieces",
)
def loss_of_a_retained_graph(net, pieces):
    n = sum((int((t != -100).sum()) for _, t in pieces))
    total = 0
    for x, t in pieces:
        one_loss = F.cross_entropy(net(x), t, reduction="sum") / n
        one_loss.backward(retain_graph=True)
        total += one_loss.item()
    return total


@wrong(
    "accumulate_tokens",
    "loss-of-one-piece",
    "a right backward without a result: the mean loss is asked for.",
    "10-scale#a-batch-in-pieces",
)
def loss_not_returned(net, pieces):
    n = sum((int((t != -100).sum()) for _, t in pieces))
    for x, t in pieces:
        (F.cross_entropy(net(x), t, reduction="sum") / n).backward()


# scaled_step


def _held(opt):
    return [p for group in opt.param_groups for p in group["params"]]


def _grads(opt):
    return [p.grad for p in _held(opt) if p.grad is not None]


def _scaled_back(loss_fn, opt, scale):
    """Clear, scale, send back; return the gradients as they arrive."""
    opt.zero_grad()
    (loss_fn() * scale).backward()
    return _grads(opt)


def _unscaled(loss_fn, opt, scale):
    grads = _scaled_back(loss_fn, opt, scale)
    for g in grads:
        g.div_(scale)
    return grads


def _finite(grads):
    return all(bool(g.isfinite().all()) for g in grads)


@wrong(
    "scaled_step",
    "no-scaling",
    "a loss that is not scaled: its gradients become zero in float16, and nothing raises.",
    SCALED,
)
def not_scaled(loss_fn, opt, scale, max_norm):
    grads = _unscaled(loss_fn, opt, 1.0)
    if not _finite(grads):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "unscale-before-clip",
    "a clip before the gradients are unscaled: the norm of the scaled ones is clipped, and what is left "
    "is divided by the scale.",
    CLIP,
)
def clipped_before_unscaling(loss_fn, opt, scale, max_norm):
    grads = _scaled_back(loss_fn, opt, scale)
    if not _finite(grads):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    for g in grads:
        g.div_(scale)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "unscale-before-clip",
    "gradients that are never divided by the scale: the step is too large by it, or is clipped where it should not be.",
    CLIP,
)
def never_unscaled(loss_fn, opt, scale, max_norm):
    if not _finite(_scaled_back(loss_fn, opt, scale)):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "skipped-step",
    "a step that is made although a gradient overflowed: the parameters are nan from then on.",
    SKIPPED,
)
def stepped_in_any_case(loss_fn, opt, scale, max_norm):
    finite = _finite(_unscaled(loss_fn, opt, scale))
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale if finite else scale / 2


@wrong(
    "scaled_step",
    "skipped-step",
    "a look at the loss in the place of the gradients: the loss is finite where they overflow.",
    SKIPPED,
)
def loss_looked_at(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    loss = loss_fn() * scale
    if not loss.isfinite():
        return scale / 2
    loss.backward()
    for g in _grads(opt):
        g.div_(scale)
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "inf-is-not-nan",
    "a search for infinite gradients that passes over nan.",
    SKIPPED,
)
def infinite_ones_alone(loss_fn, opt, scale, max_norm):
    if any(g.isinf().any() for g in _unscaled(loss_fn, opt, scale)):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "inf-is-not-nan",
    "a search for nan that passes over infinite gradients.",
    SKIPPED,
)
def nan_alone(loss_fn, opt, scale, max_norm):
    if any(g.isnan().any() for g in _unscaled(loss_fn, opt, scale)):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "zero-gradient-is-no-skip",
    "gradients set to zero in the place of a step left out: momentum and weight decay move the "
    "parameters all the same.",
    SKIPPED,
)
def zeros_stepped(loss_fn, opt, scale, max_norm):
    grads = _unscaled(loss_fn, opt, scale)
    finite = _finite(grads)
    for g in grads:
        if not finite:
            g.zero_()
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale if finite else scale / 2


@wrong(
    "scaled_step",
    "skipped-step",
    "a step of those parameters whose own gradient is finite: all of them have to wait.",
    SKIPPED,
)
def finite_ones_stepped(loss_fn, opt, scale, max_norm):
    finite = _finite(_unscaled(loss_fn, opt, scale))
    for p in _held(opt):
        if p.grad is not None and not _finite([p.grad]):
            p.grad = None
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale if finite else scale / 2


@wrong(
    "scaled_step",
    "clip-all-together",
    "a clip of each parameter by itself: the direction of the step changes.",
    CLIP,
)
def each_clipped_alone(loss_fn, opt, scale, max_norm):
    if not _finite(_unscaled(loss_fn, opt, scale)):
        return scale / 2
    for p in _held(opt):
        nn.utils.clip_grad_norm_([p], max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "clip-all-together",
    "a clip of each number, with `clip_grad_value_`: the direction of the step changes.",
    CLIP,
)
def numbers_clipped(loss_fn, opt, scale, max_norm):
    if not _finite(_unscaled(loss_fn, opt, scale)):
        return scale / 2
    nn.utils.clip_grad_value_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "clip-is-no-normalisation",
    "gradients that always get the norm `max_norm`, also where theirs is smaller.",
    CLIP,
)
def always_of_that_norm(loss_fn, opt, scale, max_norm):
    grads = _unscaled(loss_fn, opt, scale)
    if not _finite(grads):
        return scale / 2
    norm = torch.stack([g.square().sum() for g in grads]).sum().sqrt()
    for g in grads:
        g.mul_(max_norm / norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "gradients-accumulate",
    "gradients from earlier that are not cleared: they are divided by the scale with the new ones, and join the step.",
    SCALED,
)
def not_cleared(loss_fn, opt, scale, max_norm):
    (loss_fn() * scale).backward()
    grads = _grads(opt)
    for g in grads:
        g.div_(scale)
    if not _finite(grads):
        return scale / 2
    nn.utils.clip_grad_norm_(_held(opt), max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "scale-goes-down",
    "a scale that stays after a step was left out: the next one overflows again.",
    SKIPPED,
)
def scale_kept(loss_fn, opt, scale, max_norm):
    if _finite(_unscaled(loss_fn, opt, scale)):
        nn.utils.clip_grad_norm_(_held(opt), max_norm)
        opt.step()
    return scale


@wrong(
    "scaled_step",
    "scale-goes-down",
    "a scale that is doubled after each step: it is to stay.",
    "10-scale#a-skipped-step",
)
def scale_doubled_each_time(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    (loss_fn() * scale).backward()
    ps = [p for g in opt.param_groups for p in g["params"] if p.grad is not None]
    for p in ps:
        p.grad /= scale
    if not all(p.grad.isfinite().all() for p in ps):
        return scale / 2
    torch.nn.utils.clip_grad_norm_(ps, max_norm)
    opt.step()
    return scale * 2


@wrong(
    "scaled_step",
    "zero-is-not-none",
    "a parameter that the loss does not depend on, and its `.grad`: that is None, and cannot be divided.",
    "10-scale#a-skipped-step",
)
def gradient_that_is_none(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    (loss_fn() * scale).backward()
    ps = [p for g in opt.param_groups for p in g["params"]]
    for p in ps:
        p.grad /= scale
    if not all(p.grad.isfinite().all() for p in ps):
        return scale / 2
    torch.nn.utils.clip_grad_norm_(ps, max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "skipped-step",
    "a loop that tries smaller scales until a step can be made: the step was to be left out.",
    "10-scale#a-skipped-step",
)
def tried_until_it_fits(loss_fn, opt, scale, max_norm):
    while True:
        opt.zero_grad()
        (loss_fn() * scale).backward()
        ps = [p for g in opt.param_groups for p in g["params"] if p.grad is not None]
        for p in ps:
            p.grad /= scale
        if all(p.grad.isfinite().all() for p in ps):
            break
        scale /= 2
    torch.nn.utils.clip_grad_norm_(ps, max_norm)
    opt.step()
    return scale


@wrong(
    "scaled_step",
    "first-group-only",
    "gradients that are unscaled in the first parameter group alone.",
    "10-scale#unscale-then-clip",
)
def first_group_alone(loss_fn, opt, scale, max_norm):
    opt.zero_grad()
    (loss_fn() * scale).backward()
    ps = [p for p in opt.param_groups[0]["params"] if p.grad is not None]
    for p in ps:
        p.grad /= scale
    if not all(p.grad.isfinite().all() for p in ps):
        return scale / 2
    torch.nn.utils.clip_grad_norm_(ps, max_norm)
    opt.step()
    return scale


# checkpointed


def _plain_copy(block, x):
    with torch.no_grad():
        return block(x)


@wrong(
    "checkpointed",
    "no-checkpoint",
    "the block itself: all that it saves is alive until the backward.",
    COST,
)
def no_checkpoint(block, x):
    return block(x)


@wrong(
    "checkpointed",
    "checkpoint-closure",
    "a checkpoint that is given x alone, or copies of the parameters: a parameter that was written to "
    "since is not noticed, and the gradient belongs to other weights.",
    CLOSURE,
)
def given_x_alone(block, x):
    return checkpoint(block, x, use_reentrant=False)


@wrong(
    "checkpointed",
    "checkpoint-closure",
    "a checkpoint that is given the parameters that learn, and not the frozen ones: a write to those is not noticed.",
    CLOSURE,
)
def given_those_that_learn(block, x):
    given = [p for p in block.parameters() if p.requires_grad]
    return checkpoint(lambda x, *_: block(x), x, *given, use_reentrant=False)


@wrong(
    "checkpointed",
    "reentrant-frozen-input",
    "the reentrant kind: with a constant x nothing learns, and `autograd.grad` for a parameter fails.",
    FROZEN_INPUT,
)
def reentrant(block, x):
    return checkpoint(block, x, use_reentrant=True)


@wrong(
    "checkpointed",
    "reentrant-frozen-input",
    "the reentrant kind, given the parameters too: backward fills them, and `autograd.grad` for one of them fails.",
    KINDS,
)
def reentrant_with_parameters(block, x):
    return checkpoint(lambda x, *_: block(x), x, *block.parameters(), use_reentrant=True)


@wrong(
    "checkpointed",
    "flag-mutates-the-caller",
    "a flag that is set on x, so that the reentrant kind works: a constant of the caller requires grad from then on.",
    FROZEN_INPUT,
)
def flag_set_on_x(block, x):
    if not x.requires_grad:
        x.requires_grad_()
    return checkpoint(lambda x, *_: block(x), x, *block.parameters(), use_reentrant=False)


@wrong(
    "checkpointed",
    "cut-the-wrong-operand",
    "an x that is detached first: what it came from learns nothing.",
    FROZEN_INPUT,
)
def x_detached(block, x):
    return checkpoint(lambda x, *_: block(x), x.detach(), *block.parameters(), use_reentrant=False)


@wrong(
    "checkpointed",
    "random-state",
    "a second run with other random numbers than the first, as with `preserve_rng_state=False`.",
    RANDOM,
)
def other_random_numbers(block, x):
    given = list(block.parameters())
    return checkpoint(lambda x, *_: block(x), x, *given, use_reentrant=False, preserve_rng_state=False)


@wrong(
    "checkpointed",
    "random-state",
    "a seed that is set before each run: both draw the same numbers, and so does every call, for everybody.",
    RANDOM,
)
def seeded_runs(block, x):
    def run(x, *_):
        torch.manual_seed(0)
        return block(x)

    return checkpoint(run, x, *block.parameters(), use_reentrant=False, preserve_rng_state=False)


@wrong(
    "checkpointed",
    "random-state",
    "a generator that is put back to the state of the call and left there: whatever draws next draws "
    "these numbers again.",
    RANDOM,
)
def generator_left_behind(block, x):
    state = torch.get_rng_state()

    def run(x, *_):
        torch.set_rng_state(state)
        return block(x)

    return checkpoint(run, x, *block.parameters(), use_reentrant=False, preserve_rng_state=False)


@wrong(
    "checkpointed",
    "eval-means-no-grad",
    "a block that is put into evaluation mode, so that both runs agree: it drops nothing any more.",
    RANDOM,
)
def evaluation_mode(block, x):
    def run(x, *_):
        training = block.training
        block.eval()
        try:
            return block(x)
        finally:
            block.train(training)

    return checkpoint(run, x, *block.parameters(), use_reentrant=False)


@wrong(
    "checkpointed",
    "no-grad-cuts",
    "a block under `no_grad`: nothing is saved, and nobody learns.",
    COST,
)
def under_no_grad(block, x):
    return _plain_copy(block, x)


@wrong(
    "checkpointed",
    "no-grad-cuts",
    "a block that is frozen for its runs: x gets its gradient, and the parameters none.",
    COST,
)
def parameters_detached(block, x):
    names = [name for name, _ in block.named_parameters()]

    def run(x, *weights):
        return functional_call(block, {n: w.detach() for n, w in zip(names, weights, strict=True)}, (x,))

    return checkpoint(run, x, *block.parameters(), use_reentrant=False)


@wrong(
    "checkpointed",
    "eval-means-no-grad",
    "a block that is put into evaluation mode, and stays there.",
    "10-checkpointing#random-numbers",
)
def block_left_in_evaluation_mode(block, x):
    from torch.utils.checkpoint import checkpoint

    block.eval()
    return checkpoint(lambda x, *ps: block(x), x, *block.parameters(), use_reentrant=False)


@wrong(
    "checkpointed",
    "random-state",
    "torch's generator set to a fixed seed: the caller's random numbers are others from then on.",
    "10-checkpointing#random-numbers",
)
def generator_seeded(block, x):
    from torch.utils.checkpoint import checkpoint

    torch.manual_seed(0)
    return checkpoint(lambda x, *ps: block(x), x, *block.parameters(), use_reentrant=False)


# lora


class _LoRA(nn.Module):
    """A right one, of which each wrong answer changes a part."""

    def __init__(self, layer, rank):
        super().__init__()
        self.layer = self.base_of(layer)
        self.a = nn.Parameter(torch.randn(rank, layer.in_features, dtype=layer.weight.dtype))
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank, dtype=layer.weight.dtype))

    def base_of(self, layer):
        layer.zero_grad()
        return layer.requires_grad_(False)

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T

    def new_layer(self):
        has_bias = self.layer.bias is not None
        made = nn.Linear(self.layer.in_features, self.layer.out_features, has_bias, dtype=self.layer.weight.dtype)
        if has_bias:
            made.bias.data.copy_(self.layer.bias)
        return made

    def merged(self):
        made = self.new_layer()
        made.weight.data.copy_(self.layer.weight + self.b @ self.a)
        return made


@wrong(
    "lora",
    "freeze-before-training",
    "a base that is never frozen: it learns with the adapter.",
    BODY,
)
class BaseLearns(_LoRA):
    def base_of(self, layer):
        return layer


@wrong(
    "lora",
    "freeze-does-not-clear-grad",
    "a base that is frozen and keeps its `.grad` from earlier: an optimizer steps it with that.",
    BODY,
)
class OldGradients(_LoRA):
    def base_of(self, layer):
        return layer.requires_grad_(False)


@wrong(
    "lora",
    "zero-is-not-none",
    "a base whose `.grad` from earlier is zeroed, and not None: weight decay moves it.",
    BODY,
)
class ZeroedGradients(_LoRA):
    def base_of(self, layer):
        layer.zero_grad(set_to_none=False)
        return layer.requires_grad_(False)


@wrong(
    "lora",
    "freeze-one-of-two",
    "a frozen weight beside a bias that learns.",
    BODY,
)
class BiasLearns(_LoRA):
    def base_of(self, layer):
        layer.zero_grad()
        layer.weight.requires_grad_(False)
        return layer


@wrong(
    "lora",
    "copy-of-the-layer",
    "a copy of the layer: two of them are in memory, and later changes of the layer do not reach the net.",
    LORA,
)
def copied_layer(layer, rank):
    net = _LoRA(layer, rank)
    net.layer = net.new_layer().requires_grad_(False)
    net.layer.weight.data.copy_(layer.weight)
    return net


@wrong(
    "lora",
    "lora-both-zero",
    "an adapter whose two matrices begin at zero: neither ever moves.",
    "10-fine-tuning#pitfalls",
)
def both_zero(layer, rank):
    net = _LoRA(layer, rank)
    nn.init.zeros_(net.a)
    return net


@wrong(
    "lora",
    "lora-starts-at-the-base",
    "an adapter whose two matrices are random: the net does not begin as the pretrained layer.",
    LORA,
)
def both_random(layer, rank):
    net = _LoRA(layer, rank)
    nn.init.normal_(net.b)
    return net


@wrong(
    "lora",
    "freeze-all",
    "a net that is frozen as a whole after the adapter is in: nothing learns.",
    "10-fine-tuning#pitfalls",
)
def frozen_as_a_whole(layer, rank):
    return _LoRA(layer, rank).requires_grad_(False)


@wrong(
    "lora",
    "no-grad-cuts",
    "a base that runs under `no_grad`: the gradient of x lacks the part that passes through it.",
    LORA,
)
class BaseUnderNoGrad(_LoRA):
    def forward(self, x):
        with torch.no_grad():
            base = self.layer(x)
        return base + x @ self.a.T @ self.b.T


@wrong(
    "lora",
    "bias-forgotten",
    "a sum of weights in which the bias of the layer is forgotten.",
    LORA,
)
class BiasForgotten(_LoRA):
    def forward(self, x):
        return x @ (self.layer.weight + self.b @ self.a).T


@wrong(
    "lora",
    "set-data-in-a-parameter",
    "an adapter that is written into the weight of the layer in each forward: a and b get no gradient, "
    "and the layer changes.",
    LORA,
)
class WrittenInEachForward(_LoRA):
    def forward(self, x):
        self.layer.weight.data += (self.b @ self.a).detach()
        return self.layer(x)


@wrong(
    "lora",
    "merge-twice",
    "a merge into the layer itself: the net adds the product once more, and the layer is not the "
    "pretrained one any more.",
    LORA,
)
class MergedIntoTheLayer(_LoRA):
    def merged(self):
        self.layer.weight.data += (self.b @ self.a).detach()
        return self.layer


@wrong(
    "lora",
    "share-memory",
    "a merged layer that takes the bias of the layer itself: both share it.",
    LORA,
)
class SharedBias(_LoRA):
    def merged(self):
        made = super().merged()
        made.bias = self.layer.bias
        return made


@wrong(
    "lora",
    "merge-with-history",
    "a merged weight with a history: it is no parameter, leads to a and b, and can neither be saved alone nor trained.",
    LORA,
)
class MergedWithHistory(_LoRA):
    def merged(self):
        made = self.new_layer()
        del made.weight
        made.weight = self.layer.weight + self.b @ self.a
        made.named_parameters = lambda: iter([("weight", made.weight)])
        return made


@wrong(
    "lora",
    "dtype-of-the-adapter",
    "an adapter in float32 beside a layer in float64: their product raises.",
    "10-fine-tuning#of-a-tensor-of-a-module",
)
def float32_beside_float64(layer, rank):
    net = _LoRA(layer, rank)
    net.a = nn.Parameter(net.a.detach().float())
    net.b = nn.Parameter(net.b.detach().float())
    return net


@wrong(
    "lora",
    "wrong-formula",
    "an a and a b with their shapes the other way round: `(rank, in)` and `(out, rank)` are asked for.",
    "10-fine-tuning#lora-by-hand",
)
class ShapesTheOtherWayRound(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer.requires_grad_(False)
        layer.zero_grad()
        self.a = nn.Parameter(torch.randn(layer.in_features, rank, dtype=layer.weight.dtype))
        self.b = nn.Parameter(torch.zeros(rank, layer.out_features, dtype=layer.weight.dtype))

    def forward(self, x):
        return self.layer(x) + x @ self.a @ self.b

    @torch.no_grad()
    def merged(self):
        m = copy.deepcopy(self.layer)
        m.weight += (self.a @ self.b).T
        return m


@wrong(
    "lora",
    "parameter-wrap-cuts",
    "an a and a b that are tensors with a flag, and no Parameters: the module does not list them, and no "
    "optimizer gets them.",
    "10-fine-tuning#lora-by-hand",
)
class PlainTensors(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer.requires_grad_(False)
        layer.zero_grad()
        self.a = torch.randn(rank, layer.in_features, dtype=layer.weight.dtype, requires_grad=True)
        self.b = torch.zeros(layer.out_features, rank, dtype=layer.weight.dtype, requires_grad=True)

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T

    @torch.no_grad()
    def merged(self):
        m = copy.deepcopy(self.layer)
        m.weight += self.b @ self.a
        return m


@wrong(
    "lora",
    "bias-forgotten",
    "a merged layer that has a bias of its own, random numbers: that of `layer` is left out.",
    "10-fine-tuning#lora-by-hand",
)
class MergedWithANewBias(nn.Module):
    def __init__(self, layer, rank):
        super().__init__()
        self.layer = layer.requires_grad_(False)
        layer.zero_grad()
        self.a = nn.Parameter(torch.randn(rank, layer.in_features, dtype=layer.weight.dtype))
        self.b = nn.Parameter(torch.zeros(layer.out_features, rank, dtype=layer.weight.dtype))

    def forward(self, x):
        return self.layer(x) + x @ self.a.T @ self.b.T

    @torch.no_grad()
    def merged(self):
        m = nn.Linear(self.layer.in_features, self.layer.out_features, dtype=self.a.dtype)
        m.weight.copy_(self.layer.weight + self.b @ self.a)
        return m


# load_without_copy


@wrong(
    "load_without_copy",
    "load-copies",
    "a copy of the numbers, as `load_state_dict` or `copy_` makes it: all weights are in memory twice.",
    LOADING,
)
def numbers_copied(net, state):
    net.load_state_dict(state)


@wrong(
    "load_without_copy",
    "assign-makes-new-objects",
    "new parameters, as `assign=True` makes them: an optimizer goes on with the old ones, and what "
    "layers shared is shared no more.",
    LOADING,
)
def assigned(net, state):
    net.load_state_dict({name: tensor.detach() for name, tensor in state.items()}, assign=True)


@wrong(
    "load_without_copy",
    "assign-makes-new-objects",
    "a new Parameter for each name, all of which require grad: an optimizer goes on with the old ones, "
    "and what was frozen learns.",
    LOADING,
)
def new_parameters(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        path, _, key = name.rpartition(".")
        is_parameter = isinstance(held, nn.Parameter)
        setattr(
            net.get_submodule(path), key, nn.Parameter(state[name].detach()) if is_parameter else state[name].detach()
        )


@wrong(
    "load_without_copy",
    "buffers-forgotten",
    "parameters alone: the buffers, such as the statistics of a BatchNorm, keep their old numbers.",
    LOADING,
)
def parameters_alone(net, state):
    for name, p in net.named_parameters():
        p.data = state[name]


@wrong(
    "load_without_copy",
    "buffers-forgotten",
    "buffers that are copied, where parameters are not.",
    LOADING,
)
def buffers_copied(net, state):
    parameters_alone(net, state)
    for name, buffer in net.named_buffers():
        if name in state:
            buffer.copy_(state[name].detach())


@wrong(
    "load_without_copy",
    "shared-parameter",
    "new memory for a parameter that two layers share under one of its names alone: it is cut in two.",
    "10-fine-tuning#pitfalls",
)
def shared_ones_parted(net, state):
    for module in net.modules():
        for key, p in list(module.named_parameters(recurse=False)):
            setattr(module, key, nn.Parameter(p.detach(), p.requires_grad))
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name]


@wrong(
    "load_without_copy",
    "flags-follow",
    "flags that are taken from state: what was frozen learns, or what learnt is frozen.",
    LOADING,
)
def flags_of_state(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name]
        if isinstance(held, nn.Parameter):
            held.requires_grad_(state[name].requires_grad)


@wrong(
    "load_without_copy",
    "flags-follow",
    "parameters that all require grad afterwards: what was frozen learns.",
    LOADING,
)
def all_of_them_learn(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name]
    net.requires_grad_(True)


@wrong(
    "load_without_copy",
    "gradients-cleared",
    "gradients that are cleared with the old numbers: what `.grad` held is lost.",
    LOADING,
)
def gradients_cleared(net, state):
    net.zero_grad()
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name]


@wrong(
    "load_without_copy",
    "state-used-up",
    "a state that is emptied on the way: the caller has nothing to load into another net.",
    LOADING,
)
def state_emptied(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state.pop(name)


@wrong(
    "load_without_copy",
    "detach_-mutates-the-caller",
    "tensors of state that are cut in place, or whose flag is switched off: everybody who holds them has constants.",
    "10-fine-tuning#a-result-that-is-saved",
)
def state_cut_in_place(net, state):
    for name, held in net.state_dict(keep_vars=True).items():
        held.data = state[name].detach_()


@wrong(
    "load_without_copy",
    "names-not-places",
    "tensors in the order of state, for parameters in theirs: buffers stand between them, and each gets "
    "what belongs to another.",
    LOADING,
)
def by_their_places(net, state):
    held = [*net.parameters(), *(b for name, b in net.named_buffers() if name in state)]
    for tensor, new in zip(held, state.values(), strict=False):
        tensor.data = new


@wrong(
    "load_without_copy",
    "recurse",
    "what the net holds itself, and not its layers.",
    LOADING,
)
def own_tensors_alone(net, state):
    own = [*net.named_parameters(recurse=False), *net.named_buffers(recurse=False)]
    for name, held in own:
        if name in state:
            held.data = state[name]


@wrong(
    "load_without_copy",
    "recurse",
    "all buffers, also those that are not in the `state_dict`: `state` holds none of that name.",
    "10-fine-tuning#loading",
)
def buffers_that_are_not_saved(net, state):
    for n, p in itertools.chain(net.named_parameters(), net.named_buffers()):
        p.data = state[n].detach()


@wrong(
    "load_without_copy",
    "set-data-in-a-parameter",
    "memory that is given to new names or aliases alone, such as the tensors of `state_dict()`: the module's own stay "
    "where they are.",
    "10-fine-tuning#loading",
)
def aliases_of_the_state_dict(net, state):
    for n, t in net.state_dict().items():
        t.data = state[n].detach()


@wrong(
    "load_without_copy",
    "flags-follow",
    "parameters that are frozen: their flags are to stay.",
    "10-fine-tuning#loading",
)
def all_frozen(net, state):
    for n, t in net.state_dict(keep_vars=True).items():
        t.data = state[n].detach()
        t.requires_grad_(False)
