"""Answers to 01-computation-graph that people give, each with the misconception behind it."""

import torch
from torch import nn
from torch.autograd.graph import get_gradient_edge

from gradstop.course import wrong


def walk(root):
    """Return the nodes behind root, each once."""
    nodes = dict.fromkeys([] if root.grad_fn is None else [root.grad_fn])
    waiting = list(nodes)
    while waiting:
        for before, _ in waiting.pop().next_functions:
            if before is not None and before not in nodes:
                nodes[before] = None
                waiting.append(before)
    return list(nodes)


# count_nodes


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a walk along `next_functions[0][0]`: it follows the first input of each node and never sees what comes in by "
    "the others.",
    "01-computation-graph#walking-the-graph",
)
def first_input_alone(root):
    count, node = 0, root.grad_fn
    while node is not None:
        count += 1
        node = node.next_functions[0][0] if node.next_functions else None
    return count


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a walk that does not remember where it has been: it counts paths, and a node that two paths lead to counts "
    "twice, with everything behind it.",
    "01-computation-graph#one-node-many-uses",
)
def paths_counted(root):
    count, stack = 0, [root.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            count += 1
            stack += [before for before, _ in node.next_functions]
    return count


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a count of operations alone: the `AccumulateGrad` node of each leaf is a node of the graph too.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def operations_alone(root):
    return sum(not hasattr(node, "variable") for node in walk(root))


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a set into which `None` falls as well: where an input was a constant, `next_functions` holds `(None, 0)`, "
    "and that is no node.",
    "01-computation-graph#constants-leave-no-edge",
)
def none_counted(root):
    seen, stack = set(), [root.grad_fn] if root.grad_fn else []
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [before for before, _ in node.next_functions] if node else []
    return len(seen)


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a function that calls itself for each node: right on small graphs, and in a chain of 5,000 operations Python "
    "refuses to go deeper.",
    "01-computation-graph#errors-you-will-meet",
)
def one_call_for_each_node(root):
    seen = set()

    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            for before, _ in node.next_functions:
                visit(before)

    visit(root.grad_fn)
    return len(seen)


@wrong(
    "count_nodes",
    "leaf-means-made-by-me",
    "a leaf that counts as one: its `AccumulateGrad` belongs to the graphs that use the leaf; the leaf itself has "
    "no `grad_fn`, and nothing is behind it.",
    "01-computation-graph#from-tensor-to-node",
)
def leaf_counts(root):
    if not root.requires_grad:
        return 0
    return len(walk(root)) or 1


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a set of names: two nodes of one kind have the same name, and count as one.",
    "01-computation-graph#one-node-many-uses",
)
def kinds_counted(root):
    return len({node.name() for node in walk(root)})


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a set of the pairs in `next_functions`: the second number says which output of the node is meant, so an "
    "operation with several outputs counts several times.",
    "01-computation-graph#one-node-many-uses",
)
def pairs_counted(root):
    if root.grad_fn is None:
        return 0
    pairs = {edge for node in walk(root) for edge in node.next_functions if edge[0] is not None}
    return len(pairs | {(root.grad_fn, root.output_nr)})


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a count of what lies behind `root.grad_fn`: that node itself belongs to the graph.",
    "01-computation-graph#from-tensor-to-node",
)
def start_left_out(root):
    return max(len(walk(root)) - 1, 0)


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a count that remembers the last one (a set in a default argument, or marks left on the nodes): a second call "
    "finds everything visited.",
    "01-computation-graph#walking-the-graph",
)
def visited_for_good(root):
    fresh = [node for node in walk(root) if "visited" not in node.metadata]
    for node in fresh:
        node.metadata["visited"] = True
    return len(fresh)


