"""Chapter 9, Patterns: agents."""

import torch
from support.kinds import raises
from torch import distributions, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn

from statements import DEFINES, DO, HERE, NAMES


def policies():
    w = torch.tensor([0.3, -0.7], requires_grad=True)
    return w, {
        "Bernoulli": distributions.Bernoulli(logits=w),
        "Categorical": distributions.Categorical(logits=w),
        "Normal": distributions.Normal(w, 1.0),
        "Normal, scale": distributions.Normal(torch.zeros(2), w.exp()),
        "Beta": distributions.Beta(w.exp(), w.exp()),
        "Poisson": distributions.Poisson(w.exp()),
        "multivariate": distributions.MultivariateNormal(w, torch.eye(2)),
        "squashed": distributions.TransformedDistribution(distributions.Normal(w, 1.0), distributions.TanhTransform()),
        "one hot": distributions.OneHotCategorical(logits=w),
        "independent": distributions.Independent(distributions.Normal(w, 1.0), 1),
    }


def a_sample_has_no_history_and_its_log_prob_has_one():
    w, made = policies()
    outcome = {}
    for name, policy in made.items():
        action = policy.sample()
        outcome[name] = not action.requires_grad and raises((-4.0 * action).sum().backward)
        logp = policy.log_prob(action)
        w.grad = None
        (-(logp * 4.0)).sum().backward(retain_graph=True)
        outcome[f"{name}: log_prob"] = w.grad is not None and w.grad.any().item()
    return outcome


def rsample():
    _, made = policies()
    has = {name: policy.has_rsample for name, policy in made.items()}
    return {
        "none": not any(has[name] for name in ("Bernoulli", "Categorical", "Poisson", "one hot")),
        "has": all(has[name] for name in ("Normal", "Beta", "multivariate", "squashed", "independent")),
        "raises": raises(made["Categorical"].rsample),
    } | {f"{name} is recorded": policy.rsample().requires_grad for name, policy in made.items() if has[name]}


def a_baseline_changes_no_mean():
    """Over all actions of a Categorical, weighed by their probabilities."""

    def mean_gradient(logits, rewards, baseline):
        total = torch.zeros_like(logits)
        for action, p in enumerate(logits.detach().softmax(0)):
            logp = distributions.Categorical(logits=logits).log_prob(torch.tensor(action))
            (g,) = torch.autograd.grad(logp * (rewards[action] - baseline(action)), logits)
            total += p * g
        return total

    outcome = {}
    for n in (2, 3, 5):
        logits = torch.linspace(-1, 1, n, dtype=torch.float64).requires_grad_()
        rewards = torch.arange(n, dtype=torch.float64) ** 2
        (true,) = torch.autograd.grad((logits.softmax(0) * rewards).sum(), logits)
        for b in (0.0, 2.0, -100.0):
            outcome[f"{n} actions, {b}"] = torch.allclose(mean_gradient(logits, rewards, lambda a, b=b: b), true)
        outcome[f"{n}, by action"] = not torch.allclose(mean_gradient(logits, rewards, lambda a: 2.0 * a), true)
    return outcome


def an_update_records_nothing():
    outcome = {}
    ways = {"swa": get_swa_multi_avg_fn(), "ema": get_ema_multi_avg_fn(0.9), "plain": None}
    for name, way in ways.items():
        for use in (False, True) if name == "ema" else (False,):  # another average refuses the count of batches
            net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
            slow = AveragedModel(net, multi_avg_fn=way, use_buffers=use)
            for _ in range(3):
                net(torch.rand(4, 2) + 3)
                slow.update_parameters(net)
            outcome[f"{name}, {use}"] = all(p.is_leaf and p.grad_fn is None for p in slow.parameters())
            same = torch.equal(slow.module[1].running_mean, net[1].running_mean)
            outcome[f"{name}, {use}: buffers"] = same != use
            count = slow.module[1].num_batches_tracked
            outcome[f"{name}, {use}: counts"] = count.item() == (1 if use else 3)  # of 1, 2, 3 by the decay 0.9
            outcome[f"{name}, {use}: flags"] = all(p.requires_grad for p in slow.parameters())
    return outcome


def sac_of_a_normal():
    """With rsample the density of a Normal gives its mean no gradient; with sample it does, and the critic none."""

    def gradient(draw, dtype):
        w = torch.tensor([1.0, -2.0], dtype=dtype, requires_grad=True)
        policy = distributions.Normal(w, 1.0)
        action = getattr(policy, draw)()
        (0.5 * policy.log_prob(action) - 2 * action).sum().backward()
        return w.grad, action - w.detach()

    outcome = {}
    for dtype in (torch.float32, torch.float64):
        outcome[f"rsample, {dtype}"] = torch.allclose(gradient("rsample", dtype)[0], torch.tensor(-2, dtype=dtype))
        g, noise = gradient("sample", dtype)
        outcome[f"sample, {dtype}"] = torch.allclose(g, noise / 2)
    return outcome


def a_density_for_each_number():
    return {
        "normal": distributions.Normal(torch.zeros(3, 2), 1.0).log_prob(torch.ones(3, 2)).shape == (3, 2),
        "bernoulli": distributions.Bernoulli(logits=torch.zeros(2)).log_prob(torch.ones(2)).shape == (2,),
    } | {name: policies()[1][name].log_prob(torch.ones(3, 2)).shape == (3,) for name in ("multivariate", "independent")}


STATEMENTS = {
    "No gradient comes out of the world.": NAMES,
    "Targets and time has the parts, one weight each.": NAMES,
    "REINFORCE goes 2 along it where the action was 1 (w.grad was \N{MINUS SIGN}2, for the loss has a minus sign), and "
    "0 where it was 0: right on average, and never right.": HERE,
    "Such a baseline changes no mean, as long as it does not depend on the action and is a constant for backward.": (
        a_baseline_changes_no_mean
    ),
    "No error, and a curve that rises: it only stops early.": HERE,
    "A Q-network gives a value for each action.": DEFINES,
    "Moving them towards each other makes the loss smaller, and the values wrong.": HERE,
    "The update needs no no_grad, and buffers are copied.": an_update_records_nothing,
    "So SAC has three losses, and each trains one thing: the critics (two of them; their target, under no_grad, takes "
    "the smaller of two values, minus alpha times logp), the actor (through critics that are frozen), the "
    "temperature.": DEFINES,
    "REINFORCE is for worlds that you cannot differentiate.": DO,
    "A Categorical has no rsample; for one of several choices see Gumbel-softmax.": rsample,
    "First: under a Normal, an action of several numbers has a log_prob for each.": a_density_for_each_number,
    "The product with one reward for each action is wrong, and in a square batch it runs.": HERE,
    "With use_buffers=True this average takes all of them in, counts too, rounded down.": an_update_records_nothing,
    "What sample() drew and the reward for it have no history. log_prob of the action taken has one, and the reward is "
    "its factor.": a_sample_has_no_history_and_its_log_prob_has_one,
    "For each loss, say which one thing learns.": DO,
    "What gradient only passes through is frozen.": DO,
    "Targets, actor and critic, the ratio and the moving average have an exercise each in the assignment on "
    "patterns.": NAMES,
}
RULES = {
    "Where w grows by 1 the action is better by 2, and the policy as random as before: so the gradient is "
    "\N{MINUS SIGN}2.": (sac_of_a_normal),
    "(Independent and MultivariateNormal give one for the action.)": a_density_for_each_number,
}
