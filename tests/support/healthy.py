"""Thirty training loops without a fault. Each is run inside a watch, which has to find nothing."""

import copy
from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.utils.checkpoint import checkpoint


def net(*sizes):
    layers = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def data(n=8, a=3, b=2):
    return torch.randn(n, a), torch.randn(n, b)


def train(model, optimizer, loss_of, rounds=5):
    for _ in range(rounds):
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()


def plain():
    model = net(3, 4, 2)
    x, y = data()
    train(model, torch.optim.SGD(model.parameters(), 0.1, momentum=0.9), lambda m: F.mse_loss(m(x), y))


def accumulation():
    model = net(3, 4, 2)
    opt = torch.optim.AdamW(model.parameters())
    for i in range(8):
        x, y = data()
        (F.mse_loss(model(x), y) / 4).backward()
        if i % 4 == 3:
            opt.step()
            opt.zero_grad()


def amp():
    model, scaler = net(3, 4, 2), torch.amp.GradScaler("cpu")
    opt = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(4):
        x, y = data()
        opt.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            loss = F.mse_loss(model(x).float(), y)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(opt)
        scaler.update()


def clip():
    model = net(3, 4, 2)
    opt = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
    for _ in range(4):
        x, y = data()
        opt.zero_grad()
        F.mse_loss(model(x), y).backward()
        nn.utils.clip_grad_value_(model.parameters(), 0.1)
        opt.step()


def moving_average():
    model = net(3, 4, 2)
    shadow = copy.deepcopy(model).requires_grad_(False)
    opt = torch.optim.Adam(model.parameters())
    for _ in range(4):
        x, y = data()
        train(model, opt, lambda m, x=x, y=y: F.mse_loss(m(x), y), 1)
        with torch.no_grad():
            for a, b in zip(shadow.parameters(), model.parameters(), strict=True):
                a.lerp_(b, 0.1)


def checkpointing():
    model, head = net(3, 4), nn.Linear(4, 2)
    opt = torch.optim.SGD([*model.parameters(), *head.parameters()], 0.1)
    for reentrant in (False, True, False):
        x, y = data()
        opt.zero_grad()
        h = checkpoint(model, x.requires_grad_(), use_reentrant=reentrant)
        F.mse_loss(head(h), y).backward()
        opt.step()


def gan():
    maker, judge = net(2, 4, 3), net(3, 4, 1)
    om, oj = torch.optim.Adam(maker.parameters()), torch.optim.Adam(judge.parameters())
    for _ in range(4):
        fake = maker(torch.randn(8, 2))
        oj.zero_grad()
        (F.softplus(-judge(torch.randn(8, 3))).mean() + F.softplus(judge(fake.detach())).mean()).backward()
        oj.step()
        om.zero_grad()
        F.softplus(-judge(fake)).mean().backward()
        om.step()


def truncated():
    cell, head = nn.LSTM(3, 4), nn.Linear(4, 1)
    opt = torch.optim.SGD([*cell.parameters(), *head.parameters()], 0.1)
    state = None
    for _ in range(5):
        out, state = cell(torch.randn(5, 2, 3), state)
        loss = head(out).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        state = tuple(s.detach() for s in state)


def q_learning():
    online = net(3, 8, 2)
    target = copy.deepcopy(online)
    opt = torch.optim.Adam(online.parameters())
    for i in range(5):
        s, t, r = torch.randn(8, 3), torch.randn(8, 3), torch.randn(8)
        a = online(s).argmax(1)
        with torch.no_grad():
            aim = r + 0.9 * target(t).max(1).values
        loss = F.smooth_l1_loss(online(s).gather(1, a[:, None])[:, 0], aim)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if i % 2:
            target.load_state_dict(online.state_dict())


def actor_critic():
    actor, critic = net(3, 8, 2), net(3, 8, 1)
    oa, oc = torch.optim.Adam(actor.parameters()), torch.optim.Adam(critic.parameters())
    for _ in range(4):
        s, r = torch.randn(8, 3), torch.randn(8)
        d = torch.distributions.Categorical(logits=actor(s))
        a, v = d.sample(), critic(s)[:, 0]
        advantage = (r - v).detach()
        oa.zero_grad()
        (-(d.log_prob(a) * advantage).mean() - 0.01 * d.entropy().mean()).backward()
        oa.step()
        oc.zero_grad()
        F.mse_loss(v, r).backward()
        oc.step()


