"""Other right answers to 09-patterns: each reaches the behaviour in another way."""

import copy

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from gradstop.course import right

# gan_d_backward


@right("gan_d_backward")
def fake_under_no_grad(G, D, real, z):
    with torch.no_grad():
        fake = G(z)
    criterion = nn.BCEWithLogitsLoss()
    on_real, on_fake = D(real), D(fake)
    loss = criterion(on_real, torch.ones_like(on_real)) + criterion(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    return loss.item()


@right("gan_d_backward")
def backward_for_d_alone(G, D, real, z):
    loss = F.softplus(-D(real)).mean() + F.softplus(D(G(z))).mean()
    loss.backward(inputs=list(D.parameters()))
    return loss


@right("gan_d_backward")
def two_backwards(G, D, real, z):
    on_real, on_fake = D(real), D(G(z).detach())
    errors = [
        F.binary_cross_entropy_with_logits(on_real, torch.ones(len(real), 1)),
        F.binary_cross_entropy_with_logits(on_fake, torch.zeros(len(z), 1)),
    ]
    for error in errors:
        error.backward()
    return sum(error.item() for error in errors)


@right("gan_d_backward")
def gradients_by_hand(G, D, real, z):
    logits = torch.cat([D(real), D(G(z))])
    labels = torch.cat([torch.ones(len(real), 1), torch.zeros(len(z), 1)])
    loss = 2 * F.binary_cross_entropy_with_logits(logits, labels)
    grads = torch.autograd.grad(loss, list(D.parameters()))
    for p, grad in zip(D.parameters(), grads, strict=True):
        p.grad = grad if p.grad is None else p.grad + grad
    return loss


@right("gan_d_backward")
def flags_of_g_put_back(G, D, real, z):
    flags = [p.requires_grad for p in G.parameters()]
    for p in G.parameters():
        p.requires_grad_(False)
    p_real, p_fake = torch.sigmoid(D(real)), torch.sigmoid(D(G(z)))
    loss = -(p_real.log().mean() + (1 - p_fake).log().mean())
    loss.backward()
    for p, flag in zip(G.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return loss.detach()


@right("gan_d_backward")
def grads_of_g_put_aside(G, D, real, z):
    kept = [p.grad for p in G.parameters()]
    for p in G.parameters():
        p.grad = None
    on_real, on_fake = D(real), D(G(z))
    loss = F.binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    loss = loss + F.binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake))
    loss.backward()
    for p, grad in zip(G.parameters(), kept, strict=True):
        p.grad = grad
    return loss


@right("gan_d_backward")
def g_as_a_copy(G, D, real, z):
    fake = copy.deepcopy(G).requires_grad_(False)(z)
    loss = -F.logsigmoid(D(real)).mean() - F.logsigmoid(-D(fake)).mean()
    loss.backward()
    return loss


@right("gan_d_backward")
def hook_on_a_copy_of_the_fakes(G, D, real, z):
    kept = [None if p.grad is None else p.grad.clone() for p in G.parameters()]
    fake = G(z).clone()
    fake.register_hook(torch.zeros_like)
    loss = -F.logsigmoid(D(real)).mean() - F.logsigmoid(-D(fake)).mean()
    loss.backward()
    for p, grad in zip(G.parameters(), kept, strict=True):
        p.grad = grad
    return loss


@right("gan_d_backward")
def gradient_of_a_function_of_d(G, D, real, z):
    fake = G(z).data

    def loss_of(parameters):
        on_real, on_fake = (functional_call(D, parameters, (rows,)) for rows in (real, fake))
        return F.softplus(-on_real).mean() + F.softplus(on_fake).mean()

    named = dict(D.named_parameters())
    grads, loss = torch.func.grad_and_value(loss_of)({name: p.detach() for name, p in named.items()})
    for name, grad in grads.items():
        named[name].grad = grad if named[name].grad is None else named[name].grad + grad
    return loss


# gan_g_backward


