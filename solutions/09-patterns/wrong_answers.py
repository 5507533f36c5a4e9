"""Answers to 09-patterns that people give, each with the misconception behind it."""

from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn import functional as F

from gradstop.course import wrong

D_STEP = "09-patterns#gan-the-discriminator"
G_STEP = "09-patterns#gan-the-generator"
TARGET = "09-reinforcement#targets-that-stand-still"
ACTOR = "09-reinforcement#actor-and-critic"
AVERAGE = "09-reinforcement#moving-averages"
FROZEN = "09-patterns#frozen-for-good"
AS_BEFORE = "09-patterns#leave-it-as-you-found-it"

# gan_d_backward


@wrong(
    "gan_d_backward",
    "gan-why-detach",
    "a step whose fakes are still attached: the backward runs on into G and adds to its .grad, and that gradient "
    "makes G worse at its task.",
    D_STEP,
)
def fakes_attached(G, D, real, z):
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "gradients-accumulate",
    "a backward into G that is wiped away with `zero_grad` afterwards: what G held from earlier is wiped away too.",
    D_STEP,
)
def grads_of_g_wiped(G, D, real, z):
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    G.zero_grad()
    return loss


@wrong(
    "gan_d_backward",
    "grad-alias",
    "a backward into G after which a .grad that was there is not as it was: backward adds to that very tensor in "
    "place, so a second name for it holds the sum as well.",
    D_STEP,
)
def grads_of_g_by_name(G, D, real, z):
    kept = [p.grad for p in G.parameters()]
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    for p, grad in zip(G.parameters(), kept, strict=True):
        p.grad = grad
    return loss


@wrong(
    "gan_d_backward",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of G that is never undone: its own step finds nothing to train.",
    AS_BEFORE,
)
def g_frozen_for_good(G, D, real, z):
    G.requires_grad_(False)
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "detach-vs-freeze-vs-no_grad",
    "flags of G that are all True afterwards, whatever they were: what was frozen before the call now learns.",
    AS_BEFORE,
)
def g_all_unfrozen(G, D, real, z):
    G.requires_grad_(False)
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    G.requires_grad_(True)
    return loss


@wrong(
    "gan_d_backward",
    "grad-mode-leak",
    "recording that is switched off for G and never on again: whatever runs after the call is not recorded.",
    AS_BEFORE,
)
def recording_left_off(G, D, real, z):
    torch.set_grad_enabled(False)
    fake = G(z)
    with torch.enable_grad():
        on_real, on_fake = D(real), D(fake)
        loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
        loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
        loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "cut-the-wrong-operand",
    "a cut behind D instead of before it, such as `D(G(z)).detach()` or all of `D(G(z))` under `no_grad`: D learns "
    "from the real rows alone.",
    D_STEP,
)
def cut_behind_d(G, D, real, z):
    on_real, on_fake = D(real), D(G(z)).detach()
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "gradients-accumulate",
    "a step that clears the .grad of D first, or sets it to the new gradient: one that was there is lost, where this "
    "one was to be added.",
    D_STEP,
)
def grads_of_d_cleared(G, D, real, z):
    D.zero_grad()
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "multi-loss",
    "a loss that is returned and sent nowhere: without a backward D gets no gradient.",
    D_STEP,
)
def no_backward(G, D, real, z):
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    return loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))


@wrong(
    "gan_d_backward",
    "wrong-formula",
    "a step with the labels exchanged: D learns to call the fakes real.",
    D_STEP,
)
def labels_exchanged(G, D, real, z):
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.zeros_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.ones_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "wrong-formula",
    "the mean of the two parts, where their sum was asked for: every gradient is half of it.",
    D_STEP,
)
def mean_of_the_parts(G, D, real, z):
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real)) / 2
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake)) / 2
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "wrong-formula",
    "a loss of logits that is given probabilities: D's output goes through a sigmoid twice.",
    D_STEP,
)
def sigmoid_twice(G, D, real, z):
    on_real, on_fake = D(real).sigmoid(), D(G(z).detach()).sigmoid()
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "multi-loss",
    "a step that backs up one part after the other and returns the second part alone: the gradient is whole, and "
    "the loss that is returned is half of the story.",
    D_STEP,
)
def last_part_returned(G, D, real, z):
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss.backward()
    loss = F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "batch-statistics",
    "both batches in one pass through D: where D mixes the rows of a batch, as BatchNorm does, the fakes change what D "
    "says of the real rows, and the other way round.",
    D_STEP,
)
def both_in_one_pass(G, D, real, z):
    on_real, on_fake = D(torch.cat([real, G(z).detach()])).split(len(real))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "batch-statistics",
    "fakes that are made one row at a time: where G mixes the rows of a batch, as BatchNorm does, they are others.",
    D_STEP,
)
def fakes_row_by_row(G, D, real, z):
    on_real, on_fake = D(real), D(torch.cat([G(row[None]) for row in z]).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


_fakes = WeakKeyDictionary()


@wrong(
    "gan_d_backward",
    "cached-result",
    "fakes that are made once for each G and kept: after G has moved, D still learns from the old ones.",
    D_STEP,
)
def fakes_kept(G, D, real, z):
    if G not in _fakes:
        _fakes[G] = G(z).detach()
    on_real, on_fake = D(real), D(_fakes[G])
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "cached-result",
    "one tensor that every call writes its loss into: a loss that was returned earlier changes with the next call.",
    D_STEP,
)
def one_tensor_for_every_loss(G, D, real, z, result=torch.zeros(())):  # noqa: B008 - that is the mistake
    on_real, on_fake = D(real), D(G(z).detach())
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return result.copy_(loss.detach())


@wrong(
    "gan_d_backward",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of G that is undone by one flag for all: where only some parameters were frozen, the flags are others "
    "afterwards.",
    AS_BEFORE,
)
def one_flag_for_all_of_g(G, D, real, z):
    flag = next(G.parameters()).requires_grad
    G.requires_grad_(False)
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    G.requires_grad_(flag)
    return loss


@wrong(
    "gan_d_backward",
    "hook-changes-all-uses",
    "hooks on G's parameters that turn their gradient into zeros, and stay: G's own step gets zeros too.",
    AS_BEFORE,
)
def hooks_left_on_g(G, D, real, z):
    for p in G.parameters():
        if p.requires_grad:
            p.register_hook(torch.zeros_like)
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss


@wrong(
    "gan_d_backward",
    "multi-loss",
    "a right backward without a result: the loss is asked for.",
    "09-patterns#gan-the-discriminator",
)
def loss_not_returned(G, D, real, z):
    a, b = (D(real), D(G(z).detach()))
    (
        F.binary_cross_entropy_with_logits(a, torch.ones_like(a))
        + F.binary_cross_entropy_with_logits(b, torch.zeros_like(b))
    ).backward()


@wrong(
    "gan_d_backward",
    "eval-means-no-grad",
    "fakes of G in evaluation mode, and a G in training mode afterwards, whatever it was.",
    "09-patterns#leave-it-as-you-found-it",
)
def generator_in_evaluation_mode(G, D, real, z):
    G.eval()
    a, b = (D(real), D(G(z).detach()))
    loss = F.binary_cross_entropy_with_logits(a, torch.ones_like(a)) + F.binary_cross_entropy_with_logits(
        b, torch.zeros_like(b)
    )
    loss.backward()
    G.train()
    return loss


# gan_g_backward


@wrong(
    "gan_g_backward",
    "two-networks-two-graphs",
    "a plain backward: the way to G leads through D, and D's parameters collect a gradient as well, which the next "
    "step of D would apply.",
    G_STEP,
)
def d_collects_too(G, D, z):
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()


@wrong(
    "gan_g_backward",
    "gradients-accumulate",
    "a backward into D that is wiped away afterwards: what D held from earlier is wiped away too.",
    G_STEP,
)
def grads_of_d_wiped(G, D, z):
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    D.zero_grad()


@wrong(
    "gan_g_backward",
    "grad-alias",
    "a backward into D after which a .grad that was there is not as it was: backward adds to that very tensor in "
    "place, so a second name for it holds the sum as well.",
    G_STEP,
)
def grads_of_d_by_name(G, D, z):
    kept = [p.grad for p in D.parameters()]
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    for p, grad in zip(D.parameters(), kept, strict=True):
        p.grad = grad


@wrong(
    "gan_g_backward",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of D that is never undone: D has stopped learning for good.",
    AS_BEFORE,
)
def d_frozen_for_good(G, D, z):
    D.requires_grad_(False)
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()


@wrong(
    "gan_g_backward",
    "detach-vs-freeze-vs-no_grad",
    "flags of D that are all True afterwards, whatever they were: what was frozen before the call now learns.",
    AS_BEFORE,
)
def d_all_unfrozen(G, D, z):
    D.requires_grad_(False)
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    D.requires_grad_(True)


@wrong(
    "gan_g_backward",
    "cut-the-wrong-operand",
    "D's step copied: the fakes are detached, so G learns nothing, and D learns that they are real.",
    G_STEP,
)
def fakes_detached(G, D, z):
    logits = D(G(z).detach())
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()


@wrong(
    "gan_g_backward",
    "no_grad-around-frozen-net",
    "D under `no_grad` (or its output detached): D's gradient is not wanted, and the way through D is, and this "
    "closes both, so there is nothing to go back through.",
    G_STEP,
)
def d_under_no_grad(G, D, z):
    fake = G(z)
    with torch.no_grad():
        logits = D(fake)
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()