def maml():
    w = nn.Parameter(torch.randn(3, 1))
    opt = torch.optim.Adam([w])
    for _ in range(4):
        opt.zero_grad()
        for _ in range(2):
            x, y = data(b=1)
            fast = w
            for _ in range(2):
                (g,) = torch.autograd.grad(F.mse_loss(x @ fast, y), fast, create_graph=True)
                fast = fast - 0.1 * g
            F.mse_loss(x @ fast, y).backward()
        opt.step()


def lbfgs():
    model = net(3, 4, 2)
    x, y = data()
    opt = torch.optim.LBFGS(model.parameters(), max_iter=5)

    def closure():
        opt.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        return loss

    for _ in range(3):
        opt.step(closure)


def fused():
    model = net(3, 4, 2)
    x, y = data()
    train(model, torch.optim.AdamW(model.parameters(), fused=True), lambda m: F.mse_loss(m(x), y))


def foreach():
    model = net(3, 4, 2)
    x, y = data()
    train(model, torch.optim.Adam(model.parameters(), foreach=True), lambda m: F.mse_loss(m(x), y))


def scheduler():
    model = net(3, 4, 2)
    opt = torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1)
    plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 4)
    for _ in range(4):
        x, y = data()
        train(model, opt, lambda m, x=x, y=y: F.mse_loss(m(x), y), 1)
        plan.step()


def frozen_backbone():
    back, head = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).requires_grad_(False).eval(), nn.Linear(4, 2)
    opt = torch.optim.AdamW([*back.parameters(), *head.parameters()])
    x, y = data()
    train(head, opt, lambda m: F.mse_loss(m(back(x)), y))


def low_rank():
    base = nn.Linear(3, 2).requires_grad_(False)
    a, b = nn.Parameter(torch.randn(1, 3)), nn.Parameter(torch.zeros(2, 1))
    opt = torch.optim.AdamW([a, b])
    x, y = data()
    train(base, opt, lambda m: F.mse_loss(m(x) + x @ a.T @ b.T, y))


def straight_through():
    model, book = net(3, 4), nn.Parameter(torch.randn(5, 4))
    opt = torch.optim.Adam([*model.parameters(), book])
    for _ in range(4):
        x, _ = data()
        z = model(x)
        near = book[torch.cdist(z, book).argmin(1)]
        out = z + (near - z).detach()
        hard = (z.round() - z).detach() + z
        loss = out.square().mean() + F.mse_loss(near, z.detach()) + 0.1 * F.mse_loss(z, near.detach())
        opt.zero_grad()
        (loss + hard.mean()).backward()
        opt.step()


def mapped():
    model = net(3, 4, 2)
    opt = torch.optim.SGD(model.parameters(), 0.1)
    for _ in range(3):
        x, y = data()
        loss = torch.func.vmap(lambda a, b: F.mse_loss(model(a), b))(x, y).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()


def functional():
    model = net(3, 4, 2)
    weights = {k: v.detach() for k, v in model.named_parameters()}
    x, y = data()
    for _ in range(3):
        grads = torch.func.grad(lambda w: F.mse_loss(torch.func.functional_call(model, w, (x,)), y))(weights)
        weights = {k: w - 0.1 * grads[k] for k, w in weights.items()}


def compiled():
    model = net(3, 4, 2)
    run = torch.compile(model, backend="eager")
    x, y = data()
    train(model, torch.optim.SGD(model.parameters(), 0.1), lambda m: F.mse_loss(run(x), y), 3)


def parallel():
    model = net(3, 4, 2)
    several = nn.DataParallel(model)
    x, y = data()
    train(model, torch.optim.SGD(model.parameters(), 0.1), lambda m: F.mse_loss(several(x), y))


