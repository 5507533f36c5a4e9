"""Other right answers to 01-computation-graph: each reaches the behaviour in another way."""

import sys
from collections import deque

import torch
from torch.autograd.graph import get_gradient_edge

from gradstop.course import right

# count_nodes


@right("count_nodes")
def level_by_level(root):
    level = {root.grad_fn} - {None}
    met = set(level)
    while level:
        level = {before for node in level for before, _ in node.next_functions} - met - {None}
        met |= level
    return len(met)


@right("count_nodes")
def queue_of_edges(root):
    queue, met = deque([(root.grad_fn, 0)]), {}
    while queue:
        node, _ = queue.popleft()
        if node is not None and node not in met:
            met[node] = len(met)
            queue.extend(node.next_functions)
    return len(met)


@right("count_nodes")
def list_that_grows(root):
    order = [] if root.grad_fn is None else [root.grad_fn]
    seen = set(order)
    for node in order:
        fresh = {before for before, _ in node.next_functions if before is not None} - seen
        seen |= fresh
        order += fresh
    return len(order)


@right("count_nodes")
def raised_limit(root):
    seen = set()

    def visit(node):
        if node is None or node in seen:
            return
        seen.add(node)
        for before, _ in node.next_functions:
            visit(before)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20000)
    try:
        visit(root.grad_fn)
    finally:
        sys.setrecursionlimit(limit)
    return len(seen)


@right("count_nodes")
def by_id_with_nodes_kept(root):
    kept, stack = {}, [root.grad_fn]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        if id(node) not in kept:
            kept[id(node)] = node
            stack.extend(before for before, _ in node.next_functions)
    return len(kept)