@wrong(
    "gan_g_backward",
    "wrong-formula",
    "the loss of D with its sign turned, `-bce(D(G(z)), 0)`: it pulls the same way, and its gradient is another, "
    "weak where G is bad.",
    G_STEP,
)
def sign_turned(G, D, z):
    logits = D(G(z))
    loss = -F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "wrong-formula",
    "the label 0 for the fakes: that is D's aim, and G learns to be found out.",
    G_STEP,
)
def label_of_d(G, D, z):
    logits = D(G(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.zeros_like(logits))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "gradients-accumulate",
    "a step that clears the .grad of G first, or sets it to the new gradient: one that was there is lost, where this "
    "one was to be added.",
    G_STEP,
)
def grads_of_g_cleared(G, D, z):
    G.zero_grad()
    logits = D(G(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "batch-statistics",
    "one row of z at a time: where G or D mixes the rows of a batch, as BatchNorm does, the loss is another.",
    G_STEP,
)
def noise_row_by_row(G, D, z):
    logits = torch.cat([D(G(row[None])) for row in z])
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "eval-means-no-grad",
    "a D that is in evaluation mode for this step and in training mode after it: it computes otherwise, and it "
    "may have been in another mode before.",
    AS_BEFORE,
)
def d_evaluates(G, D, z):
    D.eval()
    logits = D(G(z))
    D.train()
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of D that is undone by one flag for all: where only some parameters were frozen, the flags are others "
    "afterwards.",
    AS_BEFORE,
)
def one_flag_for_all_of_d(G, D, z):
    flag = next(D.parameters()).requires_grad
    D.requires_grad_(False)
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    D.requires_grad_(flag)


@wrong(
    "gan_g_backward",
    "hook-changes-all-uses",
    "hooks on D's parameters that turn their gradient into zeros, and stay: D's own step gets zeros too.",
    AS_BEFORE,
)
def hooks_left_on_d(G, D, z):
    for p in D.parameters():
        if p.requires_grad:
            p.register_hook(torch.zeros_like)
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()


@wrong(
    "gan_g_backward",
    "frozen-but-moving",
    "a freeze of the layers that lie directly in D: what lies deeper, and parameters of D itself, collect a gradient.",
    G_STEP,
)
def outer_layers_frozen(G, D, z):
    flags = {p: p.requires_grad for layer in D.children() for p in layer.parameters(recurse=False)}
    for p in flags:
        p.requires_grad_(False)
    logits = D(G(z))
    F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits)).backward()
    for p, flag in flags.items():
        p.requires_grad_(flag)


_logits = WeakKeyDictionary()


@wrong(
    "gan_g_backward",
    "cached-result",
    "logits that are computed once for each G and kept: the next call goes back through a graph that is used up.",
    G_STEP,
)
def logits_kept(G, D, z):
    if G not in _logits:
        _logits[G] = D(G(z))
    loss = F.binary_cross_entropy_with_logits(_logits[G], torch.ones_like(_logits[G]))
    loss.backward(inputs=list(G.parameters()))


@wrong(
    "gan_g_backward",
    "wrong-formula",
    "the sum over the batch, where the mean was asked for.",
    "09-patterns#gan-the-generator",
)
def sum_for_the_mean(G, D, z):
    out = D(G(z))
    F.binary_cross_entropy_with_logits(out, torch.ones_like(out), reduction="sum").backward(inputs=list(G.parameters()))


# td_loss


@wrong(
    "td_loss",
    "td-target-attached",
    "a loss whose target is attached: q_target collects gradient that nobody uses, and where it is q itself, q "
    "learns to lower its target.",
    TARGET,
)
def td_target_attached(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "cut-the-wrong-operand",
    "a cut of the prediction instead of the target: the target moves towards what q says, and q stands still.",
    TARGET,
)
def prediction_cut(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1).detach(), target)


@wrong(
    "td_loss",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of q_target that is never undone: where q_target is q, nothing learns any more.",
    AS_BEFORE,
)
def target_frozen_for_good(q, q_target, s, a, r, s2, done):
    q_target.requires_grad_(False)
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "detach-vs-freeze-vs-no_grad",
    "flags of q_target that are all True afterwards, whatever they were: a target network that was frozen now learns.",
    AS_BEFORE,
)
def target_all_unfrozen(q, q_target, s, a, r, s2, done):
    q_target.requires_grad_(False)
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    q_target.requires_grad_(True)
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "no_grad-around-frozen-net",
    "`no_grad` around too much: the prediction is a constant too, and the loss has nothing to go back through.",
    TARGET,
)
def all_under_no_grad(q, q_target, s, a, r, s2, done):
    with torch.no_grad():
        prediction = q(s).gather(1, a[:, None]).squeeze(1)
        target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(prediction, target)


@wrong(
    "td_loss",
    "inference-tensor-in-training",
    "a target from `inference_mode`: the loss function wants to save it for backward, and such a tensor cannot be "
    "saved.",
    TARGET,
)
def inference_target(q, q_target, s, a, r, s2, done):
    with torch.inference_mode():
        target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "td-target-attached",
    "a target that is computed by q: it does not stand still while q learns, and q_target is never asked.",
    TARGET,
)
def target_from_q(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q(s2).max(1).values.detach()
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "wrong-formula",
    "predictions of shape (B, 1) against targets of shape (B,): they broadcast, and every prediction is compared with "
    "every target.",
    TARGET,
)
def broadcast(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values.detach()
    return (q(s).gather(1, a[:, None]) - target).square().mean()


@wrong(
    "td_loss",
    "wrong-formula",
    "a target that goes on after the end of an episode: where done is 1, r alone is the target.",
    TARGET,
)
def end_ignored(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * q_target(s2).max(1).values.detach()
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "wrong-formula",
    "a prediction of the best action, `q(s).max(1)`: the one that was taken, `a`, is to be learnt from.",
    TARGET,
)
def best_not_taken(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values.detach()
    return F.mse_loss(q(s).max(1).values, target)


@wrong(
    "td_loss",
    "wrong-formula",
    "the action that q likes best, valued by q_target (as in double Q-learning): here q_target's own maximum is asked "
    "for.",
    TARGET,
)
def double_q(q, q_target, s, a, r, s2, done):
    with torch.no_grad():
        best = q_target(s2).gather(1, q(s2).argmax(1, keepdim=True)).squeeze(1)
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), r + 0.9 * (1 - done) * best)


@wrong(
    "td_loss",
    "batch-statistics",
    "predictions that are made one row at a time: where q mixes the rows of a batch, as BatchNorm does, they are "
    "others.",
    TARGET,
)
def predictions_row_by_row(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values.detach()
    return F.mse_loss(torch.cat([q(row[None])[:, i] for row, i in zip(s, a, strict=True)]), target)


@wrong(
    "td_loss",
    "eval-means-no-grad",
    "a q_target that is in evaluation mode for its answer and in training mode after it: it computes otherwise, and it "
    "may have been in another mode before.",
    AS_BEFORE,
)
def target_evaluates(q, q_target, s, a, r, s2, done):
    q_target.eval()
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values.detach()
    q_target.train()
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "plus-equals-is-sugar",
    "a target that is written into r, with `+=` or `add_`: the caller's rewards are other numbers from then on.",
    "07-in-place#plus-equals-is-in-place",
)
def written_into_r(q, q_target, s, a, r, s2, done):
    with torch.no_grad():
        r += 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), r)


@wrong(
    "td_loss",
    "detach-makes-a-copy",
    "an edit in place of what q_target returned: a network may return its input or a view of it, and then s2 is "
    "overwritten.",
    "03-detach#same-memory-new-tensor",
)
def written_into_the_answer(q, q_target, s, a, r, s2, done):
    best = q_target(s2).detach()
    best.mul_(0.9 * (1 - done[:, None]))
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), r + best.max(1).values)


_targets = WeakKeyDictionary()


@wrong(
    "td_loss",
    "cached-result",
    "targets, or a copy of q_target, that are kept from the first call: after q_target has moved they are out of date.",
    TARGET,
)
def targets_kept(q, q_target, s, a, r, s2, done):
    if q_target not in _targets:
        _targets[q_target] = q_target(s2).max(1).values.detach()
    target = r + 0.9 * (1 - done) * _targets[q_target]
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "detach-vs-freeze-vs-no_grad",
    "a freeze of q_target that is undone by one flag for all: where only some parameters were frozen, the flags are "
    "others afterwards.",
    AS_BEFORE,
)
def target_one_flag_for_all(q, q_target, s, a, r, s2, done):
    flags = [p.requires_grad for p in q_target.parameters()]
    q_target.requires_grad_(False)
    target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    q_target.requires_grad_(any(flags))
    return F.mse_loss(q(s).gather(1, a[:, None]).squeeze(1), target)


@wrong(
    "td_loss",
    "wrong-formula",
    "the largest value of the whole batch: the largest of each row is asked for.",
    "09-reinforcement#targets-that-stand-still",
)
def largest_of_the_whole_batch(q, q_target, s, a, r, s2, done):
    p = q(s).gather(1, a[:, None]).squeeze(1)
    with torch.no_grad():
        t = r + 0.9 * (1 - done) * q_target(s2).max()
    return F.mse_loss(p, t)


@wrong(
    "td_loss",
    "wrong-formula",
    "a `done` the other way round: the next value counts where the episode is over.",
    "09-reinforcement#targets-that-stand-still",
)
def done_the_other_way_round(q, q_target, s, a, r, s2, done):
    p = q(s).gather(1, a[:, None]).squeeze(1)
    with torch.no_grad():
        t = r + 0.9 * done * q_target(s2).max(1).values
    return F.mse_loss(p, t)


@wrong(
    "td_loss",
    "wrong-formula",
    "a smooth L1 loss, as DQN uses it: the mean squared error is asked for.",
    "09-reinforcement#targets-that-stand-still",
)
def smooth_l1(q, q_target, s, a, r, s2, done):
    p = q(s).gather(1, a[:, None]).squeeze(1)
    with torch.no_grad():
        t = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return F.smooth_l1_loss(p, t)