@right("gan_g_backward")
def backward_for_g_alone(G, D, z):
    logits = D(G(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    loss.backward(inputs=list(G.parameters()))
    return loss


@right("gan_g_backward")
def flags_of_d_put_back(G, D, z):
    flags = {p: p.requires_grad for p in D.parameters()}
    try:
        D.requires_grad_(False)
        loss = F.softplus(-D(G(z))).mean()
        loss.backward()
    finally:
        for p, flag in flags.items():
            p.requires_grad = flag
    return loss.item()


@right("gan_g_backward")
def d_as_a_function(G, D, z):
    constants = {name: p.detach() for name, p in D.named_parameters()}
    logits = functional_call(D, constants, (G(z),))
    nn.BCEWithLogitsLoss()(logits, torch.ones(len(z), 1)).backward()


@right("gan_g_backward")
def copy_of_d(G, D, z):
    judge = copy.deepcopy(D)
    (-F.logsigmoid(judge(G(z))).mean()).backward()


@right("gan_g_backward")
def copies_of_the_grads(G, D, z):
    kept = [None if p.grad is None else p.grad.clone() for p in D.parameters()]
    (-torch.sigmoid(D(G(z))).log().mean()).backward()
    for p, grad in zip(D.parameters(), kept, strict=True):
        p.grad = grad


@right("gan_g_backward")
def in_two_halves(G, D, z):
    fake = G(z)
    cut = fake.detach().requires_grad_()
    loss = F.softplus(-D(cut)).mean()
    (grad,) = torch.autograd.grad(loss, cut)
    fake.backward(grad)
    return loss


@right("gan_g_backward")
def flags_off_at_the_backward(G, D, z):
    loss = F.softplus(-D(G(z))).mean()
    learning = [p for p in D.parameters() if p.requires_grad]
    for p in learning:
        p.requires_grad_(False)
    loss.backward()
    for p in learning:
        p.requires_grad_(True)


@right("gan_g_backward")
def grads_of_g_by_hand(G, D, z):
    logits = D(G(z))
    loss = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    parameters = [p for p in G.parameters() if p.requires_grad]
    for p, grad in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        p.grad = grad if p.grad is None else p.grad + grad
    return loss.item()


@right("gan_g_backward")
def gradient_of_a_function_of_g(G, D, z):
    def loss_of(parameters):
        return F.softplus(-D(functional_call(G, parameters, (z,)))).mean()

    named = dict(G.named_parameters())
    for name, found in torch.func.grad(loss_of)({name: p.detach() for name, p in named.items()}).items():
        named[name].grad = found if named[name].grad is None else named[name].grad + found


@right("gan_g_backward")
def hooks_on_d_taken_off(G, D, z):
    hooks = [p.register_hook(torch.zeros_like) for p in D.parameters() if p.requires_grad]
    logits = D(G(z))
    nn.BCEWithLogitsLoss()(logits, torch.ones_like(logits)).backward()
    for hook in hooks:
        hook.remove()


# td_loss


@right("td_loss")
def library_loss_and_detach(q, q_target, s, a, r, s2, done):
    target = r + 0.9 * (1 - done) * q_target(s2).max(dim=1).values
    return F.mse_loss(q(s)[torch.arange(len(a)), a], target.detach())


@right("td_loss")
def one_hot_prediction(q, q_target, s, a, r, s2, done):
    values = q(s)
    chosen = (values * F.one_hot(a, values.shape[1])).sum(1)
    with torch.no_grad():
        best, _ = q_target(s2).max(1)
        target = torch.where(done.bool(), r, r + 0.9 * best)
    return (chosen - target).pow(2).mean()


@right("td_loss")
def frozen_copy_of_the_target(q, q_target, s, a, r, s2, done):
    fixed = copy.deepcopy(q_target).requires_grad_(False)
    target = (r + 0.9 * (1 - done) * fixed(s2).amax(1)).unsqueeze(1)
    return F.mse_loss(q(s).gather(1, a.unsqueeze(1)), target)


@right("td_loss")
def target_with_constant_parameters(q, q_target, s, a, r, s2, done):
    constants = {name: p.detach() for name, p in q_target.named_parameters()}
    best = functional_call(q_target, constants, (s2,)).topk(1, dim=1).values[:, 0]
    error = q(s).gather(1, a[:, None])[:, 0] - r - 0.9 * best * (1 - done)
    return error @ error / len(error)


@right("td_loss")
def target_flags_put_back(q, q_target, s, a, r, s2, done):
    flags = [p.requires_grad for p in q_target.parameters()]
    q_target.requires_grad_(False)
    target = r + 0.9 * (1 - done) * q_target(s2).max(1)[0]
    for p, flag in zip(q_target.parameters(), flags, strict=True):
        p.requires_grad_(flag)
    return ((q(s).gather(1, a.view(-1, 1)).squeeze(1) - target) ** 2).mean()


@right("td_loss")
def target_in_inference_mode(q, q_target, s, a, r, s2, done):
    with torch.inference_mode():
        target = r + 0.9 * (1 - done) * q_target(s2).max(1).values
    return (q(s)[range(len(a)), a] - target).square().mean()


@right("td_loss")
def target_by_numbers(q, q_target, s, a, r, s2, done):
    best = [max(row) for row in q_target(s2).tolist()]
    target = torch.tensor([x + (0.0 if end else 0.9 * y) for x, y, end in zip(r, best, done, strict=True)])
    return torch.stack([(row[i] - y) ** 2 for row, i, y in zip(q(s), a, target, strict=True)]).mean()


@right("td_loss")
def gradient_attached_afterwards(q, q_target, s, a, r, s2, done):
    chosen = q(s).flatten()[torch.arange(len(a)) * q(s).shape[1] + a]
    with torch.no_grad():
        error = chosen - (r + 0.9 * (1 - done) * q_target(s2).max(1).values)
    return error.square().mean() + (2 * error / len(error) * (chosen - chosen.detach())).sum()


@right("td_loss")
def target_with_a_hook(q, q_target, s, a, r, s2, done):
    best = q_target(s2).max(1).values * 1
    if best.requires_grad:
        best.register_hook(torch.zeros_like)
    chosen = torch.einsum("ba,ba->b", q(s), F.one_hot(a, q(s).shape[1]).float())
    return F.mse_loss(chosen, torch.addcmul(r, 0.9 - 0.9 * done, best))


# actor_critic_losses


@right("actor_critic_losses")
def advantage_under_no_grad(logp, value, returns):
    with torch.no_grad():
        advantage = returns - value
    return -(logp * advantage).mean(), F.mse_loss(value, returns.detach())


@right("actor_critic_losses")
def one_difference_two_uses(logp, value, returns):
    advantage = returns.detach() - value
    return -(logp * advantage.detach()).mean(), advantage.pow(2).mean()


@right("actor_critic_losses")
def dot_products(logp, value, returns):
    goal, baseline = returns.data, value.data
    error = value - goal
    return logp @ (baseline - goal) / len(logp), error @ error / len(error)


@right("actor_critic_losses")
def constants_by_numbers(logp, value, returns):
    goal = torch.tensor(returns.tolist())
    advantage = goal - torch.tensor(value.tolist())
    return [(-advantage * logp).mean(), (value - goal).square().sum() / value.numel()]


@right("actor_critic_losses")
def surrogate_of_the_gradient(logp, value, returns):
    goal = returns.clone().detach()
    advantage = goal - value
    policy_loss = -(logp * advantage).mean()
    leak = -(logp.detach() * advantage).mean()
    return policy_loss - leak + leak.detach(), nn.MSELoss()(value, goal)


@right("actor_critic_losses")
def hooks_on_copies(logp, value, returns):
    def fixed(tensor):
        copied = tensor * 1
        if copied.requires_grad:
            copied.register_hook(torch.zeros_like)
        return copied

    goal = fixed(returns)
    return -(logp * (goal - fixed(value))).mean(), (value - goal).square().mean()


@right("actor_critic_losses")
def gradients_attached_afterwards(logp, value, returns):
    with torch.no_grad():
        advantage = returns - value
        losses = -(logp * advantage).mean(), advantage.square().mean()
    slopes = -advantage / len(advantage), -2 * advantage / len(advantage)
    moves = [tensor - tensor.detach() for tensor in (logp, value)]
    return tuple(loss + slope @ move for loss, slope, move in zip(losses, slopes, moves, strict=True))


# ema_update


@right("ema_update")
def by_state_dict(ema, model, decay):
    with torch.no_grad():
        averages = dict(model.state_dict())
        for name, p in ema.named_parameters(remove_duplicate=False):
            averages[name] = decay * p + (1 - decay) * averages[name]
        ema.load_state_dict(averages)
        source = dict(model.named_buffers())
        for name, buffer in ema.named_buffers():  # those too that are no part of a state_dict
            buffer.copy_(source[name])


@right("ema_update")
@torch.no_grad()
def mul_then_add(ema, model, decay):
    source = dict(model.named_parameters())
    for name, p in ema.named_parameters():
        p.mul_(decay).add_(source[name], alpha=1 - decay)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@right("ema_update")
def through_data(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p.data = decay * p.data + (1 - decay) * q.data
    for p, q in zip(ema.buffers(), model.buffers(), strict=True):
        p.data.copy_(q.data)


@right("ema_update")
def through_detached_aliases(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        p.detach().lerp_(q.detach(), 1 - decay)
    for mine, its in zip(ema.modules(), model.modules(), strict=True):
        for name, buffer in its.named_buffers(recurse=False):
            setattr(mine, name, buffer.clone())


@right("ema_update")
def all_at_once(ema, model, decay):
    with torch.no_grad():
        mine = [p.detach() for p in ema.parameters()]
        torch._foreach_mul_(mine, decay)
        torch._foreach_add_(mine, list(model.parameters()), alpha=1 - decay)
        if buffers := list(ema.buffers()):
            torch._foreach_copy_(buffers, list(model.buffers()))


@right("ema_update")
def through_the_averaging_helper(ema, model, decay):
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    average(list(ema.parameters()), list(model.parameters()), 0)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.copy_(its)


@right("ema_update")
def flags_off_and_on(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        flag = p.requires_grad
        p.requires_grad_(False).copy_(decay * p + (1 - decay) * q.detach())
        p.requires_grad_(flag)
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.set_(its.clone())


@right("ema_update")
def module_by_module(ema, model, decay):
    seen = set()
    with torch.no_grad():
        for mine, its in zip(ema.modules(), model.modules(), strict=True):
            for name, p in mine._parameters.items():
                if p is not None and p not in seen:
                    p.copy_(torch.add(decay * p, its._parameters[name], alpha=1 - decay))
                    seen.add(p)
            for name, buffer in mine._buffers.items():
                if buffer is not None:
                    buffer.copy_(its._buffers[name])


@right("ema_update")
def as_numpy_arrays(ema, model, decay):
    for p, q in zip(ema.parameters(), model.parameters(), strict=True):
        numbers = p.detach().numpy()
        numbers[...] = decay * numbers + (1 - decay) * q.detach().numpy()
    for mine, its in zip(ema.buffers(), model.buffers(), strict=True):
        mine.numpy()[...] = its.numpy()


@right("ema_update")
def new_memory_for_each_parameter(ema, model, decay):
    for e, p in zip(ema.parameters(), model.parameters(), strict=False):
        e.data = decay * e + (1 - decay) * p
    for e, b in zip(ema.buffers(), model.buffers(), strict=False):
        e.copy_(b)


# freeze


@right("freeze")
def one_parameter_at_a_time(body):
    body.eval()
    for p in body.parameters():
        p.requires_grad = False
        p.grad = None


@right("freeze")
def norms_alone_evaluate(body):
    for module in body.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.eval()
    body.zero_grad(set_to_none=True)
    body.requires_grad_(False)


@right("freeze")
def statistics_without_momentum(body):
    for module in body.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.momentum = 0.0
    for p in body.parameters():
        p.detach_().grad = None


@right("freeze")
def statistics_not_tracked(body):
    for module in body.modules():
        if hasattr(module, "track_running_stats"):
            module.track_running_stats = False
    for p in body.parameters():
        p.requires_grad_(False)
        del p.grad


@right("freeze")
def parameters_made_anew(body):
    for module in body.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            setattr(module, name, nn.Parameter(p.detach().clone(), requires_grad=False))
    body.train(False)


@right("freeze")
def grads_dropped_as_they_come(body):
    def drop(p):
        p.grad = None

    for p in body.parameters():
        drop(p)
        p.register_post_accumulate_grad_hook(drop)
    body.eval()


@right("freeze")
def parameters_become_buffers(body):
    for module in body.modules():
        for name, p in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, p.detach().clone())
    body.eval()


@right("freeze")
def statistics_put_back(body):
    def put_back(layer, statistics):
        def hook(module, given, result):
            for name, old in statistics.items():
                setattr(layer, name, old.clone())

        layer.register_forward_hook(hook)

    for layer in body.modules():
        if isinstance(layer, nn.BatchNorm1d):
            put_back(layer, {name: buffer.clone() for name, buffer in layer.named_buffers()})
    for p in body.parameters():
        p.requires_grad, p.grad = False, None


@right("freeze")
def evaluates_whenever_it_runs(body):
    body.register_forward_pre_hook(lambda module, given: module.eval() and None)
    body.apply(lambda module: module.requires_grad_(False))
    for p in body.parameters():
        p.grad = None


@right("freeze")
def statistics_no_longer_tracked(body):
    for p in body.parameters():
        p.requires_grad_(False)
        p.grad = None
    for m in body.modules():
        if isinstance(m, nn.BatchNorm1d):
            m.track_running_stats = False


@right("freeze")
def momentum_of_the_statistics_zero(body):
    for p in body.parameters():
        p.grad = None
        p.requires_grad = False
    for m in body.modules():
        if isinstance(m, nn.BatchNorm1d):
            m.momentum = 0.0


# ste_round


@right("ste_round")
def ste_exact_value(x):
    return x.round().detach() + (x - x.detach())


@right("ste_round")
def ste_round_left_attached(x):
    return x + x.round() - x.detach()


@right("ste_round")
def ste_custom_function(x):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return torch.round(x)

        @staticmethod
        def backward(ctx, grad):
            return grad

    return Round.apply(x)


@right("ste_round")
def ste_rest_under_no_grad(x):
    with torch.no_grad():
        rest = torch.round(x) - x
    return x + rest


@right("ste_round")
def ste_clone_edited_through_an_alias(x):
    result = x.clone()
    result.detach().round_()
    return result


@right("ste_round")
def ste_numbers_through_data(x):
    result = x * 1
    result.data = result.data.round()
    return result


@right("ste_round")
def ste_half_up(x):
    return x - (x - torch.floor(x + 0.5)).detach()


@right("ste_round")
def ste_gradient_by_an_inner_product(x):
    with torch.no_grad():
        rounded = torch.round(x)
    return torch.addcmul(rounded, torch.ones_like(x), x - x.detach())


@right("ste_round")
def ste_x_rounded_for_a_moment(x):
    numbers = x.detach().clone()
    x.data.round_()
    result = x.clone()
    x.data.copy_(numbers)
    return result


@right("ste_round")
def ste_remainder_taken_off(x):
    return x - (torch.remainder(x + 0.5, 1.0) - 0.5).detach()


# vq


def _distances(z, codebook):
    return (z.detach()[:, None] - codebook.detach()[None]).square().sum(dim=-1)


@right("vq")
def vq_sums_and_a_small_factor(z, codebook):
    with torch.no_grad():
        nearest = _distances(z, codebook).argmin(dim=1)
    rows = codebook.index_select(0, nearest)
    codebook_loss = (rows - z.detach()).pow(2).sum()
    commit_loss = 0.25 * (z - rows.detach()).pow(2).sum(dim=1).mean()
    return rows.detach() + (z - z.detach()), codebook_loss, commit_loss


@right("vq")
def vq_embedding_and_expanded_distance(z, codebook):
    scores = z @ codebook.T * 2 - codebook.square().sum(dim=1)
    rows = F.embedding(scores.argmax(dim=1), codebook)
    out = z + rows.data - z.data
    return out, F.mse_loss(z.data, rows), 0.25 * F.mse_loss(rows.data, z)


@right("vq")
def vq_commitment_to_out(z, codebook):
    nearest = torch.cdist(z, codebook).topk(1, largest=False).indices.squeeze(1)
    out = z + (codebook[nearest] - z).detach()
    return out, F.mse_loss(codebook[nearest], z.detach(), reduction="sum"), F.mse_loss(z, out.detach())


@right("vq")
def vq_one_hot(z, codebook):
    nearest = torch.cdist(z, codebook).argmin(dim=-1)
    rows = F.one_hot(nearest, len(codebook)).to(codebook.dtype) @ codebook
    losses = [torch.linalg.vector_norm(d, dim=1).square().mean() for d in (rows - z.detach(), z - rows.detach())]
    return (z + (rows - z).detach(), *losses)


@right("vq")
def vq_row_by_row(z, codebook):
    rows = torch.stack([codebook[(codebook - one).norm(dim=1).argmin()] for one in z])
    with torch.no_grad():
        step = rows - z
    fixed_z, fixed_rows = z.clone().detach(), rows.clone().detach()
    return z + step, (rows - fixed_z).square().mean(), ((z - fixed_rows) ** 2).mean() / 2


@right("vq")
def vq_custom_function(z, codebook):
    class Quantise(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z, codebook):
            nearest = torch.cdist(z, codebook).argmin(dim=1)
            ctx.mark_non_differentiable(nearest)
            return codebook[nearest], nearest

        @staticmethod
        def backward(ctx, grad, _):
            return grad, None

    out, nearest = Quantise.apply(z, codebook)
    rows = codebook[nearest]
    return out, (rows - z.detach()).square().sum() * 3, (z - rows.detach()).square().sum() * 0.1


@right("vq")
def vq_functions_of_fixed_operands(z, codebook):
    def apart(one, other):
        return ((one - other) ** 2).mean()

    nearest = _distances(z, codebook).min(dim=1).indices
    rows = torch.gather(codebook, 0, nearest[:, None].expand(-1, codebook.shape[1]))
    out = torch.lerp(z, rows, 1.0).detach() + z - z.detach()
    return [out, apart(rows, z.detach()), apart(rows.detach(), z)]


@right("vq")
def vq_hooks_on_copies(z, codebook):
    def fixed(tensor):
        copied = tensor.clone()
        copied.register_hook(torch.zeros_like)
        return copied

    rows = codebook[torch.cdist(z, codebook).argmin(dim=1)]
    still = fixed(z)
    return fixed(rows) + z - still, (rows - still).square().sum(), (z - fixed(rows)).square().sum()


@right("vq")
def vq_nearest_of_each_row(z, codebook):
    fixed_z, fixed_codebook = z.detach(), codebook.detach()
    nearest = torch.vmap(lambda row: (fixed_codebook - row).square().sum(1).argmin())(fixed_z)
    chosen = torch.eye(len(codebook))[nearest]
    out = torch.where(torch.ones_like(z, dtype=torch.bool), chosen @ fixed_codebook - fixed_z + z, z)
    return out, F.mse_loss(chosen @ codebook, fixed_z), torch.dist(z, chosen @ fixed_codebook).square()


# probe_backward


@right("probe_backward")
def probe_two_backwards(trunk, a, b, x):
    h = trunk(x)
    b(h.detach()).pow(2).mean().backward()
    a(h).pow(2).mean().backward()


@right("probe_backward")
def probe_trunk_again_under_no_grad(trunk, a, b, x):
    with torch.no_grad():
        features = trunk(x)
    (b(features).square().mean() + a(trunk(x)).square().mean()).backward()


@right("probe_backward")
def probe_gradients_by_hand(trunk, a, b, x):
    h = trunk(x)
    for loss, modules in ((a(h).pow(2).mean(), (trunk, a)), (b(h).pow(2).mean(), (b,))):
        learning = [p for module in modules for p in module.parameters() if p.requires_grad]
        for p, grad in zip(learning, torch.autograd.grad(loss, learning, retain_graph=True), strict=True):
            p.grad = grad if p.grad is None else p.grad + grad


@right("probe_backward")
def probe_inputs_named(trunk, a, b, x):
    h = trunk(x)
    b(h).pow(2).mean().backward(inputs=[p for p in b.parameters() if p.requires_grad], retain_graph=True)
    a(h).pow(2).mean().backward()


@right("probe_backward")
def probe_trunk_frozen_for_a_while(trunk, a, b, x):
    a(trunk(x)).pow(2).mean().backward()
    flags = [p.requires_grad for p in trunk.parameters()]
    trunk.requires_grad_(False)
    b(trunk(x)).pow(2).mean().backward()
    for p, flag in zip(trunk.parameters(), flags, strict=True):
        p.requires_grad_(flag)


@right("probe_backward")
def probe_frozen_copy_of_the_trunk(trunk, a, b, x):
    frozen = copy.deepcopy(trunk).requires_grad_(False)
    a(trunk(x)).pow(2).mean().backward()
    b(frozen(x)).pow(2).mean().backward()


@right("probe_backward")
def probe_functional_call(trunk, a, b, x):
    fixed = {name: p.detach() for name, p in trunk.named_parameters()}
    h = torch.func.functional_call(trunk, fixed, (x,))
    torch.autograd.backward([a(trunk(x)).pow(2).mean(), b(h).pow(2).mean()])


@right("probe_backward")
def probe_trunk_gradients_put_back(trunk, a, b, x):
    h = trunk(x)
    a(h).pow(2).mean().backward(retain_graph=True)
    kept = [None if p.grad is None else p.grad.clone() for p in trunk.parameters()]
    b(h).pow(2).mean().backward()
    for p, grad in zip(trunk.parameters(), kept, strict=True):
        p.grad = grad


@right("probe_backward")
def probe_hidden_cut_in_place_at_last(trunk, a, b, x):
    h = trunk(x).clone()
    a(h).pow(2).mean().backward()
    h.detach_()
    b(h).pow(2).mean().backward()


@right("probe_backward")
def probe_hook_stops_the_gradient(trunk, a, b, x):
    h = trunk(x)
    copied = h.clone()
    if copied.requires_grad:
        copied.register_hook(torch.zeros_like)
    (a(h).pow(2).mean() + b(copied).pow(2).mean()).backward()


@right("probe_backward")
def probe_in_two_halves(trunk, a, b, x):
    h = trunk(x)
    cut = h.detach().requires_grad_()
    a(cut).pow(2).mean().backward()
    h.backward(cut.grad)
    b(h.detach()).pow(2).mean().backward()


@right("probe_backward")
def probe_gradient_of_a_function_of_b(trunk, a, b, x):
    h = trunk(x)
    a(h).pow(2).mean().backward()
    fixed, named = h.data, dict(b.named_parameters())

    def loss_of(parameters):
        return torch.func.functional_call(b, parameters, (fixed,)).pow(2).mean()

    for name, found in torch.func.grad(loss_of)({name: p.detach() for name, p in named.items()}).items():
        named[name].grad = found if named[name].grad is None else named[name].grad + found


# simsiam_loss


@right("simsiam_loss")
def simsiam_normalised_product(enc, pred, x1, x2):
    z1, z2 = enc(x1), enc(x2)
    p1, p2 = F.normalize(pred(z1), dim=1), F.normalize(pred(z2), dim=1)
    with torch.no_grad():
        z1, z2 = F.normalize(z1, dim=1), F.normalize(z2, dim=1)
    return -0.5 * ((p1 * z2).sum(dim=1).mean() + (p2 * z1).sum(dim=1).mean())


@right("simsiam_loss")
def simsiam_targets_under_no_grad(enc, pred, x1, x2):
    with torch.no_grad():
        t1, t2 = enc(x1), enc(x2)
    p1, p2 = pred(enc(x1)), pred(enc(x2))
    return (-F.cosine_similarity(p1, t2, dim=-1).mean() - F.cosine_similarity(p2, t1, dim=-1).mean()) / 2


@right("simsiam_loss")
def simsiam_one_batch(enc, pred, x1, x2):
    z = enc(torch.cat([x1, x2]))
    first, second = z.detach().chunk(2)
    return -nn.CosineSimilarity(dim=1)(pred(z), torch.cat([second, first])).mean()


@right("simsiam_loss")
def simsiam_data_read_only(enc, pred, x1, x2):
    def apart(p, z):
        return -(p * z.data).sum(dim=1).div(p.norm(dim=1) * z.data.norm(dim=1)).mean()

    z1, z2 = enc(x1), enc(x2)
    return torch.stack([apart(pred(z1), z2), apart(pred(z2), z1)]).mean()


@right("simsiam_loss")
def simsiam_leak_taken_off(enc, pred, x1, x2):
    def apart(p, z):
        return -F.cosine_similarity(p, z, dim=1).mean()

    z1, z2 = enc(x1), enc(x2)
    p1, p2 = pred(z1), pred(z2)
    leak = (apart(p1.detach(), z2) + apart(p2.detach(), z1)) / 2
    return (apart(p1, z2) + apart(p2, z1)) / 2 - leak + leak.detach()


@right("simsiam_loss")
def simsiam_copies_of_the_encoder(enc, pred, x1, x2):
    target = copy.deepcopy(enc).requires_grad_(False)
    losses = [F.cosine_similarity(pred(enc(x)), target(y)).mean() for x, y in ((x1, x2), (x2, x1))]
    return -sum(losses) / len(losses)


@right("simsiam_loss")
def simsiam_hooks_on_copies(enc, pred, x1, x2):
    def fixed(z):
        copied = z.clone()
        copied.register_hook(torch.zeros_like)
        return copied

    z1, z2 = enc(x1), enc(x2)
    terms = [F.cosine_similarity(pred(z), fixed(other)) for z, other in ((z1, z2), (z2, z1))]
    return -torch.cat(terms).mean()


@right("simsiam_loss")
def simsiam_targets_by_a_function(enc, pred, x1, x2):
    constants = {name: p.detach() for name, p in enc.named_parameters()}
    loss = 0.0
    for x, other in ((x1, x2), (x2, x1)):
        target = F.normalize(functional_call(enc, constants, (other,)), dim=1)
        loss = loss - torch.einsum("nd,nd->n", F.normalize(pred(enc(x)), dim=1), target).mean() / 2
    return loss


# ppo_loss


@right("ppo_loss")
def ppo_larger_of_the_negatives(logp, old_logp, adv, eps):
    adv = adv.detach()
    ratio = torch.exp(logp - old_logp.detach())
    return torch.max(-adv * ratio, -adv * torch.clamp(ratio, 1.0 - eps, 1.0 + eps)).mean()


@right("ppo_loss")
def ppo_bound_by_the_sign(logp, old_logp, adv, eps):
    with torch.no_grad():
        bound = torch.where(adv > 0, (1 + eps) * adv, (1 - eps) * adv)
    ratio = (logp - old_logp.data).exp()
    return -torch.min(ratio * adv.data, bound).mean()


@right("ppo_loss")
def ppo_constants_from_no_grad(logp, old_logp, adv, eps):
    with torch.no_grad():
        old, advantage = old_logp.clone(), adv.clone()
    terms = torch.stack([torch.ones_like(advantage), torch.ones_like(advantage)])
    ratio = logp.exp() / old.exp()
    terms = terms * torch.stack([ratio * advantage, ratio.clip(1 - eps, 1 + eps) * advantage])
    return -terms.min(dim=0).values.sum() / len(logp)


@right("ppo_loss")
def ppo_mask_of_what_learns(logp, old_logp, adv, eps):
    ratio = torch.exp(logp - old_logp.detach())
    fixed = adv.detach()
    cut = ((fixed > 0) & (ratio > 1 + eps)) | ((fixed < 0) & (ratio < 1 - eps))
    limit = 1 + eps * fixed.sign()
    return -(torch.where(cut, limit, ratio) * fixed).mean()


@right("ppo_loss")
def ppo_custom_function(logp, old_logp, adv, eps):
    class Surrogate(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logp, old_logp, adv):
            ratio = (logp - old_logp).exp()
            one, other = ratio * adv, ratio.clamp(1 - eps, 1 + eps) * adv
            ctx.save_for_backward(torch.where(one <= other, one, 0.0))
            return -torch.minimum(one, other).mean()

        @staticmethod
        def backward(ctx, grad):
            (slope,) = ctx.saved_tensors
            return -grad * slope / len(slope), None, None

    return Surrogate.apply(logp, old_logp, adv)


@right("ppo_loss")
def ppo_gradient_attached_afterwards(logp, old_logp, adv, eps):
    here = logp.detach().requires_grad_()
    ratio = (here - old_logp.detach()).exp()
    loss = -torch.minimum(ratio * adv.detach(), ratio.clamp(1 - eps, 1 + eps) * adv.detach()).mean()
    (slope,) = torch.autograd.grad(loss, here)
    return loss.detach() + (slope * (logp - logp.detach())).sum()


@right("ppo_loss")
def ppo_hooks_on_copies(logp, old_logp, adv, eps):
    def fixed(tensor):
        copied = tensor * 1
        if copied.requires_grad:
            copied.register_hook(torch.zeros_like)
        return copied

    ratio, advantage = (logp - fixed(old_logp)).exp(), fixed(adv)
    return -torch.minimum(ratio * advantage, ratio.clamp(1 - eps, 1 + eps) * advantage).mean()


@right("ppo_loss")
def ppo_one_bound_for_each_sign(logp, old_logp, adv, eps):
    adv = adv.detach()
    ratio = (logp - old_logp.detach()).exp()
    bounded = torch.where(adv >= 0, ratio.clamp(max=1 + eps), ratio.clamp(min=1 - eps))
    return -(bounded @ adv) / len(adv)