@right("count_nodes")
def marks_of_this_call(root):
    mark, count, stack = object(), 0, [root.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None and node.metadata.get("visit") is not mark:
            node.metadata["visit"] = mark
            count += 1
            stack += [before for before, _ in node.next_functions]
    return count


@right("count_nodes")
def depth_first_with_iterators(root):
    if not root.requires_grad or root.grad_fn is None:
        return 0
    seen, path = {root.grad_fn}, [iter(root.grad_fn.next_functions)]
    while path:
        before = next(path[-1], (None, -1))
        if before == (None, -1):
            path.pop()
        elif before[0] is not None and before[0] not in seen:
            seen.add(before[0])
            path.append(iter(before[0].next_functions))
    return len(seen)


@right("count_nodes")
def lists_without_hashing(root):
    first = root.grad_fn
    order, marks = [first] if first else [], {id(first)}
    for node in order:  # the list keeps the nodes, so no id is given twice
        for before, _ in node.next_functions:
            if before and id(before) not in marks:
                order.append(before)
                marks.add(id(before))
    return len(order)


@right("count_nodes")
def by_their_ids(root):
    seen = set()
    stack = [root.grad_fn]
    while stack:
        n = stack.pop()
        if n is None or id(n) in seen:
            continue
        seen.add(id(n))
        stack += [m for m, _ in n.next_functions]
    return len(seen)


@right("count_nodes")
def recursive_with_a_higher_limit(root):
    old = sys.getrecursionlimit()
    sys.setrecursionlimit(50000)
    seen = set()

    def go(n):
        if n is None or n in seen:
            return
        seen.add(n)
        for m, _ in n.next_functions:
            go(m)

    try:
        go(root.grad_fn)
    finally:
        sys.setrecursionlimit(old)
    return len(seen)


# graph_leaves


@right("graph_leaves")
def from_the_gradient_edge(root):
    if not root.requires_grad:
        return []
    stack = [get_gradient_edge(root).node]
    met = set(stack)
    for node in stack:
        for before, _ in node.next_functions:
            if before is not None and before not in met:
                met.add(before)
                stack.append(before)
    return [node.variable for node in stack if hasattr(node, "variable")]


@right("graph_leaves")
def through_an_extra_view(root):
    filled, met, stack = [], {None}, [root.view_as(root).grad_fn]
    while stack:
        node = stack.pop()
        if node not in met:
            met.add(node)
            stack += [before for before, _ in node.next_functions]
            if type(node).__name__ == "AccumulateGrad":
                filled.append(node.variable)
    return filled


@right("graph_leaves")
def recursive_with_a_dictionary(root):
    if root.is_leaf:
        return [root] * root.requires_grad
    by_id, met = {}, set()

    def visit(node):
        if node is None or node in met:
            return
        met.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            by_id[id(leaf)] = leaf
        for before, _ in node.next_functions:
            visit(before)

    visit(root.grad_fn)
    return list(by_id.values())


@right("graph_leaves")
def accumulators_have_no_edges(root):
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    level, met, ends = {root.grad_fn}, set(), set()
    while level:
        met |= level
        ends |= {node for node in level if not node.next_functions}
        level = {before for node in level for before, _ in node.next_functions if before} - met
    return [end.variable for end in ends]


@right("graph_leaves")
def set_of_tensors(root):
    tensors, met = set(), set()
    stack = [root.grad_fn] if root.grad_fn else []
    if not stack and root.requires_grad:
        tensors.add(root)
    while stack:
        node = stack.pop()
        if node in met:
            continue
        met.add(node)
        if hasattr(node, "variable"):
            tensors.add(node.variable)
        stack.extend(before for before, _ in node.next_functions if before is not None)
    return [*tensors]


@right("graph_leaves")
def asked_of_each_node(root):
    found, seen = [], set()
    waiting = deque([get_gradient_edge(root).node] if root.requires_grad else [])
    while waiting:
        node = waiting.popleft()
        if node in seen:
            continue
        seen.add(node)
        leaf = getattr(node, "variable", None)
        if leaf is not None and not any(leaf is other for other in found):
            found.append(leaf)
        waiting.extend(before for before, _ in node.next_functions if before is not None)
    return found


@right("graph_leaves")
def yielded_from_behind(root):
    seen = set()

    def behind(node):
        if node is None or node in seen:
            return
        seen.add(node)
        if node.name().endswith("AccumulateGrad"):
            yield node.variable
        for before, _ in node.next_functions:
            yield from behind(before)

    return list(behind(get_gradient_edge(root).node)) if root.requires_grad else []


@right("graph_leaves")
def recursive_without_a_memory(root):
    if root.is_leaf:
        return [root] if root.requires_grad else []
    out = {}

    def go(n):
        if n is None:
            return
        if hasattr(n, "variable"):
            out[id(n.variable)] = n.variable
        for m, _ in n.next_functions:
            go(m)

    go(root.grad_fn)
    return list(out.values())


# depends_on


@right("depends_on")
def walk_to_the_accumulator(out, leaf):
    if not out.requires_grad or not leaf.requires_grad:
        return False
    goal, stack, met = get_gradient_edge(leaf).node, [get_gradient_edge(out).node], set()
    while stack:
        node = stack.pop()
        if node is goal:
            return True
        if node is not None and node not in met:
            met.add(node)
            stack.extend(before for before, _ in node.next_functions)
    return False


@right("depends_on")
def identity_among_the_ends(out, leaf):
    if out.grad_fn is None:
        return out is leaf and leaf.requires_grad
    met, stack = set(), [out.grad_fn]
    while stack:
        node = stack.pop()
        if node is None or node in met:
            continue
        met.add(node)
        stack.extend(before for before, _ in node.next_functions)
    return any(getattr(node, "variable", None) is leaf for node in met)


@right("depends_on")
def gradient_of_the_sum(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    found = torch.autograd.grad(out.sum(), [leaf], allow_unused=True, retain_graph=True)
    return found[0] is not None


@right("depends_on")
def refusal_means_no(out, leaf):
    try:
        torch.autograd.grad(out, leaf, grad_outputs=torch.zeros_like(out), retain_graph=True)
    except RuntimeError:
        return False
    return True


@right("depends_on")
def backward_with_grad_put_back(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    earlier, leaf.grad = leaf.grad, None
    try:
        out.sum().backward(inputs=[leaf], retain_graph=True)
        return leaf.grad is not None
    finally:
        leaf.grad = earlier


@right("depends_on")
def recursive_any(out, leaf):
    def leads(node):
        if node is None:
            return False
        return getattr(node, "variable", None) is leaf or any(leads(before) for before, _ in node.next_functions)

    return leads(out.grad_fn) if out.grad_fn else bool(out is leaf and out.requires_grad)


@right("depends_on")
def asked_at_the_edge(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    weights = torch.full_like(out, 0.5)
    return torch.autograd.grad(out, [get_gradient_edge(leaf)], weights, True, allow_unused=True)[0] is not None


@right("depends_on")
def nodes_by_level(out, leaf):
    if not out.requires_grad:
        return False
    level, met = {get_gradient_edge(out).node}, set()
    while level:
        if any(hasattr(node, "variable") and node.variable is leaf for node in level):
            return True
        met |= level
        level = {before for node in level for before, _ in node.next_functions} - met - {None}
    return False


@right("depends_on")
def asked_and_refused(out, leaf):
    try:
        torch.autograd.grad([out], [leaf], [torch.ones_like(out)], retain_graph=True)
    except RuntimeError:
        return False
    return True


# grads


@right("grads")
def unused_filled_by_hand(out, inputs):
    found = torch.autograd.grad(out, inputs, retain_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if grad is None else grad for leaf, grad in zip(inputs, found, strict=True)]


@right("grads")
def one_input_at_a_time(out, inputs):
    return [torch.autograd.grad(out, one, retain_graph=True, materialize_grads=True)[0] for one in inputs]


@right("grads")
def backward_into_a_clean_grad(out, inputs):
    earlier = [leaf.grad for leaf in inputs]
    for leaf in inputs:
        leaf.grad = None
    out.backward(inputs=inputs, retain_graph=True)
    found = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in inputs]
    for leaf, grad in zip(inputs, earlier, strict=True):
        leaf.grad = grad
    return found


@right("grads")
def differentiable_then_detached(out, inputs):
    found = torch.autograd.grad(out, inputs, create_graph=True, materialize_grads=True)
    return [grad.detach() for grad in found]


@right("grads")
def hooks_that_catch(out, inputs):
    caught = [torch.zeros_like(leaf) for leaf in inputs]
    handles = [
        leaf.register_hook(lambda grad, place=place: caught[place].copy_(grad)) for place, leaf in enumerate(inputs)
    ]
    torch.autograd.grad(out, inputs, retain_graph=True, allow_unused=True)
    for handle in handles:
        handle.remove()
    return caught


@right("grads")
def plain_tuple(out, inputs):
    return torch.autograd.grad(outputs=[out], inputs=inputs, retain_graph=True, materialize_grads=True)


@right("grads")
def all_grads_put_back(out, inputs):
    stack, leaves, met = [get_gradient_edge(out).node], list(inputs), set()
    while stack:
        node = stack.pop()
        if node is not None and node not in met:
            met.add(node)
            leaves += [node.variable] if hasattr(node, "variable") else []
            stack += [before for before, _ in node.next_functions]
    earlier = {leaf: leaf.grad for leaf in leaves}
    for leaf in earlier:
        leaf.grad = None
    out.backward(retain_graph=True)
    found = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad.clone() for leaf in inputs]
    for leaf, grad in earlier.items():
        leaf.grad = grad
    return found


@right("grads")
def copied_into_zeros(out, inputs):
    results = [torch.zeros_like(leaf) for leaf in inputs]
    for result, grad in zip(
        results, torch.autograd.grad(out, inputs, retain_graph=True, allow_unused=True), strict=True
    ):
        if grad is not None:
            result.copy_(grad)
    return tuple(results)


# grad_reverse


@right("grad_reverse")
def repaired_product(x, lam):
    return -lam * x + (x + lam * x).detach()


@right("grad_reverse")
def reversal_as_a_function(x, lam):
    class Reverse(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, lam):
            ctx.lam = lam
            return x.view_as(x)

        @staticmethod
        def backward(ctx, grad):
            return -ctx.lam * grad, None

    return Reverse.apply(x, lam)


@right("grad_reverse")
def hook_on_a_copy(x, lam):
    copy = x.clone()
    copy.register_hook(lambda grad: grad * -lam)
    return copy


@right("grad_reverse")
def hook_on_a_view(x, lam):
    alias = x.view_as(x)
    alias.register_hook(lambda grad: grad.neg() * lam)
    return alias


@right("grad_reverse")
def surplus_taken_away(x, lam):
    surplus = (1 + lam) * x
    return x - surplus + surplus.detach()


@right("grad_reverse")
def extrapolated(x, lam):
    return torch.lerp(x.detach(), x, -lam)


@right("grad_reverse")
def value_put_in_under_no_grad(x, lam):
    result = x * -lam
    with torch.no_grad():
        result.copy_(x)
    return result


@right("grad_reverse")
def hook_before_the_node(x, lam):
    copy = x.clone()
    copy.grad_fn.register_prehook(lambda grads: (grads[0] * -lam,))
    return copy


@right("grad_reverse")
def minus_lam_times_nothing(x, lam):
    constant = x.detach()
    return constant - lam * (x - constant)