@wrong(
    "count_nodes",
    "retain-graph-as-a-fix",
    "a backward whose nodes are counted as they run: the number is right, and the graph is used up.",
    "01-computation-graph#what-backward-consumes",
)
def nodes_that_ran(root):
    ran = set()
    for number, node in enumerate(walk(root)):
        node.register_hook(lambda *_, number=number: ran.add(number))
    if root.grad_fn is not None:
        root.sum().backward()
    return len(ran)


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a count that is kept by the tensor it was made for: when an edit in place has added to the graph, the old "
    "count comes back.",
    "01-computation-graph#walking-the-graph",
)
def count_kept(root, kept={}):  # noqa: B006 - that is the fault
    if id(root) not in kept:
        kept[id(root)] = root, len(walk(root))
    return kept[id(root)][1]


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a walk that goes along the first inputs in a loop and calls itself for the others: in a long chain where "
    "each result is a second input Python refuses to go deeper.",
    "01-computation-graph#errors-you-will-meet",
)
def one_call_for_each_second_input(root):
    seen = set()

    def visit(node):
        while node is not None and node not in seen:
            seen.add(node)
            first, *others = [before for before, _ in node.next_functions] or [None]
            for other in others:
                visit(other)
            node = first

    visit(root.grad_fn)
    return len(seen)


@wrong(
    "count_nodes",
    "gradients-accumulate",
    "a backward (with `retain_graph=True`) whose nodes are counted as they run: the number is right, and the "
    "leaves' `.grad` is added to.",
    "01-computation-graph#gradients-without-grad",
)
def nodes_that_ran_and_filled(root):
    ran = set()
    handles = [node.register_hook(lambda *_, number=n: ran.add(number)) for n, node in enumerate(walk(root))]
    if root.grad_fn is not None:
        root.backward(torch.ones_like(root), retain_graph=True)
    for handle in handles:
        handle.remove()
    return len(ran)


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "all `AccumulateGrad` nodes taken for one (by a number, a name or a type that they have in common): each leaf"
    " has its own.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def leaves_count_once(root):
    return len({node._sequence_nr() for node in walk(root)})


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a walk along the edges whose number is 0: the number says which output of the node is meant, and any output "
    "leads to the node.",
    "01-computation-graph#one-node-many-uses",
)
def edges_of_number_zero(root):
    nodes = {root.grad_fn} - {None}
    waiting = list(nodes)
    while waiting:
        found = {node for node, number in waiting.pop().next_functions if number == 0} - nodes - {None}
        nodes |= found
        waiting += found
    return len(nodes)


@wrong(
    "count_nodes",
    "grad-graph-is-the-backward-graph",
    "a count of the connections: a node that two operations lead to counts twice, where each node counts once.",
    "01-computation-graph#one-node-many-uses",
)
def every_edge(root):
    total = 0
    stack = [root.grad_fn]
    seen = set()
    while stack:
        n = stack.pop()
        if n is None:
            continue
        total += 1
        if n in seen:
            continue
        seen.add(n)
        stack += [m for m, _ in n.next_functions]
    return total


# graph_leaves