def penalty():
    maker, judge = net(2, 3), net(3, 4, 1)
    opt = torch.optim.Adam(judge.parameters())
    for _ in range(4):
        with torch.no_grad():
            fake = maker(torch.randn(8, 2))
        between = (0.5 * fake + 0.5 * torch.randn(8, 3)).requires_grad_()
        (g,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
        opt.zero_grad()
        (judge(fake).mean() + (g.norm(dim=1) - 1).square().mean()).backward()
        opt.step()


def evaluation():
    model = net(3, 4, 2)
    opt, seen = torch.optim.SGD(model.parameters(), 0.1), []
    for _ in range(4):
        x, y = torch.randn(8, 3), torch.randint(2, (8,))
        out = model(x)
        loss = F.cross_entropy(out, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        seen.append((loss.item(), (out.argmax(1) == y).float().mean().item(), out.detach().numpy()))
        with torch.inference_mode():
            seen.append(model(x).argmax(1).tolist())
        with torch.no_grad():
            seen.append(model(x))


def batch_norm():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Dropout(0.1), nn.Linear(4, 2))
    x, y = data()
    train(model, torch.optim.AdamW(model.parameters()), lambda m: F.mse_loss(m(x), y))


def tied():
    emb, out = nn.Embedding(5, 3), nn.Linear(3, 5, bias=False)
    out.weight = emb.weight
    opt = torch.optim.AdamW(emb.parameters())
    ids = torch.randint(5, (6,))
    train(emb, opt, lambda m: F.cross_entropy(out(m(ids)), ids.roll(1)))


def sparse():
    emb = nn.Embedding(5, 3, sparse=True)
    ids = torch.randint(5, (6,))
    train(emb, torch.optim.SparseAdam(list(emb.parameters())), lambda m: m(ids).square().mean())


class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


def own_function():
    model = net(3, 4, 2)
    x, _ = data()
    train(model, torch.optim.SGD(model.parameters(), 0.1), lambda m: Twice.apply(m(x)).mean())


def by_hand():
    w = torch.randn(3, 1, requires_grad=True)
    for _ in range(4):
        x, y = data(b=1)
        F.mse_loss(x @ w, y).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad = None


def late_head():
    back = net(3, 4).requires_grad_(False)
    head = nn.Linear(4, 2)
    x, y = data()
    train(head, torch.optim.Adam(head.parameters()), lambda m: F.mse_loss(m(back(x)), y), 2)
    back.requires_grad_(True)
    opt = torch.optim.Adam([*back.parameters(), *head.parameters()])
    train(head, opt, lambda m: F.mse_loss(m(back(x)), y), 2)


def attention():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
    x = torch.randn(2, 5, 8)
    train(model, torch.optim.AdamW(model.parameters()), lambda m: m(x).square().mean())


def several_losses():
    trunk, heads = net(3, 4), [nn.Linear(4, 1) for _ in range(3)]
    opt = torch.optim.SGD([*trunk.parameters(), *(p for h in heads for p in h.parameters())], 0.1)
    for _ in range(3):
        h = trunk(torch.randn(8, 3))
        opt.zero_grad()
        for i, head in enumerate(heads):
            head(h).square().mean().backward(retain_graph=i < 2)
        opt.step()


def policy_gradient():
    policy, kept = net(3, 4, 2), []
    opt = torch.optim.Adam(policy.parameters())
    for _ in range(4):
        for _ in range(3):
            d = torch.distributions.Categorical(logits=policy(torch.randn(3)))
            a = d.sample()
            kept.append((d.log_prob(a), float(a.item())))
        returns = torch.tensor([r for _, r in kept])
        loss = -(torch.stack([p for p, _ in kept]) * returns).sum()
        opt.zero_grad()
        loss.backward()
        opt.step()
        kept.clear()


HEALTHY = [
    *(plain, accumulation, amp, clip, moving_average, checkpointing, gan, truncated, q_learning, actor_critic, maml),
    *(lbfgs, fused, foreach, scheduler, frozen_backbone, low_rank, straight_through, mapped, functional, compiled),
    *(parallel, penalty, evaluation, batch_norm, tied, sparse, own_function, by_hand, late_head, attention),
    *(several_losses, policy_gradient),
]
