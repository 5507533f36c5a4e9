"""Chapter 9, Patterns: targets and time."""

import torch
from support.kinds import back, constants, leaves, raises
from torch import nn

from statements import DO, HERE, NAMES
from statements.clone import shares


def a_recorded_average_joins_the_graph():
    outcome = {}
    for kind, w in leaves().items():
        b = torch.ones_like(w)
        lengths = []
        for _ in range(2):
            b.mul_(0.5).add_(w, alpha=0.5)
            lengths.append(length(b.grad_fn))
        outcome[kind] = b.requires_grad and lengths[0] < lengths[1]
        outcome[f"{kind}: lerp_"] = torch.ones_like(w).lerp_(w, 0.5).requires_grad
        with torch.no_grad():
            c = torch.ones_like(w).mul_(0.5).add_(w, alpha=0.5)
        outcome[f"{kind}: no_grad"] = not c.requires_grad
    return outcome


def length(node):
    """Return how many nodes lie behind one, with itself."""
    return 1 + sum(length(before) for before, _ in node.next_functions if before) if node else 0


def gradient_flows_through_the_average():
    outcome = {}
    for kind, w in leaves().items():
        b = torch.ones_like(w)
        b.mul_(0.5).add_(w, alpha=0.5)
        back(b * 3)
        outcome[kind] = w.grad is not None
    return outcome


def integers_refuse_an_average():
    whole = {"int64": torch.tensor(3), "int32": torch.ones(2, dtype=torch.int32), "bool": torch.tensor([True])}
    return {name: raises(t.mul_, 0.75) for name, t in whole.items()} | {
        kind: not raises(t.mul_, 0.75)
        for kind, t in constants().items()
        if kind not in ("integer", "bool", "inference")
    }


def a_second_network_collects():
    outcome = {}
    for kind, w in leaves().items():
        b = torch.ones_like(w).requires_grad_()
        for k in range(1, 3):
            back((w - b * 2) * 3)
            outcome[f"{kind}, {k}"] = b.grad.eq(-6 * k).all().item()
    return outcome


def the_ratio_is_one_and_has_a_gradient():
    outcome = {}
    for kind, logp in leaves().items():
        ratio = (logp - logp.detach()).exp()
        back(ratio)
        outcome[kind] = ratio.eq(1).all().item() and logp.grad.eq(1).all().item()
        logp.grad = None
        back((logp - logp).exp())
        outcome[f"{kind}: both open"] = logp.grad.eq(0).all().item()
        outcome[f"{kind}: all cut"] = not ratio.detach().requires_grad
    return outcome


def one_cut_advantage_kills_the_critic():
    def critic_learns(net, cut):
        x, logp = torch.randn(4, 2), torch.zeros(4, requires_grad=True)
        error = net(x).squeeze(1) - 1
        (logp * error.detach() + cut(error) ** 2).mean().backward()
        return all(p.grad is not None for p in net.parameters())

    nets = {"linear": nn.Linear(2, 1), "two layers": nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))}
    alive = {f"{name}: alive": critic_learns(net, lambda e: e) for name, net in nets.items()}
    nets = {"linear": nn.Linear(2, 1), "embedding": nn.Sequential(nn.Linear(2, 1), nn.PReLU())}
    return alive | {f"{name}: dead": not critic_learns(net, torch.Tensor.detach) for name, net in nets.items()}


def each_tensor_of_a_state_must_be_cut():
    def second_window_raises(cell, cut):
        state = None
        for _ in range(2):
            y, state = cell(torch.randn(3, 2, 2), state)
            failed = raises(y.sum().backward)
            state = cut(state)
        return failed

    lstm, gru = nn.LSTM(2, 2), nn.GRU(2, 2)
    return {
        "GRU, open": second_window_raises(gru, lambda h: h),
        "GRU, cut": not second_window_raises(gru, torch.Tensor.detach),
        "LSTM, h alone": second_window_raises(lstm, lambda s: (s[0].detach(), s[1])),
        "LSTM, c alone": second_window_raises(lstm, lambda s: (s[0], s[1].detach())),
        "LSTM, both": not second_window_raises(lstm, lambda s: tuple(t.detach() for t in s)),
    }