# actor_critic_losses


@wrong(
    "actor_critic_losses",
    "advantage-attached / dead-critic",
    "an attached advantage: the policy's loss reaches the critic, and lowers its values where that helps the policy.",
    ACTOR,
)
def advantage_attached(logp, value, returns):
    advantage = returns - value
    return -(logp * advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "advantage-attached / dead-critic",
    "one detached advantage for both losses (or a detached value): the critic's loss is a constant, and the critic "
    "never learns.",
    ACTOR,
)
def dead_critic(logp, value, returns):
    advantage = (returns - value).detach()
    return -(logp * advantage).mean(), advantage.square().mean()


@wrong(
    "actor_critic_losses",
    "targets-need-no-detach",
    "a critic's loss whose returns are attached: a loss function differentiates both of its arguments.",
    TARGET,
)
def returns_attached(logp, value, returns):
    advantage = (returns - value).detach()
    return -(logp * advantage).mean(), F.mse_loss(value, returns)


@wrong(
    "actor_critic_losses",
    "advantage-attached / dead-critic",
    "an advantage in which value is cut and returns are not: the policy's loss trains whatever computed the returns.",
    ACTOR,
)
def half_cut_advantage(logp, value, returns):
    advantage = returns - value.detach()
    return -(logp * advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "advantage-attached / dead-critic",
    "one attached advantage for both losses: gradient goes everywhere.",
    ACTOR,
)
def nothing_is_cut(logp, value, returns):
    advantage = returns - value
    return -(logp * advantage).mean(), advantage.square().mean()


@wrong(
    "actor_critic_losses",
    "cut-the-wrong-operand",
    "a cut of logp: the advantage was to be the constant, and the policy learns nothing.",
    ACTOR,
)
def policy_cut(logp, value, returns):
    advantage = returns - value
    return -(logp.detach() * advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "cut-the-wrong-operand",
    "a critic's loss in which value is cut and returns are not: the goal is moved to the critic.",
    ACTOR,
)
def value_cut(logp, value, returns):
    advantage = (returns - value).detach()
    return -(logp * advantage).mean(), F.mse_loss(value.detach(), returns)


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "a policy's loss without its minus (or `value - returns` as the advantage): good actions become less likely.",
    ACTOR,
)
def sign_forgotten(logp, value, returns):
    advantage = (returns - value).detach()
    return (logp * advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "half of the squared error, as many papers write it: here the mean of the squares is asked for.",
    ACTOR,
)
def half_of_the_square(logp, value, returns):
    advantage = (returns - value).detach()
    return -(logp * advantage).mean(), 0.5 * F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "an advantage that is normalised first: it is a common trick, and not the loss that is asked for.",
    ACTOR,
)
def normalised(logp, value, returns):
    advantage = (returns - value).detach()
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    return -(logp * advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "the two losses in the other order.",
    ACTOR,
)
def other_order(logp, value, returns):
    advantage = (returns - value).detach()
    return F.mse_loss(value, returns.detach()), -(logp * advantage).mean()


@wrong(
    "actor_critic_losses",
    "detach_-mutates-the-caller",
    "a `detach_()` of the returns: it cuts the caller's tensor itself, for every other use too, and a view refuses it.",
    "04-detach-in-place#one-tensor-every-name",
)
def returns_cut_in_place(logp, value, returns):
    goal = returns.detach_()
    return -(logp * (goal - value.detach())).mean(), F.mse_loss(value, goal)


@wrong(
    "actor_critic_losses",
    "detach-makes-a-copy",
    "an advantage that is written into `returns.detach()`: that lies in the memory of returns, whose numbers are lost.",
    "03-detach#same-memory-new-tensor",
)
def written_into_returns(logp, value, returns):
    value_loss = F.mse_loss(value, returns.detach().clone())
    advantage = returns.detach().sub_(value.detach())
    return -(logp * advantage).mean(), value_loss


@wrong(
    "actor_critic_losses",
    "cached-result",
    "an advantage that is kept on a tensor of the caller: an attribute is left there, and the next call with it uses "
    "an old advantage.",
    ACTOR,
)
def advantage_kept(logp, value, returns):
    if not hasattr(value, "advantage"):
        value.advantage = (returns - value).detach()
    return -(logp * value.advantage).mean(), F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "flag-on-interior",
    "`requires_grad_(False)` on the returns: a leaf of the caller loses its flag, and torch refuses it on the result "
    "of an operation.",
    "03-detach#detach-freeze-or-no-grad",
)
def flag_of_returns(logp, value, returns):
    goal = returns.requires_grad_(False)
    return -(logp * (goal - value.detach())).mean(), F.mse_loss(value, goal)


@wrong(
    "actor_critic_losses",
    "hook-changes-all-uses",
    "a hook on value that makes its gradient zero: the critic's loss gets zeros through it too, and the hook stays.",
    ACTOR,
)
def hook_on_value(logp, value, returns):
    if value.requires_grad:
        value.register_hook(torch.zeros_like)
    goal = returns.detach()
    return -(logp * (goal - value)).mean(), F.mse_loss(value, goal)


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "a column of returns against a row of values: they broadcast, and every value is compared with every return.",
    ACTOR,
)
def critic_broadcasts(logp, value, returns):
    goal = returns.detach()
    return -(logp * (goal - value.detach())).mean(), (value - goal[:, None]).square().mean()


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "sums over the batch, where means were asked for.",
    "09-reinforcement#actor-and-critic",
)
def sums_for_means(logp, value, returns):
    adv = (returns - value).detach()
    return (-(logp * adv).sum(), F.mse_loss(value, returns.detach(), reduction="sum"))


@wrong(
    "actor_critic_losses",
    "wrong-formula",
    "one loss, such as the sum of the two: the pair is asked for.",
    "09-reinforcement#actor-and-critic",
)
def one_loss_of_both(logp, value, returns):
    adv = (returns - value).detach()
    return -(logp * adv).mean() + F.mse_loss(value, returns.detach())


@wrong(
    "actor_critic_losses",
    "python-math-cuts-graph",
    "losses as Python numbers: nothing can be sent back from them.",
    "09-reinforcement#actor-and-critic",
)
def losses_as_numbers(logp, value, returns):
    adv = (returns - value).detach()
    return ((-(logp * adv).mean()).item(), F.mse_loss(value, returns.detach()).item())


# ema_update


