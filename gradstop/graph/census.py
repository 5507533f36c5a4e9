"""Counts which graph nodes and saved tensors are still alive, by weak references."""

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from gradstop.internals.append_only import AppendOnly
from gradstop.internals.torch import hang_on


class _Token:
    """Lives as long as what holds it."""

    __slots__ = ("__weakref__", "is_weight", "tensor")
    tensor: torch.Tensor
    is_weight: bool


class _Passed(torch.autograd.Function):
    """Hands a tensor on."""

    generate_vmap_rule = True

    @staticmethod
    def forward(tensor: torch.Tensor) -> torch.Tensor:
        return tensor.view_as(tensor)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(_: Any, gradient: torch.Tensor) -> torch.Tensor:
        return gradient

    @staticmethod
    def jvp(_: Any, tangent: torch.Tensor) -> torch.Tensor:
        return tangent.view_as(tangent)


# Looked up once, when this module is imported: a census counts while code of others' runs.
_pass: Callable[[torch.Tensor], torch.Tensor] = _Passed.apply
_reference, _hooks = weakref.ref, torch.autograd.graph.saved_tensors_hooks


class _Held(NamedTuple):
    tagged: AppendOnly  # weak references to tokens, one for each node
    packed: AppendOnly  # one for each saved tensor


class Census(_Held):
    """Tells how much of the graphs that one builds is still alive.

    ``recording()`` counts each tensor that an operation saves for backward inside it, ``tag(tensor)`` the nodes of its
    graph that are not tagged yet, ``through(tensor)`` one node for it, and ``end_of(leaf)`` the one in which its graphs
    end. Nothing is kept alive by the counting: a token sits in the node's metadata or stands in for the saved tensor,
    and dies with it. What was counted cannot be taken away.
    """

    __slots__ = ()

    def __new__(cls, tagged: AppendOnly | None = None, packed: AppendOnly | None = None) -> "Census":
        """Make one that has counted nothing, or a copy that shares what was counted."""
        return super().__new__(cls, tagged or AppendOnly(), packed or AppendOnly())

    def tag(self, tensor: torch.Tensor) -> torch.Tensor:
        """Count the nodes behind ``tensor`` (leaves' ``AccumulateGrad`` left out); return ``tensor``."""
        stack = [tensor.grad_fn]
        while stack:
            node: Any = stack.pop()
            if node is None or hasattr(node, "variable") or id(self) in node.metadata:
                continue
            token = node.metadata[id(self)] = _Token()
            self.tagged.add(_reference(token))
            stack.extend(before for before, _ in node.next_functions)
        return tensor

    def through(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the tensor's values behind a node that is counted, where operations are recorded.

        It is alive while any of the graph is that begins there. A token can be taken out of a node's metadata by who
        has the graph; this is the node itself.
        """
        passed = _pass(tensor)
        if passed.grad_fn is not None:
            self.tagged.add(_reference(passed.grad_fn))
        return passed

    def end_of(self, leaf: torch.Tensor) -> Any:
        """Return the node in which all graphs of a leaf end, counted: while it is held, all that are made end in it.

        Let go of it, it is alive while any such graph is, whoever has made that, and by what.
        """
        with torch.enable_grad():
            node: Any = leaf.view_as(leaf).grad_fn
        end = node.next_functions[0][0]
        self.tagged.add(_reference(hang_on(end)))
        return end

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Count each tensor that is saved for backward while the body runs."""

        def pack(tensor: torch.Tensor) -> _Token:
            token = _Token()
            token.tensor = tensor.detach()
            token.is_weight = tensor.is_leaf and tensor.requires_grad
            self.packed.add(_reference(token))
            return token

        def unpack(token: _Token) -> torch.Tensor:
            return token.tensor

        with _hooks(pack, unpack):
            yield

    def nodes(self) -> int:
        """Return how many tagged nodes are alive."""
        return sum(token() is not None for token in self.tagged.all())

    def saved(self) -> int:
        """Return how many saved tensors are alive."""
        return len(self._alive())

    def saved_bytes(self) -> int:
        """Return how many bytes of memory the saved tensors keep alive; memory that several share counts once.

        Leaves that require grad are left out: a weight is alive anyway.
        """
        kept = [token.tensor for token in self._alive() if not token.is_weight]
        storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in kept}
        return sum(storages.values())

    def _alive(self) -> list[_Token]:
        return [token for reference in self.packed.all() if (token := reference()) is not None]