def data_is_no_copy():
    outcome = {}
    for kind, q in leaves().items():
        p = torch.zeros_like(q)
        p.data = q.data
        outcome[kind] = shares(p, q)
    return outcome


def parameters_leave_buffers_out():
    nets = {"norm": nn.BatchNorm1d(2), "nested": nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))}
    return {
        name: not {id(b) for b in net.buffers()} & {id(p) for p in net.parameters()} and bool([*net.buffers()])
        for name, net in nets.items()
    }


STATEMENTS = {
    "In reinforcement learning, and wherever a state or a second network moves along with the first, almost every "
    "tensor of a loss has a history.": NAMES,
    "So each pattern here comes with the wrong code and its numbers.": NAMES,
    "No optimizer holds it.": HERE,
    "But every backward runs through b as well, and its .grad piles up.": a_second_network_collects,
    "If ever a step trains b, it will use all of it.": HERE,
    "The value of the loss is right, and the critic never learns: it is dead.": one_cut_advantage_kills_the_critic,
    "For each term, ask which one tensor may learn from it.": DO,
    "In the first pass the old policy is the new one, and every ratio is 1.": the_ratio_is_one_and_has_a_gradient,
    "Its value is always 1 here.": the_ratio_is_one_and_has_a_gradient,
    "Only the second logp is cut.": HERE,
    "With a cut around the whole ratio there is none at all.": the_ratio_is_one_and_has_a_gradient,
    "(With its history it would hold a graph for each step: chapter 8, Stored tensors.) logp.detach() can stand in for "
    "it in the first pass only: later the ratio must move, or nothing is ever clipped.": HERE,
    "The product is what PPO maximises, so there is no minus sign.": HERE,
    "The advantage is a constant here too: the policy's loss must not train the critic.": DO,
    "A recurrent net hands its state to the next window, and every window has a loss of its own.": NAMES,
    "With retain_graph=True every window would go through all before it.": HERE,
    "A state is all that one window hands to the next.": "says what the word state means in this section",
    "Each tensor of it must be cut, and before it is used.": each_tensor_of_a_state_must_be_cut,
    "Its state is cut between windows; cut may do so after each step too.": HERE,
    "With a cut after each step nothing raises, and the state is handed on.": HERE,
    "But no loss reaches the step that should remember: it is hardly better than guessing, which costs 0.69.": HERE,
    "But an edit in place is an operation like any other, and one of its inputs requires grad.": (
        a_recorded_average_joins_the_graph
    ),
    "The edit was recorded, and each later one makes the history longer.": a_recorded_average_joins_the_graph,
    "A target that b makes is no constant now: gradient flows through it into w.": gradient_flows_through_the_average,
    "And the graph grows with each update.": a_recorded_average_joins_the_graph,
    "And parameters are not all.": parameters_leave_buffers_out,
    "An integer takes no such average.": integers_refuse_an_average,
    "The difference is a table of all pairs.": HERE,
    "Second: p.data = q.data is no copy.": data_is_no_copy,
    "Third: the end of an episode has no next state. done is 1 there, and the reward alone is the target.": HERE,
    "Cut for each term of a loss, not once for all: one cut advantage kills the critic.": (
        one_cut_advantage_kills_the_critic
    ),
    "What moves on in time is cut, each tensor of it.": each_tensor_of_a_state_must_be_cut,
    "One that never learns, since its error was computed from a detached value or advantage.": (
        one_cut_advantage_kills_the_critic
    ),
    "The old logarithm is a constant, so only one side of the difference has a derivative.": (
        the_ratio_is_one_and_has_a_gradient
    ),
    "The edit is recorded: the network becomes a part of the other one's graph, longer with each update.": (
        a_recorded_average_joins_the_graph
    ),
    "Targets, actor and critic, the ratio and the moving average have an exercise each in the assignment on "
    "patterns.": NAMES,
}