@wrong(
    "ema_update",
    "rebind-the-weight",
    "an assignment to the loop's variable: the name `p` gets a new tensor, and ema keeps the old one.",
    AVERAGE,
)
def name_rebound(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p = decay * p + (1 - decay) * q
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "a mean with its weights exchanged: almost all of ema is replaced at each update.",
    AVERAGE,
)
def weights_exchanged(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.lerp_(q, decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "leaf-in-place",
    "an edit in place that is recorded: a leaf that requires grad refuses it, and a frozen one becomes part of "
    "model's graph.",
    AVERAGE,
)
def edit_recorded(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p.mul_(decay).add_(q, alpha=1 - decay)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@wrong(
    "ema_update",
    "rebind-the-weight",
    "new Parameter objects in place of the old ones: whoever holds the old ones (an optimizer, a second name) is left "
    "behind, and every new one requires grad.",
    AVERAGE,
)
def new_objects(ema, model, decay):
    for mine, its in zip(ema.modules(), model.modules(), strict=True):
        for name, p in list(mine.named_parameters(recurse=False)):
            average = decay * p.detach() + (1 - decay) * getattr(its, name).detach()
            setattr(mine, name, nn.Parameter(average))
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "an average of the parameters alone: the running statistics of ema stay what they were on the first day.",
    AVERAGE,
)
def buffers_forgotten(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.lerp_(q, 1 - decay)


@wrong(
    "ema_update",
    "ema-update",
    "an average over the whole `state_dict`: the buffers are averaged with the parameters, and one of them is a count.",
    AVERAGE,
)
def buffers_averaged(ema, model, decay):
    source = model.state_dict()
    for name, tensor in ema.state_dict().items():
        tensor.copy_(decay * tensor + (1 - decay) * source[name])


@wrong(
    "ema_update",
    "ema-update",
    "a copy of model's numbers: nothing of the old ema is left in it, whatever decay is.",
    "09-reinforcement#moving-averages",
)
def copied_whole(ema, model, decay):
    ema.load_state_dict(model.state_dict())


@wrong(
    "ema_update",
    "state_dict-is-live",
    "buffers of model that are handed to ema: there is one tensor with two owners, and ema's statistics move with "
    "model's from now on.",
    AVERAGE,
)
def buffers_shared(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.lerp_(q, 1 - decay)
    for mine, its in zip(ema.modules(), model.modules(), strict=True):
        for name, buffer in its.named_buffers(recurse=False):
            setattr(mine, name, buffer)


@wrong(
    "ema_update",
    "data-equals-detach",
    "an average that is computed in model's memory, which `p.data = q.data` gives to ema: the two are one network "
    "from then on.",
    AVERAGE,
)
def memory_shared(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        old = p.data
        p.data = q.data
        p.data.mul_(1 - decay).add_(old, alpha=decay)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@wrong(
    "ema_update",
    "detach-vs-freeze-vs-no_grad",
    "flags that are switched off so that the edit goes through, and stay off.",
    AS_BEFORE,
)
def ema_frozen(ema, model, decay):
    ema.requires_grad_(False)
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p.lerp_(q.detach(), 1 - decay)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@wrong(
    "ema_update",
    "grad-mode-leak",
    "recording that is switched off and then on: who called it with recording off finds it on.",
    AS_BEFORE,
)
def recording_switched_on(ema, model, decay):
    torch.set_grad_enabled(False)
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p.lerp_(q, 1 - decay)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)
    torch.set_grad_enabled(True)


@wrong(
    "ema_update",
    "frozen-but-moving",
    "an update of the parameters that require grad: ema is mostly frozen, and a frozen parameter is averaged as well.",
    AVERAGE,
)
def frozen_left_out(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            if p.requires_grad:
                p.lerp_(q, 1 - decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "an update of every name, or module by module: a parameter that two modules share is met twice, and moved twice.",
    AVERAGE,
)
def shared_moved_twice(ema, model, decay):
    source = dict(model.named_parameters(remove_duplicate=False))
    with torch.no_grad():
        for name, p in ema.named_parameters(remove_duplicate=False):
            p.lerp_(source[name], 1 - decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "buffers that are looked up in a `state_dict`: one that is not persistent is missing there, and stays as it was.",
    AVERAGE,
)
def buffers_of_the_state_dict(ema, model, decay):
    source = model.state_dict()
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.lerp_(q, 1 - decay)
        for name, buffer in ema.named_buffers():
            if name in source:
                buffer.copy_(source[name])


@wrong(
    "ema_update",
    "ema-update",
    "an update of the direct children: parameters and buffers of the model itself stay as they were.",
    AVERAGE,
)
def children_updated(ema, model, decay):
    with torch.no_grad():
        for mine, its in zip(ema.children(), model.children(), strict=True):
            for p, q in zip(mine.parameters(), its.parameters(), strict=True):
                p.lerp_(q, 1 - decay)
            for p, q in zip(mine.buffers(), its.buffers(), strict=True):
                p.copy_(q)


_copies = WeakKeyDictionary()


@wrong(
    "ema_update",
    "cached-result",
    "parameters of model that are copied at the first call and kept: every later update moves towards the old ones.",
    AVERAGE,
)
def model_kept(ema, model, decay):
    if model not in _copies:
        _copies[model] = [q.detach().clone() for q in model.parameters()]
    with torch.no_grad():
        for p, q in zip(ema.parameters(), _copies[model], strict=True):
            p.lerp_(q, 1 - decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "an average that is computed in the memory of model: ema is right, and model has been overwritten.",
    AVERAGE,
)
def written_into_model(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.copy_(q.mul_(1 - decay).add_(p, alpha=decay))
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "cut-the-wrong-operand",
    "an update of the wrong network: the average is written into model, and the parameters of ema stay as they were.",
    AVERAGE,
)
def model_moved_in_its_place(ema, model, decay):
    with torch.no_grad():
        for p, q in zip(model.parameters(), ema.parameters(), strict=True):
            p.lerp_(q, 1 - decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "eval-means-no-grad",
    "an ema that is put in evaluation mode: the update was to leave everything else as it is.",
    AS_BEFORE,
)
def ema_put_in_evaluation_mode(ema, model, decay):
    ema.eval()
    with torch.no_grad():
        for p, q in zip(ema.parameters(), model.parameters(), strict=True):
            p.lerp_(q, 1 - decay)
        for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
            mine.copy_(its)


@wrong(
    "ema_update",
    "ema-update",
    "buffers that are averaged as the parameters are, where they are to be copied; what is not in the "
    "`state_dict` is left out.",
    "09-reinforcement#moving-averages",
)
def buffers_averaged_too(ema, model, decay):
    with torch.no_grad():
        ms = model.state_dict()
        for k, v in ema.state_dict().items():
            if v.dtype.is_floating_point:
                v.mul_(decay).add_(ms[k], alpha=1 - decay)
            else:
                v.copy_(ms[k])


@wrong(
    "ema_update",
    "ema-update",
    "a new state that is loaded: buffers are averaged too, and those that are not in the `state_dict` stay as "
    "they were.",
    "09-reinforcement#moving-averages",
)
def by_the_state_dict(ema, model, decay):
    es, ms = (ema.state_dict(), model.state_dict())
    ema.load_state_dict(
        {k: decay * es[k] + (1 - decay) * ms[k] if es[k].dtype.is_floating_point else ms[k] for k in es}
    )


@wrong(
    "ema_update",
    "flag-decides-the-step",
    "parameters of model that are frozen are left out: each parameter is to be averaged.",
    "09-reinforcement#moving-averages",
)
def frozen_parameters_left_out(ema, model, decay):
    with torch.no_grad():
        for e, p in zip(ema.parameters(), model.parameters(), strict=False):
            if p.requires_grad:
                e.mul_(decay).add_(p, alpha=1 - decay)
        for e, b in zip(ema.buffers(), model.buffers(), strict=False):
            e.copy_(b)


@wrong(
    "ema_update",
    "mutates-the-argument",
    "an average that is right, and a model whose parameters were scaled in place.",
    "09-reinforcement#moving-averages",
)
def model_scaled_in_place(ema, model, decay):
    with torch.no_grad():
        for e, p in zip(ema.parameters(), model.parameters(), strict=False):
            p.mul_(1 - decay)
            e.mul_(decay).add_(p)
        for e, b in zip(ema.buffers(), model.buffers(), strict=False):
            e.copy_(b)


@wrong(
    "ema_update",
    "new-parameter-stale-optimizer",
    "new Parameters in the place of the old ones: whoever holds those is left behind.",
    "09-reinforcement#moving-averages",
)
def new_parameters(ema, model, decay):
    for m, s in zip(ema.modules(), model.modules(), strict=False):
        for (n, e), (_, p) in zip(
            list(m.named_parameters(recurse=False)), list(s.named_parameters(recurse=False)), strict=False
        ):
            setattr(m, n, nn.Parameter((decay * e + (1 - decay) * p).detach(), requires_grad=e.requires_grad))
    for e, b in zip(ema.buffers(), model.buffers(), strict=False):
        e.copy_(b)


# freeze


@wrong(
    "freeze",
    "frozen-but-moving",
    "flags alone: the gradient that is there already is applied by the next step, and by every one after it until "
    "someone clears it, and BatchNorm goes on counting.",
    FROZEN,
)
def flags_alone(body):
    body.requires_grad_(False)


@wrong(
    "freeze",
    "frozen-but-moving",
    "flags and `eval()` alone: what is frozen still has its .grad, and the optimizer asks for nothing else.",
    FROZEN,
)
def grad_left_over(body):
    body.requires_grad_(False)
    body.eval()


@wrong(
    "freeze",
    "no_grad-still-updates-batchnorm",
    "flags and a dropped .grad: the parameters stand still, and a BatchNorm layer in training mode goes on updating "
    "its statistics.",
    FROZEN,
)
def statistics_move(body):
    for p in body.parameters():
        p.requires_grad_(False)
        p.grad = None


@wrong(
    "freeze",
    "zero-is-not-none",
    "a .grad of zeros: for momentum and weight decay zeros are a gradient like any other, and the parameters move; "
    "None is skipped.",
    FROZEN,
)
def zeros_left(body):
    for p in body.parameters():
        p.requires_grad_(False)
        p.grad.zero_()
    body.eval()


@wrong(
    "freeze",
    "flag-at-the-wrong-time",
    "`eval()` and a dropped .grad, with the flags left on: one step is skipped, and the next backward fills each "
    ".grad again.",
    FROZEN,
)
def flags_left_on(body):
    body.zero_grad()
    body.eval()


@wrong(
    "freeze",
    "eval-means-no-grad",
    "`eval()` alone: it changes how layers compute, and what learns it does not change.",
    FROZEN,
)
def evaluation_alone(body):
    body.eval()


@wrong(
    "freeze",
    "no_grad-around-frozen-net",
    "a body that runs under `no_grad`, or whose input or output is detached: its parameters get nothing, and "
    "neither does what lies before it.",
    FROZEN,
)
def run_under_no_grad(body):
    for p in body.parameters():
        p.requires_grad_(False)
        p.grad = None
    body.eval()
    forward = body.forward

    def unrecorded(x):
        with torch.no_grad():
            return forward(x)

    body.forward = unrecorded


@wrong(
    "freeze",
    "frozen-but-moving",
    "a step that reaches the direct children alone: a BatchNorm layer that lies deeper goes on as before.",
    FROZEN,
)
def children_alone(body):
    body.requires_grad_(False)
    body.zero_grad()
    for layer in body.children():
        if isinstance(layer, nn.BatchNorm1d):
            layer.eval()


@wrong(
    "freeze",
    "frozen-but-moving",
    "a freeze of the weights: the biases move on.",
    FROZEN,
)
def weights_alone(body):
    for name, p in body.named_parameters():
        if name.endswith("weight"):
            p.requires_grad_(False)
            p.grad = None
    body.eval()


@wrong(
    "freeze",
    "frozen-but-moving",
    "a freeze of every layer but the BatchNorm ones: their weight and bias are parameters too.",
    FROZEN,
)
def norms_left_out(body):
    for layer in body.modules():
        if not isinstance(layer, nn.BatchNorm1d):
            for p in layer.parameters(recurse=False):
                p.requires_grad_(False)
                p.grad = None
    body.eval()


@wrong(
    "freeze",
    "frozen-but-moving",
    "a loop over `body.children()`, with all of each child: parameters of body itself move on, and where body is a "
    "BatchNorm1d nothing is frozen.",
    FROZEN,
)
def children_frozen(body):
    for layer in body.children():
        layer.requires_grad_(False)
        layer.zero_grad()
        layer.eval()


@wrong(
    "freeze",
    "frozen-but-moving",
    "a search for BatchNorm layers among the submodules of body: a body that is one itself goes on updating its "
    "statistics.",
    FROZEN,
)
def submodules_searched(body):
    body.requires_grad_(False)
    body.zero_grad()
    for name, layer in body.named_modules():
        if name and isinstance(layer, nn.BatchNorm1d):
            layer.eval()


@wrong(
    "freeze",
    "frozen-but-moving",
    "a loop over body as over a list: a `Sequential` allows it, any other module raises.",
    FROZEN,
)
def looped_over(body):
    for layer in body:
        layer.requires_grad_(False)
        layer.zero_grad()
        layer.eval()


@wrong(
    "freeze",
    "flag-at-the-wrong-time",
    "flags that are turned over instead of switched off: a second call switches them on again.",
    FROZEN,
)
def flags_turned_over(body):
    for p in body.parameters():
        p.requires_grad_(not p.requires_grad)
        p.grad = None
    body.eval()


@wrong(
    "freeze",
    "zero-is-not-none",
    "hooks that turn each gradient into zeros: the pending step passes the parameters over, and at the next one weight "
    "decay and momentum move them.",
    FROZEN,
)
def zeros_by_hooks(body):
    for p in body.parameters():
        p.register_hook(torch.zeros_like)
        p.grad = None
    body.eval()


@wrong(
    "freeze",
    "remembered-by-object",
    "a body that is remembered as frozen: after its flags were set to True a second call does nothing.",
    "09-patterns#frozen-for-good",
)
def frozen_once_only(body):
    if getattr(body, "frozen", False):
        return
    body.frozen = True
    body.requires_grad_(False)
    body.zero_grad()
    body.eval()


@wrong(
    "freeze",
    "eval-means-no-grad",
    "`body.training = False`: that sets the flag of the outermost module alone, and BatchNorm inside goes on.",
    "09-patterns#frozen-for-good",
)
def flag_of_the_outermost(body):
    body.training = False
    for p in body.parameters():
        p.requires_grad_(False)
        p.grad = None


# ste_round


@wrong(
    "ste_round",
    "zero-gradient-vs-no-gradient",
    "`x.round()`: its graph is there, and its derivative is zero everywhere, so x receives zeros. (So it is with a "
    "sum in which nothing is cut: the parts cancel. A new leaf gives x nothing either.)",
    "09-representation#straight-through",
)
def ste_plain_round(x):
    return x.round()


@wrong(
    "ste_round",
    "cut-the-wrong-operand",
    "a result that is cut as a whole: the values are right, and no path is left for a gradient.",
    "09-representation#straight-through",
)
def ste_all_cut(x):
    return (x + (x.round() - x)).detach()


@wrong(
    "ste_round",
    "straight-through",
    "an expression with the two parts swapped: what comes out is x, not rounded, and the gradient is that of the "
    "rounded part, zero.",
    "09-representation#straight-through",
)
def ste_parts_swapped(x):
    return x.round() + (x - x.round()).detach()


@wrong(
    "ste_round",
    "cut-the-wrong-operand",
    "an expression that is cut in the other x: the values are right, and the gradient arrives with the wrong sign.",
    "09-representation#straight-through",
)
def ste_other_x_cut(x):
    return x.detach() + (x.round() - x)


@wrong(
    "ste_round",
    "data-equals-detach",
    "an edit through `x.data`: it rounds x itself, for everyone who holds it, and autograd does not notice.",
    "03-detach#data-is-not-detach",
)
def ste_x_itself_by_data(x):
    x.data.round_()
    return x


@wrong(
    "ste_round",
    "detach-makes-a-copy",
    "an in-place `round_()` on `x.detach()`: that lies in the memory of x, so x itself is rounded, and a backward "
    "that needs its old values raises.",
    "03-detach#same-memory-new-tensor",
)
def ste_x_itself_by_detach(x):
    rounded = x.detach().round_()
    return x + (rounded - x).detach()


@wrong(
    "ste_round",
    "wrong-formula",
    "`trunc`, or a detour over integers: both cut the digits off, where the nearest whole number was asked for.",
    "09-representation#straight-through",
)
def ste_truncated(x):
    return x + (x.long() - x).detach()


@wrong(
    "ste_round",
    "straight-through",
    "the estimator for a sign: it lets the gradient through between -1 and 1 only. Rounding has no such end.",
    "09-representation#straight-through",
)
def ste_saturated(x):
    inside = (x.abs() <= 1).to(x.dtype)
    return x * inside + (x.round() - x * inside).detach()


@wrong(
    "ste_round",
    "straight-through",
    "a backward that returns ones whatever arrives: identity means that what arrives is handed on.",
    "09-representation#straight-through",
)
def ste_always_ones(x):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.round()

        @staticmethod
        def backward(ctx, grad):
            return torch.ones_like(grad)

    return Round.apply(x)


@wrong(
    "ste_round",
    "wrong-formula",
    "`floor`: it rounds down, where the nearest whole number was asked for.",
    "09-representation#straight-through",
)
def ste_floored(x):
    return x + (x.floor() - x).detach()


@wrong(
    "ste_round",
    "view-of-another-layout",
    "an edit through `view(-1)`: a tensor that is not contiguous has no such view, and the call raises.",
    "09-representation#straight-through",
)
def ste_viewed(x):
    flat = x.view(-1)
    return (flat + (flat.round() - flat).detach()).view(x.shape)


@wrong(
    "ste_round",
    "wrong-formula",
    "a loop over the first dimension: a tensor without dimensions cannot be gone through, and of an empty one nothing "
    "is left to stack.",
    "09-representation#straight-through",
)
def ste_row_by_row(x):
    return torch.stack([row + (row.round() - row).detach() for row in x])


@wrong(
    "ste_round",
    "dtype-changes",
    "a result that is float32 always: a float64 tensor loses digits, and the dtype is another.",
    "09-representation#straight-through",
)
def ste_as_float32(x):
    x = x.float()
    return x + (x.round() - x).detach()


@wrong(
    "ste_round",
    "wrong-formula",
    "a half added and the digits cut off: that rounds positive numbers alone, negative ones end up one too high.",
    "09-representation#straight-through",
)
def ste_half_added(x):
    return x + ((x + 0.5).trunc() - x).detach()


@wrong(
    "ste_round",
    "cached-result",
    "a constant part that is kept on x: an attribute is left there, and after x has changed the part is out of date.",
    "09-representation#straight-through",
)
def ste_rest_kept(x):
    if not hasattr(x, "rest"):
        x.rest = (x.round() - x).detach()
    return x + x.rest


_rounded = {}


@wrong(
    "ste_round",
    "cached-result",
    "one memory for all results of a shape: the next call writes over what an earlier one returned.",
    "09-representation#straight-through",
)
def ste_one_memory(x):
    key = (x.shape, x.dtype)
    if key not in _rounded:
        _rounded[key] = torch.empty(x.shape, dtype=x.dtype)
    result = x * 1
    result.data = _rounded[key].copy_(x.data.round())
    return result


@wrong(
    "ste_round",
    "detach-makes-a-copy",
    "an x that is rounded in place under `no_grad`: the caller's numbers are gone.",
    "09-representation#straight-through",
)
def rounded_in_place_under_no_grad(x):
    with torch.no_grad():
        x.round_()
    return x


@wrong(
    "ste_round",
    "dtype-changes",
    "integers: they have another dtype, and no gradient flows through them.",
    "09-representation#straight-through",
)
def whole_numbers_as_integers(x):
    return x.round().int()


@wrong(
    "ste_round",
    "straight-through",
    "x itself: its own derivative is right, and nothing is rounded, so what is computed from it is another and may "
    "have another gradient.",
    "09-representation#straight-through",
)
def not_rounded(x):
    return x


@wrong(
    "ste_round",
    "straight-through",
    "x times a detached factor: the value is right, and the gradient is multiplied by the factor.",
    "09-representation#straight-through",
)
def factor_for_the_difference(x):
    return x * (x.round() / x).detach()


# vq


def _rows(z, codebook):
    return codebook[torch.cdist(z.detach(), codebook.detach()).argmin(dim=1)]


@wrong(
    "vq",
    "vq-loss-after-ste",
    "a codebook loss computed from `out`: in it the codebook is cut already, so the loss reaches z or nobody, and "
    "the codebook never learns.",
    "09-representation#vector-quantisation",
)
def vq_loss_after_ste(z, codebook):
    rows = _rows(z, codebook)
    out = z + (rows - z).detach()
    return out, F.mse_loss(out, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "straight-through",
    "an `out` that is the chosen rows themselves: its gradient trains the codebook and never reaches the encoder. "
    "(So it is with z plus the difference, if nothing of it is cut.)",
    "09-representation#straight-through",
)
def vq_rows_as_out(z, codebook):
    rows = _rows(z, codebook)
    return rows, F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "straight-through",
    "an `out` in which z is cut once and the rows are not: the gradient reaches z, and the codebook as well.",
    "09-representation#straight-through",
)
def vq_out_trains_both(z, codebook):
    rows = _rows(z, codebook)
    return rows + (z - z.detach()), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "cut-the-wrong-operand",
    "an `out` that is cut as a whole: the decoder's gradient ends there, and the encoder learns from the commitment "
    "loss alone.",
    "09-representation#straight-through",
)
def vq_out_cut(z, codebook):
    rows = _rows(z, codebook)
    return rows.detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "straight-through",
    "a straight-through that is the wrong way round: `out` has the values of z, and its gradient goes to the codebook.",
    "09-representation#straight-through",
)
def vq_ste_reversed(z, codebook):
    rows = _rows(z, codebook)
    return rows + (z - rows).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "cut-the-wrong-operand",
    "two losses that are each cut on the wrong side, or returned in the other order: the codebook loss trains the "
    "encoder, the commitment loss the codebook.",
    "09-representation#vector-quantisation",
)
def vq_losses_swapped(z, codebook):
    rows = _rows(z, codebook)
    return z + (rows - z).detach(), F.mse_loss(z, rows.detach()), F.mse_loss(rows, z.detach())