@wrong(
    "graph_leaves",
    "grad-graph-is-the-backward-graph",
    "a walk that does not remember where it has been: a leaf that is used twice is listed twice.",
    "01-computation-graph#one-node-many-uses",
)
def listed_for_each_use(root):
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    leaves, stack = [], [root.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None:
            leaves += [node.variable] if hasattr(node, "variable") else []
            stack += [before for before, _ in node.next_functions]
    return leaves


@wrong(
    "graph_leaves",
    "grad-graph-is-the-backward-graph",
    "a walk along the first input of each node: it ends at one leaf, and the others are filled too.",
    "01-computation-graph#walking-the-graph",
)
def first_leaf_alone(root):
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    node = root.grad_fn
    while node is not None and node.next_functions:
        node = node.next_functions[0][0]
    return [node.variable] if node is not None else []


@wrong(
    "graph_leaves",
    "leaf-means-made-by-me",
    "a walk that starts at `root.grad_fn`, and finds none at a leaf: a backward from a leaf that requires grad "
    "fills that leaf.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def leaf_root_forgotten(root):
    return [node.variable for node in walk(root) if hasattr(node, "variable")]


@wrong(
    "graph_leaves",
    "leaf-means-made-by-me",
    "`root.is_leaf` as the test: a constant is a leaf too, and no backward fills it.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def constants_listed(root):
    return [root] if root.is_leaf else leaf_root_forgotten.function(root)


@wrong(
    "graph_leaves",
    "detach-makes-a-copy",
    "a list of detached or copied leaves: they have the values, and they are other tensors, whose `.grad` no "
    "backward fills.",
    "01-computation-graph#what-backward-fills",
)
def other_tensors(root):
    return [leaf.detach() for leaf in proper_leaves(root)]


@wrong(
    "graph_leaves",
    "data-equals-detach",
    "leaves told apart by their values: two leaves with equal values become one.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def equal_leaves_merged(root):
    kept = []
    for leaf in proper_leaves(root):
        if not any(torch.equal(leaf, other) for other in kept):
            kept.append(leaf)
    return kept


@wrong(
    "graph_leaves",
    "data-equals-detach",
    "leaves told apart by `data_ptr()`: two leaves can lie in one memory, and each has a `.grad` of its own.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def one_for_each_memory(root):
    return list({leaf.data_ptr(): leaf for leaf in proper_leaves(root)}.values())


@wrong(
    "graph_leaves",
    "grad-graph-is-the-backward-graph",
    "a look at the nodes that feed the last operation alone: most leaves lie further back.",
    "01-computation-graph#walking-the-graph",
)
def one_step_back(root):
    if root.grad_fn is None:
        return [root] if root.requires_grad else []
    nodes = {before for before, _ in root.grad_fn.next_functions}
    return [node.variable for node in nodes if hasattr(node, "variable")]


@wrong(
    "graph_leaves",
    "gradients-accumulate",
    "a backward that is run to see where gradients arrive: it adds to the leaves' `.grad`, even with "
    "`retain_graph=True`.",
    "01-computation-graph#gradients-without-grad",
)
def tried_by_backward(root):
    leaves = proper_leaves(root)
    if leaves:
        root.sum().backward(retain_graph=True)
    return leaves


@wrong(
    "graph_leaves",
    "retain-graph-as-a-fix",
    "an `autograd.grad` that is run to see where gradients arrive: no `.grad` is written, and the graph is used up.",
    "01-computation-graph#what-backward-consumes",
)
def tried_by_autograd_grad(root):
    leaves = proper_leaves(root)
    if leaves:
        torch.autograd.grad(root.sum(), leaves)
    return leaves


@wrong(
    "graph_leaves",
    "leaf-means-made-by-me",
    "a list of `nn.Parameter`s: every tensor that requires grad and has no history is a leaf, whatever its class.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def parameters_alone(root):
    return [leaf for leaf in proper_leaves(root) if isinstance(leaf, nn.Parameter)]


def proper_leaves(root):
    if not root.requires_grad:
        return []
    return [root] if root.grad_fn is None else leaf_root_forgotten.function(root)


@wrong(
    "graph_leaves",
    "detach-makes-a-copy",
    "one list that all calls fill and return: a later call changes what an earlier one returned.",
    "01-computation-graph#walking-the-graph",
)
def one_list_for_all(root, found=[]):  # noqa: B006 - that is the fault
    found[:] = proper_leaves(root)
    return found


@wrong(
    "graph_leaves",
    "grad-graph-is-the-backward-graph",
    "a list that is kept by the tensor it was made for: when an edit in place has brought in another leaf, the "
    "old list comes back.",
    "01-computation-graph#walking-the-graph",
)
def list_kept(root, kept={}):  # noqa: B006 - that is the fault
    if id(root) not in kept:
        kept[id(root)] = root, proper_leaves(root)
    return list(kept[id(root)][1])


@wrong(
    "graph_leaves",
    "data-equals-detach",
    "a test by `in` (or `==`) whether a leaf is in the list already: it compares numbers, which is an error where"
    " a leaf has several, and takes two leaves of one equal number for one.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def tested_by_equality(root):
    found = []
    for leaf in proper_leaves(root):
        if leaf not in found:
            found.append(leaf)
    return found


@wrong(
    "graph_leaves",
    "hook-changes-all-uses",
    "hooks on the leaves that are never removed: the list is right, and every later backward runs them.",
    "01-computation-graph#one-use-its-own-gradient",
)
def hooks_left(root):
    found = proper_leaves(root)
    for leaf in found:
        leaf.register_hook(lambda _: None)
    return found


@wrong(
    "graph_leaves",
    "grad-graph-is-the-backward-graph",
    "a walk along the edges whose number is 0: the number says which output of the node is meant, and any output "
    "leads to the node.",
    "01-computation-graph#one-node-many-uses",
)
def along_edges_of_number_zero(root):
    if not root.requires_grad:
        return []
    nodes = [get_gradient_edge(root).node]
    for node in nodes:
        nodes += {before for before, number in node.next_functions if number == 0} - {None, *nodes}
    return [node.variable for node in nodes if hasattr(node, "variable")]


# depends_on


@wrong(
    "depends_on",
    "zero-gradient-vs-no-gradient",
    "a gradient that is looked at for numbers other than zero: through `round` or a multiplication by 0 gradient "
    "flows, and it is zero.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def only_if_not_zero(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    (gradient,) = torch.autograd.grad(out.sum(), leaf, retain_graph=True, allow_unused=True)
    return gradient is not None and bool(gradient.any())


@wrong(
    "depends_on",
    "retain-graph-as-a-fix",
    "an `autograd.grad` with its defaults: it uses the graph up, so that the next question, or a backward, raises.",
    "01-computation-graph#what-backward-consumes",
)
def used_up(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    return torch.autograd.grad(out.sum(), leaf, allow_unused=True)[0] is not None


@wrong(
    "depends_on",
    "gradients-accumulate",
    "a backward and a look at `leaf.grad`: it adds to every leaf's `.grad`, and one that is there from earlier "
    "proves nothing.",
    "01-computation-graph#gradients-without-grad",
)
def looked_at_grad(out, leaf):
    if out.requires_grad:
        out.sum().backward(retain_graph=True)
    return leaf.grad is not None


@wrong(
    "depends_on",
    "gradients-accumulate",
    "a backward after the leaf's `.grad` was set to None: the answer is right, and the gradients from earlier are "
    "gone or added to.",
    "01-computation-graph#gradients-without-grad",
)
def cleared_first(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    leaf.grad = None
    out.sum().backward(retain_graph=True)
    found = leaf.grad is not None
    leaf.grad = None
    return found


@wrong(
    "depends_on",
    "flag-at-the-wrong-time",
    "a look at both flags (or an `autograd.grad` with `materialize_grads=True`): that both require grad does not "
    "say that a path connects them.",
    "01-computation-graph#what-an-operation-records",
)
def both_flags(out, leaf):
    return out.requires_grad and leaf.requires_grad


@wrong(
    "depends_on",
    "root-has-no-grad-fn",
    "an `autograd.grad` that is asked of anything: for a constant it raises, where the answer is False.",
    "01-computation-graph#errors-you-will-meet",
)
def constants_raise(out, leaf):
    ones = torch.ones_like(out)
    return torch.autograd.grad(out, leaf, ones, retain_graph=True, allow_unused=True)[0] is not None


@wrong(
    "depends_on",
    "root-has-no-grad-fn",
    "an `autograd.grad` without `grad_outputs`: it starts at a scalar alone, and `out` may have any shape.",
    "01-computation-graph#errors-you-will-meet",
)
def scalars_alone(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    return torch.autograd.grad(out, leaf, retain_graph=True, allow_unused=True)[0] is not None


@wrong(
    "depends_on",
    "leaf-means-made-by-me",
    "a walk from `out.grad_fn`: a leaf has none, and yet it depends on itself.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def not_on_itself(out, leaf):
    return any(end is leaf for end in leaf_root_forgotten.function(out))


@wrong(
    "depends_on",
    "leaf-means-made-by-me",
    "`out is leaf` as the first test: a constant does not depend on itself, as no gradient flows into it.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def constant_on_itself(out, leaf):
    return out is leaf or not_on_itself.function(out, leaf)


@wrong(
    "depends_on",
    "data-equals-detach",
    "a search by `in`: `==` compares tensors element by element, and the truth of such a result is an error or a "
    "chance.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def searched_by_equality(out, leaf):
    return leaf in proper_leaves(out)


@wrong(
    "depends_on",
    "data-equals-detach",
    "a search by `data_ptr()`: a detached leaf lies in the same memory, and is another tensor.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def searched_by_memory(out, leaf):
    return any(end.data_ptr() == leaf.data_ptr() for end in proper_leaves(out))


@wrong(
    "depends_on",
    "data-equals-detach",
    "a search by values, such as `torch.equal`: another leaf can have the same values.",
    "01-computation-graph#leaves-and-accumulategrad",
)
def searched_by_values(out, leaf):
    return any(torch.equal(end, leaf) for end in proper_leaves(out))


@wrong(
    "depends_on",
    "grad-graph-is-the-backward-graph",
    "a walk along the first input of each node: it ends at one leaf, and `out` may depend on others.",
    "01-computation-graph#walking-the-graph",
)
def first_input_followed(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    node = get_gradient_edge(out).node
    while node is not None and node.next_functions:
        node = node.next_functions[0][0]
    return getattr(node, "variable", None) is leaf


@wrong(
    "depends_on",
    "grad-graph-is-the-backward-graph",
    "an answer that is kept by the two tensors: when an edit in place has brought in the leaf, the old answer "
    "comes back.",
    "01-computation-graph#walking-the-graph",
)
def answer_kept(out, leaf, kept={}):  # noqa: B006 - that is the fault
    key = id(out), id(leaf)
    if key not in kept:
        kept[key] = out, leaf, any(end is leaf for end in proper_leaves(out))
    return kept[key][2]


@wrong(
    "depends_on",
    "grad-graph-is-the-backward-graph",
    "a walk that remembers the nodes of the last one (a set in a default argument, or marks on the nodes): the "
    "next question finds them visited.",
    "01-computation-graph#walking-the-graph",
)
def visited_in_an_earlier_call(out, leaf):
    if out.grad_fn is None:
        return out is leaf and leaf.requires_grad
    fresh = [node for node in walk(out) if "asked" not in node.metadata]
    for node in fresh:
        node.metadata["asked"] = True
    return any(getattr(node, "variable", None) is leaf for node in fresh)


@wrong(
    "depends_on",
    "hook-changes-all-uses",
    "a hook on the leaf that listens for a gradient and is never removed: every later backward runs it.",
    "01-computation-graph#one-use-its-own-gradient",
)
def hook_left(out, leaf):
    if leaf.requires_grad:
        leaf.register_hook(lambda _: None)
    return any(end is leaf for end in proper_leaves(out))


@wrong(
    "depends_on",
    "grad-graph-is-the-backward-graph",
    "a walk along the edges whose number is 0: the number says which output of the node is meant, and any output "
    "leads to the node.",
    "01-computation-graph#one-node-many-uses",
)
def asked_along_number_zero(out, leaf):
    return any(end is leaf for end in along_edges_of_number_zero.function(out))


@wrong(
    "depends_on",
    "zero-gradient-vs-no-gradient",
    "a question to the first element of `out` (or another one): a tensor without elements has none.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def first_element_asked(out, leaf):
    if not (out.requires_grad and leaf.requires_grad):
        return False
    first = out.reshape(-1)[0]
    return torch.autograd.grad(first, leaf, retain_graph=True, allow_unused=True)[0] is not None


@wrong(
    "depends_on",
    "values-for-identity",
    "a leaf that is looked for by its values: another leaf may hold the same numbers.",
    "01-computation-graph#walking-the-graph",
)
def found_by_its_values(out, leaf):
    if not out.requires_grad or not leaf.requires_grad:
        return False
    if out.grad_fn is None:
        return out is leaf
    seen, stack = (set(), [out.grad_fn])
    while stack:
        n = stack.pop()
        if n is None or n in seen:
            continue
        v = getattr(n, "variable", None)
        if v is not None and v.shape == leaf.shape and torch.equal(v, leaf):
            return True
        seen.add(n)
        stack += [m for m, _ in n.next_functions]
    return False


@wrong(
    "depends_on",
    "gradients-accumulate",
    "a backward after which the leaf's `.grad` is put back: it has added to the other leaves of the graph.",
    "01-computation-graph#gradients-without-grad",
)
def grad_put_back(out, leaf):
    if not out.requires_grad or not leaf.requires_grad:
        return False
    old, leaf.grad = (leaf.grad, None)
    out.sum().backward(retain_graph=True)
    hit = leaf.grad is not None
    leaf.grad = old
    return hit


# grads


@wrong(
    "grads",
    "retain-graph-as-a-fix",
    "an `autograd.grad` without `retain_graph=True`: the gradients are right, and the graph is used up, so that "
    "`out.backward()` raises.",
    "01-computation-graph#what-backward-consumes",
)
def graph_used_up(out, inputs):
    return list(torch.autograd.grad(out, inputs, materialize_grads=True))


@wrong(
    "grads",
    "gradients-accumulate",
    "a backward and a look at `.grad`: it is added to what was there, and it stays there.",
    "01-computation-graph#gradients-without-grad",
)
def read_from_grad(out, inputs):
    out.backward(retain_graph=True)
    return [torch.zeros_like(x) if x.grad is None else x.grad.clone() for x in inputs]


@wrong(
    "grads",
    "gradients-accumulate",
    "a backward after `.grad` was cleared: what was there before is lost.",
    "01-computation-graph#gradients-without-grad",
)
def grads_cleared(out, inputs):
    for x in inputs:
        x.grad = None
    out.backward(inputs=inputs, retain_graph=True)
    return [torch.zeros_like(x) if x.grad is None else x.grad.clone() for x in inputs]


@wrong(
    "grads",
    "gradients-accumulate",
    "a backward after which the `.grad` of each of inputs is put back: it has added to the other leaves of the "
    "graph too.",
    "01-computation-graph#what-backward-fills",
)
def other_leaves_filled(out, inputs):
    earlier = [x.grad for x in inputs]
    for x in inputs:
        x.grad = None
    out.backward(retain_graph=True)
    found = [torch.zeros_like(x) if x.grad is None else x.grad for x in inputs]
    for x, grad in zip(inputs, earlier, strict=True):
        x.grad = grad
    return found


@wrong(
    "grads",
    "zero-is-not-none",
    "an `autograd.grad` with `allow_unused=True` and no more: at an unused input stands None, where zeros are "
    "asked for.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def none_for_unused(out, inputs):
    return list(torch.autograd.grad(out, inputs, retain_graph=True, allow_unused=True))


@wrong(
    "grads",
    "zero-is-not-none",
    "a list without the unused inputs: it is too short, and what follows stands at the wrong place.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def unused_left_out(out, inputs):
    return [grad for grad in none_for_unused.function(out, inputs) if grad is not None]


@wrong(
    "grads",
    "unused-in-graph",
    "an `autograd.grad` that knows nothing of unused inputs: it raises at the first of them.",
    "01-computation-graph#errors-you-will-meet",
)
def unused_raises(out, inputs):
    return list(torch.autograd.grad(out, inputs, retain_graph=True))


@wrong(
    "grads",
    "create_graph-cycle",
    "`create_graph=True`: the graph is kept, and the results have a history of their own, through which a later "
    "loss reaches the leaves.",
    "01-computation-graph#gradients-without-grad",
)
def results_with_history(out, inputs):
    return list(torch.autograd.grad(out, inputs, create_graph=True, materialize_grads=True))


@wrong(
    "grads",
    "zero-gradient-vs-no-gradient",
    "zeros by `torch.zeros(x.shape)`: they are float32, whatever the input is.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def zeros_of_another_dtype(out, inputs):
    found = none_for_unused.function(out, inputs)
    return [torch.zeros(x.shape) if grad is None else grad for x, grad in zip(inputs, found, strict=True)]


@wrong(
    "grads",
    "zero-gradient-vs-no-gradient",
    "a number 0 for an unused input: the gradient has the shape of the input, also where it is zero.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def scalar_zero(out, inputs):
    found = none_for_unused.function(out, inputs)
    return [torch.tensor(0.0, dtype=x.dtype) if grad is None else grad for x, grad in zip(inputs, found, strict=True)]


@wrong(
    "grads",
    "gradients-accumulate",
    "gradients in another order than that of inputs, such as the order in which a walk meets the leaves.",
    "01-computation-graph#paths-add-up",
)
def another_order(out, inputs):
    return list(torch.autograd.grad(out, inputs[::-1], retain_graph=True, materialize_grads=True))


@wrong(
    "grads",
    "grad-alias",
    "results that are kept for all calls (a list, or a tensor for each input): the next call overwrites what an "
    "earlier one returned.",
    "01-computation-graph#gradients-without-grad",
)
def buffers_for_all_calls(out, inputs, kept={}):  # noqa: B006 - that is the fault
    found = torch.autograd.grad(out, inputs, retain_graph=True, materialize_grads=True)
    buffers = [kept.setdefault(id(x), (x, torch.zeros_like(x)))[1].detach() for x in inputs]
    return [buffer.copy_(grad) for buffer, grad in zip(buffers, found, strict=True)]


@wrong(
    "grads",
    "grad-graph-is-the-backward-graph",
    "gradients that are kept by the tensors they were asked of: when an edit in place has changed `out`, the old "
    "ones come back.",
    "01-computation-graph#what-backward-consumes",
)
def results_kept(out, inputs, kept={}):  # noqa: B006 - that is the fault
    key = id(out), *map(id, inputs)
    if key not in kept:
        kept[key] = out, inputs, torch.autograd.grad(out, inputs, retain_graph=True, materialize_grads=True)
    return list(kept[key][2])


@wrong(
    "grads",
    "hook-changes-all-uses",
    "hooks on the inputs that catch the gradients and are never removed: every later backward runs them.",
    "01-computation-graph#one-use-its-own-gradient",
)
def catching_hooks_left(out, inputs):
    for x in inputs:
        x.register_hook(lambda _: None)
    return list(torch.autograd.grad(out, inputs, retain_graph=True, materialize_grads=True))


@wrong(
    "grads",
    "zero-gradient-vs-no-gradient",
    "zeros that have the dtype of `out` (or of another input): they have the dtype of their own input.",
    "01-computation-graph#zero-gradient-or-no-gradient",
)
def zeros_of_the_dtype_of_out(out, inputs):
    found = none_for_unused.function(out, inputs)
    return [torch.zeros(x.shape, dtype=out.dtype) if g is None else g for x, g in zip(inputs, found, strict=True)]


@wrong(
    "grads",
    "no_grad-around-the-forward",
    "an operation on `out` before the gradient is asked for: under `no_grad` it is not recorded, and its result "
    "has no graph.",
    "01-computation-graph#errors-you-will-meet",
)
def one_operation_more(out, inputs):
    return list(torch.autograd.grad(out.sum(), inputs, retain_graph=True, materialize_grads=True))


@wrong(
    "grads",
    "grad-alias",
    "a backward after which a copy of the old `.grad` is put back: it has added into the very tensor that was "
    "there, for everyone who holds it.",
    "01-computation-graph#gradients-without-grad",
)
def difference_of_two_gradients(out, inputs):
    old = [None if p.grad is None else p.grad.clone() for p in inputs]
    out.backward(retain_graph=True, inputs=inputs)
    res = []
    for p, g in zip(inputs, old, strict=False):
        new = p.grad if p.grad is not None else torch.zeros_like(p)
        res.append(new if g is None else new - g)
        p.grad = g
    return res


# grad_reverse


@wrong(
    "grad_reverse",
    "hook-changes-all-uses",
    "a hook on x itself: it turns round the sum of what all uses of x send back, and one more hook is added at "
    "each call.",
    "01-computation-graph#one-use-its-own-gradient",
)
def x_is_hooked(x, lam):
    x.register_hook(lambda grad: -lam * grad)
    return x


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "`-lam * x`: its own derivative is right, and the value is multiplied too, so what is computed from it is another "
    "and may have another gradient.",
    "01-computation-graph#one-use-its-own-gradient",
)
def value_multiplied(x, lam):
    return -lam * x


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "a gradient times `lam`: the size is right and the sign is not.",
    "01-computation-graph#one-use-its-own-gradient",
)
def sign_forgotten(x, lam):
    return (1 - lam) * x.detach() + lam * x


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "a gradient times -1: it is turned round, and `lam` is not used.",
    "01-computation-graph#one-use-its-own-gradient",
)
def strength_forgotten(x, lam):
    return 2 * x.detach() - x


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "the sum with its two parts swapped: what should be cut is attached, so the gradient is multiplied by 1 + lam.",
    "01-computation-graph#one-use-its-own-gradient",
)
def parts_swapped(x, lam):
    return (1 + lam) * x - lam * x.detach()


@wrong(
    "grad_reverse",
    "detach-result-discarded",
    "a sum in which nothing is cut: the parts cancel, value and gradient alike, and the gradient stays that of x. (So "
    "it does with a hook that returns nothing.)",
    "01-computation-graph#paths-add-up",
)
def nothing_cut(x, lam):
    return (1 + lam) * x - lam * x


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "a sum in which everything is cut: no path to x is left, and a backward has nowhere to start.",
    "01-computation-graph#errors-you-will-meet",
)
def everything_cut(x, lam):
    return ((1 + lam) * x - lam * x).detach()


@wrong(
    "grad_reverse",
    "hook-changes-all-uses",
    "a factor that all calls share (on the class of a Function, or global): the backward comes after the last "
    "call, and uses the factor of that one for all.",
    "01-computation-graph#one-use-its-own-gradient",
)
def one_factor_for_all(x, lam):
    Shared.lam = lam
    return Shared.apply(x)


@wrong(
    "grad_reverse",
    "hide-the-edit-with-no_grad-or-detach",
    "a gradient that is edited in place (`grad.neg_()`, `grad.mul_(-lam)`): the same tensor goes to other uses of "
    "x, and they are turned round with it.",
    "01-computation-graph#paths-add-up",
)
def gradient_edited(x, lam):
    alias = x.view_as(x)
    alias.register_hook(lambda grad: grad.mul_(-lam))
    return alias


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "`x - lam * x` with a repaired value: x itself is still attached, so the gradient is multiplied by 1 - lam.",
    "01-computation-graph#paths-add-up",
)
def x_still_attached(x, lam):
    scaled = lam * x
    return x - scaled + scaled.detach()


@wrong(
    "grad_reverse",
    "hook-changes-all-uses",
    "a hook on x itself where x is a view: a view can have other uses too, and they are turned round with it.",
    "01-computation-graph#one-use-its-own-gradient",
)
def view_is_hooked(x, lam):
    alias = x if x._is_view() else x.view_as(x)
    alias.register_hook(lambda grad: -lam * grad)
    return alias


@wrong(
    "grad_reverse",
    "view-needs-contiguous",
    "a `view(-1)` (or another view that needs the elements in one row in memory): for an x that is not contiguous"
    " it raises.",
    "01-computation-graph#errors-you-will-meet",
)
def flattened_by_view(x, lam):
    copy = x.view(-1).clone()
    copy.register_hook(lambda grad: -lam * grad)
    return copy.view(x.shape)


@wrong(
    "grad_reverse",
    "zero-dimensions-forgotten",
    "an x that is taken apart along its first dimension (`x[:]`, a loop over x, `unbind`): a tensor without "
    "dimensions has none, and that raises.",
    "01-computation-graph#errors-you-will-meet",
)
def sliced(x, lam):
    part = x[:]
    part.register_hook(lambda grad: -lam * grad)
    return part


@wrong(
    "grad_reverse",
    "hook-changes-all-uses",
    "a result that is kept for each x: a second call gives the first one again, with the first factor.",
    "01-computation-graph#one-use-its-own-gradient",
)
def result_kept(x, lam, kept={}):  # noqa: B006 - that is the fault
    if id(x) not in kept:
        kept[id(x)] = x, (1 + lam) * x.detach() - lam * x
    return kept[id(x)][1]


@wrong(
    "grad_reverse",
    "flag-then-op",
    "a result of float32, whatever x is: the value and the gradient of a float64 x are rounded.",
    "01-computation-graph#one-use-its-own-gradient",
)
def always_float32(x, lam):
    return ((1 + lam) * x.detach() - lam * x).float()


@wrong(
    "grad_reverse",
    "one-gradient-for-each-input",
    "a `backward` that returns fewer gradients than `forward` has inputs: torch asks for one each, None for a number.",
    "01-computation-graph#one-use-its-own-gradient",
)
def gradient_for_one_input_only(x, lam):

    class R(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t, factor):
            ctx.factor = factor
            return t.clone()

        @staticmethod
        def backward(ctx, g):
            return -ctx.factor * g

    return R.apply(x, lam)


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "a detached x, less lam times x: the gradient has the right factor, and what is attached does not cancel in "
    "the value.",
    "01-computation-graph#paths-add-up",
)
def detached_minus_scaled(x, lam):
    return x.detach() - lam * x


@wrong(
    "grad_reverse",
    "wrong-formula",
    "a gradient that is divided by lam: it is to be multiplied.",
    "01-computation-graph#one-use-its-own-gradient",
)
def divided_by_lam(x, lam):
    y = x.clone()
    y.register_hook(lambda g: -g / lam)
    return y


@wrong(
    "grad_reverse",
    "cut-the-wrong-operand",
    "a new leaf with the values of x: the gradient ends there, and x gets none.",
    "01-computation-graph#one-use-its-own-gradient",
)
def hook_on_a_new_leaf(x, lam):
    y = x.detach().requires_grad_()
    y.register_hook(lambda g: -lam * g)
    return y


class Shared(torch.autograd.Function):
    lam = 1.0

    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -Shared.lam * grad