@wrong(
    "vq",
    "targets-need-no-detach",
    "losses in which nothing is cut: a loss function differentiates both of its arguments, so each of the two trains "
    "codebook and encoder.",
    "03-detach#targets",
)
def vq_losses_attached(z, codebook):
    rows = _rows(z, codebook)
    loss = F.mse_loss(rows, z)
    return z + (rows - z).detach(), loss, loss * 0.25


@wrong(
    "vq",
    "targets-need-no-detach",
    "a commitment loss whose rows are not cut: it trains the codebook too.",
    "09-representation#vector-quantisation",
)
def vq_commit_attached(z, codebook):
    rows = _rows(z, codebook)
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows)


@wrong(
    "vq",
    "no_grad-around-frozen-net",
    "a look-up under `no_grad`, or from `codebook.data`: the rows are constants then, and nothing trains the codebook.",
    "09-representation#vector-quantisation",
)
def vq_rows_without_history(z, codebook):
    with torch.no_grad():
        rows = _rows(z, codebook)
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows)


@wrong(
    "vq",
    "parameter-wrap-cuts",
    "a codebook wrapped in a new `nn.Parameter` or `nn.Embedding`: that is another leaf, which takes the gradient for "
    "itself; the codebook that you were given gets none.",
    "03-detach#a-new-history-can-start",
)
def vq_wrapped(z, codebook):
    rows = _rows(z, torch.nn.Parameter(codebook.detach()))
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "wrong-formula",
    "the largest inner product as the nearest row: it favours long rows; the squared length has to be counted too.",
    "09-representation#vector-quantisation",
)
def vq_largest_product(z, codebook):
    rows = codebook[(z @ codebook.T).argmax(dim=1)]
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "wrong-formula",
    "the largest distance: `argmax` over distances picks the row that is furthest.",
    "09-representation#vector-quantisation",
)
def vq_furthest(z, codebook):
    rows = codebook[torch.cdist(z, codebook).argmax(dim=1)]
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "wrong-formula",
    "distances that are not squared: each row pulls equally hard, however far away it is.",
    "09-representation#vector-quantisation",
)
def vq_not_squared(z, codebook):
    rows = _rows(z, codebook)
    losses = [d.norm(dim=1).mean() for d in (rows - z.detach(), z - rows.detach())]
    return (z + (rows - z).detach(), *losses)


@wrong(
    "vq",
    "wrong-formula",
    "a `squeeze()` without a dimension: where z has one row, or one column, that dimension is gone too.",
    "09-representation#vector-quantisation",
)
def vq_squeezed(z, codebook):
    rows = _rows(z, codebook).squeeze()
    out = z.squeeze() + (rows - z.squeeze()).detach()
    return out, F.mse_loss(rows, z.squeeze().detach()), F.mse_loss(z.squeeze(), rows.detach())


@wrong(
    "vq",
    "view-of-another-layout",
    "a `view(-1)` of z or codebook: a tensor that is not contiguous has no such view, and the call raises.",
    "09-representation#vector-quantisation",
)
def vq_viewed(z, codebook):
    rows = _rows(z, codebook)
    out = (z.view(-1) + (rows.view(-1) - z.view(-1)).detach()).view(z.shape)
    return out, F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "cached-result",
    "an index of the nearest rows that is kept on z: an attribute is left there, and after z has changed it is out of "
    "date.",
    "09-representation#vector-quantisation",
)
def vq_nearest_kept(z, codebook):
    if not hasattr(z, "nearest"):
        z.nearest = torch.cdist(z.detach(), codebook.detach()).argmin(dim=1)
    rows = codebook[z.nearest]
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "hook-changes-all-uses",
    "a hook on the codebook that turns its gradient into zeros: it stays, and the codebook loss gets zeros too.",
    "09-representation#vector-quantisation",
)
def vq_hook_on_the_codebook(z, codebook):
    codebook.register_hook(torch.zeros_like)
    rows = _rows(z, codebook)
    return rows + (z - z.detach()), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows)


@wrong(
    "vq",
    "wrong-formula",
    "the nearest row by another metric, such as the sum of absolute differences: the Euclidean distance is asked for.",
    "09-representation#vector-quantisation",
)
def vq_other_metric(z, codebook):
    rows = codebook[torch.cdist(z.detach(), codebook.detach(), p=1.0).argmin(dim=1)]
    return z + (rows - z).detach(), F.mse_loss(rows, z.detach()), F.mse_loss(z, rows.detach())


@wrong(
    "vq",
    "data-equals-detach",
    "an `out` that is z itself, overwritten through `.data`: the encoder's numbers are lost.",
    "03-detach#data-is-not-detach",
)
def vq_written_into_z(z, codebook):
    rows, old = _rows(z, codebook), z.detach().clone()
    losses = F.mse_loss(rows, old), F.mse_loss(z - z.detach() + old, rows.detach())
    z.data.copy_(rows.data)
    return (z, *losses)


@wrong(
    "vq",
    "wrong-formula",
    "the distance itself: its square is asked for, whose gradient grows with it.",
    "09-representation#vector-quantisation",
)
def distance_not_squared(z, codebook):
    e = codebook[torch.cdist(z, codebook).argmin(1)]
    return (z + (e - z).detach(), (e - z.detach()).norm(), (z - e.detach()).norm())


@wrong(
    "vq",
    "wrong-formula",
    "another number of results, such as two, where the two losses are added up: three are asked for.",
    "09-representation#vector-quantisation",
)
def two_losses_in_one(z, codebook):
    e = codebook[torch.cdist(z, codebook).argmin(1)]
    return (z + (e - z).detach(), F.mse_loss(e, z.detach()) + 0.25 * F.mse_loss(z, e.detach()))


@wrong(
    "vq",
    "wrong-formula",
    "a loss of the distances to all rows of the codebook: only the nearest is to learn.",
    "09-representation#vector-quantisation",
)
def distance_to_every_row(z, codebook):
    e = codebook[torch.cdist(z, codebook).argmin(1)]
    return (z + (e - z).detach(), torch.cdist(z.detach(), codebook).pow(2).mean(), F.mse_loss(z, e.detach()))


# probe_backward


def _score(head, h):
    return head(h).pow(2).mean()


@wrong(
    "probe_backward",
    "two-networks-two-graphs",
    "one backward through everything: b is another module, not another graph, so its loss trains the trunk too. (So "
    "do two backwards with `retain_graph=True`, and a `h.detach()` whose result is thrown away.)",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_attached(trunk, a, b, x):
    h = trunk(x)
    (_score(a, h) + _score(b, h)).backward()


@wrong(
    "probe_backward",
    "cut-the-wrong-operand",
    "a trunk that is cut for both heads: a should train it and cannot. (So it is with a trunk whose only run is under "
    "`no_grad`, or while its parameters are frozen.)",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_cut_for_both(trunk, a, b, x):
    h = trunk(x).detach()
    (_score(a, h) + _score(b, h)).backward()


@wrong(
    "probe_backward",
    "cut-the-wrong-operand",
    "a cut on the wrong head's path: b trains the trunk, and a does not.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_wrong_head_cut(trunk, a, b, x):
    h = trunk(x)
    (_score(a, h.detach()) + _score(b, h)).backward()


@wrong(
    "probe_backward",
    "no_grad-around-frozen-net",
    "b computed under `no_grad`, or its output cut: the trunk is spared, and b does not learn either.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_b_not_recorded(trunk, a, b, x):
    h = trunk(x)
    with torch.no_grad():
        unrecorded = _score(b, h)
    (_score(a, h) + unrecorded).backward()


@wrong(
    "probe_backward",
    "detach-vs-freeze-vs-no_grad",
    "a trunk that is frozen for b and stays frozen: its flags are not as before, and nothing trains it any more.",
    "03-detach#detach-freeze-or-no-grad",
)
def probe_left_frozen(trunk, a, b, x):
    _score(a, trunk(x)).backward()
    trunk.requires_grad_(False)
    _score(b, trunk(x)).backward()


@wrong(
    "probe_backward",
    "detach-vs-freeze-vs-no_grad",
    "flags of trunk that are all True afterwards, whatever they were: what was frozen before is not any more.",
    "03-detach#detach-freeze-or-no-grad",
)
def probe_thawed(trunk, a, b, x):
    _score(a, trunk(x)).backward()
    trunk.requires_grad_(False)
    _score(b, trunk(x)).backward()
    trunk.requires_grad_(True)


@wrong(
    "probe_backward",
    "gradients-accumulate",
    "a step that begins with `zero_grad()`, or sets each .grad to the new gradient: those that were there are lost, "
    "where these were to be added.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_zeroed_first(trunk, a, b, x):
    for module in (trunk, a, b):
        module.zero_grad()
    h = trunk(x)
    (_score(a, h) + _score(b, h.detach())).backward()


@wrong(
    "probe_backward",
    "gradients-accumulate",
    "a `trunk.zero_grad()` between two backwards: it removes what b's loss put there, and with it all that was there "
    "before the call.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_trunk_zeroed_between(trunk, a, b, x):
    h = trunk(x)
    _score(b, h).backward(retain_graph=True)
    trunk.zero_grad()
    _score(a, h).backward()


@wrong(
    "probe_backward",
    "detach_-reaches-back",
    "a `detach_()` on the trunk's output before the backward: a has used it already and saved it, and its backward "
    "refuses a saved tensor that has been cut in place.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_detached_in_place(trunk, a, b, x):
    h = trunk(x)
    loss = _score(a, h)
    (loss + _score(b, h.detach_())).backward()


@wrong(
    "probe_backward",
    "inference-tensor-in-training",
    "features made under `inference_mode`: b cannot save them for its backward, and torch refuses.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_inference_mode(trunk, a, b, x):
    with torch.inference_mode():
        features = trunk(x)
    (_score(a, trunk(x)) + _score(b, features)).backward()


@wrong(
    "probe_backward",
    "wrong-formula",
    "sums of the squares where their means were asked for.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_sums(trunk, a, b, x):
    h = trunk(x)
    (a(h).pow(2).sum() + b(h.detach()).pow(2).sum()).backward()


@wrong(
    "probe_backward",
    "multi-loss",
    "the mean of the two losses: each head gets half of its gradient.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_halved(trunk, a, b, x):
    h = trunk(x)
    ((_score(a, h) + _score(b, h.detach())) / 2).backward()


@wrong(
    "probe_backward",
    "detach-vs-freeze-vs-no_grad",
    "a trunk that is frozen for b, and gets one flag for all its parameters back: where only some were frozen, the "
    "flags are others afterwards.",
    "09-patterns#leave-it-as-you-found-it",
)
def probe_one_flag_for_all(trunk, a, b, x):
    _score(a, trunk(x)).backward()
    flag = next(trunk.parameters()).requires_grad
    trunk.requires_grad_(False)
    _score(b, trunk(x)).backward()
    trunk.requires_grad_(flag)


@wrong(
    "probe_backward",
    "hook-changes-all-uses",
    "hooks on trunk's parameters that turn b's gradient into zeros, and stay: later gradients are zeros too.",
    "09-patterns#leave-it-as-you-found-it",
)
def probe_hooks_left(trunk, a, b, x):
    _score(a, trunk(x)).backward()
    for p in trunk.parameters():
        if p.requires_grad:
            p.register_hook(torch.zeros_like)
    _score(b, trunk(x)).backward()


_features = WeakKeyDictionary()


@wrong(
    "probe_backward",
    "cached-result",
    "features for b that are computed once for each trunk and kept: a later call trains b on old ones.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_features_kept(trunk, a, b, x):
    if trunk not in _features:
        _features[trunk] = trunk(x).detach()
    (_score(a, trunk(x)) + _score(b, _features[trunk])).backward()


@wrong(
    "probe_backward",
    "eval-means-no-grad",
    "modules that are put in training mode: what was in evaluation mode is in another one afterwards.",
    "09-patterns#leave-it-as-you-found-it",
)
def probe_put_in_training_mode(trunk, a, b, x):
    h = trunk.eval()(x)
    trunk.train()
    (_score(a, h) + _score(b, h.detach())).backward()


@wrong(
    "probe_backward",
    "frozen-but-moving",
    "a freeze, for b, of the layers that lie directly in trunk: b's loss trains what lies deeper.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_outer_layers_frozen(trunk, a, b, x):
    _score(a, trunk(x)).backward()
    flags = {p: p.requires_grad for layer in trunk.children() for p in layer.parameters(recurse=False)}
    for p in flags:
        p.requires_grad_(False)
    _score(b, trunk(x)).backward()
    for p, flag in flags.items():
        p.requires_grad_(flag)


@wrong(
    "probe_backward",
    "gradients-accumulate",
    "a backward of both losses and one of a's loss again: what a's loss gives is added twice to a and trunk.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def probe_a_twice(trunk, a, b, x):
    h = trunk(x)
    loss = _score(a, h)
    (loss + _score(b, h.detach())).backward(retain_graph=True)
    loss.backward()


@wrong(
    "probe_backward",
    "retain-graph-as-a-fix",
    "two backwards through one trunk: the second meets a graph that the first has freed. It should not go there "
    "at all.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def second_backward_through_the_trunk(trunk, a, b, x):
    h = trunk(x)
    a(h).pow(2).mean().backward()
    b(h).pow(2).mean().backward()


@wrong(
    "probe_backward",
    "multi-loss",
    "losses that are computed and sent nowhere: without a backward nobody gets a gradient.",
    "09-representation#a-probe-on-a-shared-trunk",
)
def losses_not_sent_back(trunk, a, b, x):
    h = trunk(x)
    return a(h).pow(2).mean() + b(h.detach()).pow(2).mean()


# simsiam_loss


def _apart(p, z):
    return -F.cosine_similarity(p, z, dim=1).mean()


@wrong(
    "simsiam_loss",
    "targets-need-no-detach",
    "a loss in which nothing is cut: enc learns through both sides, and moves every z to where the p are. (So does a "
    "`z.detach()` whose result is thrown away.)",
    "09-representation#two-views-one-stop",
)
def simsiam_no_stop(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return (_apart(pred(z1), z2) + _apart(pred(z2), z1)) / 2


@wrong(
    "simsiam_loss",
    "cut-the-wrong-operand",
    "a loss in which p is cut and z is not: the target moves to the prediction, and pred never learns.",
    "09-representation#two-views-one-stop",
)
def simsiam_p_cut(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return (_apart(pred(z1).detach(), z2) + _apart(pred(z2).detach(), z1)) / 2


@wrong(
    "simsiam_loss",
    "no_grad-around-frozen-net",
    "one cut for every use of z, or enc under `no_grad`: pred learns, and enc, which is what you want to train, does "
    "not.",
    "09-representation#two-views-one-stop",
)
def simsiam_encoder_cut(enc, pred, x1, x2):
    z1, z2 = enc(x1).detach(), enc(x2).detach()
    return (_apart(pred(z1), z2) + _apart(pred(z2), z1)) / 2


@wrong(
    "simsiam_loss",
    "cut-the-wrong-operand",
    "a loss that is cut on one of its two sides: the other term still trains enc through its target.",
    "09-representation#two-views-one-stop",
)
def simsiam_one_side(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return (_apart(pred(z1), z2.detach()) + _apart(pred(z2), z1)) / 2


@wrong(
    "simsiam_loss",
    "root-has-no-grad-fn",
    "a loss that is cut on both sides: nothing in it requires grad.",
    "03-detach#errors-you-will-meet",
)
def simsiam_both_cut(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return (_apart(pred(z1).detach(), z2.detach()) + _apart(pred(z2).detach(), z1.detach())) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "a p that is compared with the z of its own view: the two views never meet.",
    "09-representation#two-views-one-stop",
)
def simsiam_same_view(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return (_apart(pred(z1), z1.detach()) + _apart(pred(z2), z2.detach())) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "one of the two terms alone: the second view is compared with, and predicts nothing.",
    "09-representation#two-views-one-stop",
)
def simsiam_one_term(enc, pred, x1, x2):
    return _apart(pred(enc(x1)), enc(x2).detach())


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "a loss without its minus sign: it drives the two views apart.",
    "09-representation#two-views-one-stop",
)
def simsiam_no_minus(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return -(_apart(pred(z1), z2.detach()) + _apart(pred(z2), z1.detach())) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "a sum of the two terms that is not halved.",
    "09-representation#two-views-one-stop",
)
def simsiam_not_halved(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return _apart(pred(z1), z2.detach()) + _apart(pred(z2), z1.detach())


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "an inner product of vectors that are not normalised: a cosine does not depend on their lengths.",
    "09-representation#two-views-one-stop",
)
def simsiam_not_normalised(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    return -((pred(z1) * z2.detach()).sum(dim=1).mean() + (pred(z2) * z1.detach()).sum(dim=1).mean()) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "a cosine along the batch: the similarity is that of two rows, along the last dimension.",
    "09-representation#two-views-one-stop",
)
def simsiam_along_the_batch(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    terms = [F.cosine_similarity(p, z.detach(), dim=0).mean() for p, z in ((pred(z1), z2), (pred(z2), z1))]
    return -sum(terms) / 2


@wrong(
    "simsiam_loss",
    "detach_-mutates-the-caller",
    "a `z.detach_()`: it cuts z for pred too, which has used it; what pred saved of it can no longer be used.",
    "09-representation#two-views-one-stop",
)
def simsiam_cut_in_place(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    p1, p2 = pred(z1), pred(z2)
    return (_apart(p1, z2.detach_()) + _apart(p2, z1.detach_())) / 2


@wrong(
    "simsiam_loss",
    "flag-on-interior",
    "`z.requires_grad_(False)`: z is the result of an operation, and torch changes the flag of leaves only.",
    "03-detach#detach-freeze-or-no-grad",
)
def simsiam_flag_on_z(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    p1, p2 = pred(z1), pred(z2)
    return (_apart(p1, z2.requires_grad_(False)) + _apart(p2, z1.requires_grad_(False))) / 2


@wrong(
    "simsiam_loss",
    "detach-vs-freeze-vs-no_grad",
    "flags of enc that are all True afterwards, whatever they were: what was frozen before is not any more.",
    "09-patterns#leave-it-as-you-found-it",
)
def simsiam_thawed(enc, pred, x1, x2):
    enc.requires_grad_(False)
    t1, t2 = enc(x1), enc(x2)
    enc.requires_grad_(True)
    return (_apart(pred(enc(x1)), t2) + _apart(pred(enc(x2)), t1)) / 2


_goals = WeakKeyDictionary()


@wrong(
    "simsiam_loss",
    "cached-result",
    "targets that are computed once for each enc and kept: a later call compares with old ones.",
    "09-representation#two-views-one-stop",
)
def simsiam_targets_kept(enc, pred, x1, x2):
    if enc not in _goals:
        _goals[enc] = enc(x1).detach(), enc(x2).detach()
    t1, t2 = _goals[enc]
    return (_apart(pred(enc(x1)), t2) + _apart(pred(enc(x2)), t1)) / 2


@wrong(
    "simsiam_loss",
    "detach-makes-a-copy",
    "a target that is normalised in place through `z.detach()`: it lies in the memory of z, which pred has saved.",
    "03-detach#same-memory-new-tensor",
)
def simsiam_normalised_in_place(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    p1, p2 = pred(z1), pred(z2)
    for z in (z1, z2):
        fixed = z.detach()
        fixed.div_(fixed.norm(dim=1, keepdim=True))
    return (_apart(p1, z2.detach()) + _apart(p2, z1.detach())) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "the cosine of the mean rows: the mean of the cosines was asked for, which is the same for a single row only.",
    "09-representation#two-views-one-stop",
)
def simsiam_mean_first(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    terms = [F.cosine_similarity(p.mean(0), z.detach().mean(0), dim=0) for p, z in ((pred(z1), z2), (pred(z2), z1))]
    return -sum(terms) / 2


@wrong(
    "simsiam_loss",
    "eval-means-no-grad",
    "modules that are put in training mode: what was in evaluation mode is in another one afterwards.",
    "09-patterns#leave-it-as-you-found-it",
)
def simsiam_put_in_training_mode(enc, pred, x1, x2):
    z1, z2 = enc.train()(x1), enc(x2)
    return (_apart(pred.train()(z1), z2.detach()) + _apart(pred(z2), z1.detach())) / 2


@wrong(
    "simsiam_loss",
    "hook-left-behind",
    "a hook that stays on a module, such as one that catches what enc returns: every later forward runs it.",
    "09-patterns#leave-it-as-you-found-it",
)
def simsiam_hook_left(enc, pred, x1, x2):
    found = []
    enc.register_forward_hook(lambda module, given, z: found.append(z))
    p1, p2 = pred(enc(x1)), pred(enc(x2))
    return (_apart(p1, found[1].detach()) + _apart(p2, found[0].detach())) / 2


@wrong(
    "simsiam_loss",
    "detach-vs-freeze-vs-no_grad",
    "a stop by freezing the encoder and setting all of it to learn after that: what was frozen before learns from "
    "now on.",
    "09-patterns#leave-it-as-you-found-it",
)
def encoder_set_to_learn(enc, pred, x1, x2):
    z1, z2 = (enc(x1), enc(x2))
    p1, p2 = (pred(z1), pred(z2))
    enc.requires_grad_(False)
    t1, t2 = (enc(x1), enc(x2))
    enc.requires_grad_(True)
    return -(F.cosine_similarity(p1, t2).mean() + F.cosine_similarity(p2, t1).mean()) / 2


@wrong(
    "simsiam_loss",
    "wrong-formula",
    "a mean squared error: the negative cosine similarity is asked for.",
    "09-representation#two-views-one-stop",
)
def squared_error(enc, pred, x1, x2):
    z1, z2 = (enc(x1), enc(x2))
    return (F.mse_loss(pred(z1), z2.detach()) + F.mse_loss(pred(z2), z1.detach())) / 2


# ppo_loss


def _surrogate(ratio, adv, eps):
    return -torch.minimum(ratio * adv, ratio.clamp(1 - eps, 1 + eps) * adv).mean()


@wrong(
    "ppo_loss",
    "targets-need-no-detach",
    "a loss in which old_logp and adv are attached: their gradient trains whatever they were computed by.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_nothing_cut(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp).exp(), adv, eps)


@wrong(
    "ppo_loss",
    "advantage-attached / dead-critic",
    "a loss whose advantage is attached: the policy's loss trains the critic.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_advantage_attached(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp.detach()).exp(), adv, eps)


@wrong(
    "ppo_loss",
    "ppo-ratio",
    "a ratio whose old_logp is attached: the gradient that logp receives goes to old_logp too, with the other sign, "
    "and where both come from one network the two cancel.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_old_attached(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp).exp(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "ppo-ratio",
    "a ratio that is cut as a whole: it is the only path to logp.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_ratio_cut(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp).exp().detach(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "cut-the-wrong-operand",
    "a ratio in which logp is cut and old_logp is not: the old policy is trained, the new one is not.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_logp_cut(logp, old_logp, adv, eps):
    return _surrogate((logp.detach() - old_logp).exp(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "ppo-ratio",
    "`logp.detach()` in the place of old_logp: the ratio is 1 always, so nothing is ever clipped. That fits the first "
    "pass over a batch alone.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_ratio_always_one(logp, old_logp, adv, eps):
    return _surrogate((logp - logp.detach()).exp(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "wrong-formula",
    "the clipped term alone: without the minimum, a ratio that has moved the wrong way gets no gradient back.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_clipped_only(logp, old_logp, adv, eps):
    return -((logp - old_logp.detach()).exp().clamp(1 - eps, 1 + eps) * adv.detach()).mean()


@wrong(
    "ppo_loss",
    "wrong-formula",
    "the product without any clipping.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_not_clipped(logp, old_logp, adv, eps):
    return -((logp - old_logp.detach()).exp() * adv.detach()).mean()


@wrong(
    "ppo_loss",
    "wrong-formula",
    "the larger of the two terms: the minus sign stands outside, so the smaller is asked for.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_larger_term(logp, old_logp, adv, eps):
    ratio, fixed = (logp - old_logp.detach()).exp(), adv.detach()
    return -torch.maximum(ratio * fixed, ratio.clamp(1 - eps, 1 + eps) * fixed).mean()


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a loss without its minus sign: it makes good actions rarer.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_no_minus(logp, old_logp, adv, eps):
    return -_surrogate((logp - old_logp.detach()).exp(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a ratio without the exponential: a difference of logarithms is the logarithm of the ratio.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_no_exponential(logp, old_logp, adv, eps):
    return _surrogate(logp - old_logp.detach(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a sum where the mean was asked for.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_summed(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp.detach()).exp(), adv.detach(), eps) * len(adv)


@wrong(
    "ppo_loss",
    "detach_-mutates-the-caller",
    "a `detach_()` of old_logp or adv: it cuts the caller's tensor itself, for every other use too, and a view refuses "
    "it.",
    "04-detach-in-place#one-tensor-every-name",
)
def ppo_cut_in_place(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp.detach_()).exp(), adv.detach_(), eps)


@wrong(
    "ppo_loss",
    "flag-on-interior",
    "`requires_grad_(False)` on old_logp or adv: a leaf of the caller loses its flag, and torch refuses it on the "
    "result of an operation.",
    "03-detach#detach-freeze-or-no-grad",
)
def ppo_flag_off(logp, old_logp, adv, eps):
    return _surrogate((logp - old_logp.requires_grad_(False)).exp(), adv.requires_grad_(False), eps)


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a sign of adv by division, `adv / adv.abs()`: where an advantage is 0, the loss is NaN.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_sign_by_division(logp, old_logp, adv, eps):
    ratio, fixed = (logp - old_logp.detach()).exp(), adv.detach()
    return -torch.minimum(ratio * fixed, (1 + eps * fixed / fixed.abs()) * fixed).mean()


@wrong(
    "ppo_loss",
    "data-equals-detach",
    "an edit in place through `.data` or `.detach()`: the caller's old_logp holds other numbers afterwards.",
    "03-detach#data-is-not-detach",
)
def ppo_written_into_old_logp(logp, old_logp, adv, eps):
    old = old_logp.data.exp_()
    return _surrogate(logp.exp() / old.clone(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "cached-result",
    "an old_logp that is copied at the first call and kept on it: an attribute is left there, and after old_logp has "
    "changed the copy is out of date.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_old_kept(logp, old_logp, adv, eps):
    if not hasattr(old_logp, "fixed"):
        old_logp.fixed = old_logp.detach().clone()
    return _surrogate((logp - old_logp.fixed).exp(), adv.detach(), eps)


@wrong(
    "ppo_loss",
    "hook-changes-all-uses",
    "hooks on old_logp and adv that turn their gradient into zeros: they stay on the caller's tensors, and change what "
    "comes through every other use.",
    "09-reinforcement#the-clipped-ratio",
)
def ppo_hooks_left(logp, old_logp, adv, eps):
    for tensor in (old_logp, adv):
        if tensor.requires_grad:
            tensor.register_hook(torch.zeros_like)
    return _surrogate((logp - old_logp).exp(), adv, eps)


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a quotient of the logarithms: the ratio is the exponential of their difference.",
    "09-reinforcement#the-clipped-ratio",
)
def ratio_of_logarithms(logp, old_logp, adv, eps):
    r = logp / old_logp.detach()
    a = adv.detach()
    return -torch.min(r * a, r.clamp(1 - eps, 1 + eps) * a).mean()


@wrong(
    "ppo_loss",
    "cut-the-wrong-operand",
    "a ratio that is detached: the value is right, and logp learns nothing.",
    "09-reinforcement#the-clipped-ratio",
)
def ratio_detached(logp, old_logp, adv, eps):
    r = (logp - old_logp).detach().exp()
    a = adv.detach()
    return -torch.min(r * a, r.clamp(1 - eps, 1 + eps) * a).mean() + 0 * logp.sum()


@wrong(
    "ppo_loss",
    "wrong-formula",
    "the smaller of two means: the minimum is taken for each action.",
    "09-reinforcement#the-clipped-ratio",
)
def minimum_of_the_means(logp, old_logp, adv, eps):
    r = (logp - old_logp.detach()).exp()
    a = adv.detach()
    return -torch.min((r * a).mean(), (r.clamp(1 - eps, 1 + eps) * a).mean())


@wrong(
    "ppo_loss",
    "wrong-formula",
    "a ratio that is clipped to -eps and eps: it is to stay near 1.",
    "09-reinforcement#the-clipped-ratio",
)
def clipped_around_zero(logp, old_logp, adv, eps):
    r = (logp - old_logp.detach()).exp()
    a = adv.detach()
    return -torch.min(r * a, r.clamp(-eps, eps) * a).mean()


@wrong(
    "ppo_loss",
    "python-math-cuts-graph",
    "a Python number: nothing can be sent back from it.",
    "09-reinforcement#the-clipped-ratio",
)
def loss_as_a_number(logp, old_logp, adv, eps):
    r = (logp - old_logp.detach()).exp()
    a = adv.detach()
    return -torch.min(r * a, r.clamp(1 - eps, 1 + eps) * a).mean().item()
