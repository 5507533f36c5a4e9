"""The clinic: flags, copies and leaving torch."""

import copy

import numpy
import torch
from support.kinds import interiors, leaves, raises
from torch import nn
from torch.utils.checkpoint import checkpoint

from statements import CLINIC, HERE, NAMES


def numpy_is_refused():
    outcome = {}
    for group, kinds in {"leaf": leaves(), "interior": interiors()}.items():
        for kind, x in kinds.items():
            outcome[f"{group}, {kind}"] = raises(x.numpy) and raises(lambda x=x: numpy.asarray(x))
    return outcome


def dlpack_is_refused():
    def exported(x):
        try:
            numpy.from_dlpack(x)
        except BufferError:
            return False
        return True

    kinds = ("two elements", "0-d", "matrix", "float64", "a parameter")
    return {kind: not exported(leaves()[kind]) and exported(leaves()[kind].detach()) for kind in kinds}


def a_flag_that_goes_after_the_forward():
    def left(way):
        x = torch.tensor([2.0], requires_grad=True)
        y = way(x)
        x.requires_grad_(False)
        return raises(back_of, y) or x.grad is None

    def back_of(y):
        y.sum().backward()

    w = nn.Parameter(torch.tensor([3.0]))
    return {
        "product": left(lambda x: w * x),
        "two uses": left(lambda x: w * x + x),
        "a view": left(lambda x: x[:1] * w),
        "a layer": left(nn.Linear(1, 1)),
        "checkpoint": left(lambda x: checkpoint(lambda a: (a * w).exp(), x, use_reentrant=False)),
    }


def integers_cannot_require_grad():
    dtypes = (torch.int64, torch.int32, torch.uint8, torch.bool)
    return {str(dtype): raises(torch.ones(2, dtype=dtype).requires_grad_) for dtype in dtypes}


def token_ids():
    words = torch.tensor([1, 2])
    embedding = nn.Embedding(3, 2)
    embedding(words).sum().backward()
    bag = nn.EmbeddingBag(3, 2)
    bag(words[None]).sum().backward()
    return {
        "ids": words.grad is None and raises(words.requires_grad_),
        "embedding": embedding.weight.grad is not None,
        "bag": bag.weight.grad is not None,
    }


def of_inference():
    """Return tensors that were made in inference mode."""
    with torch.inference_mode():
        return {
            "two elements": torch.ones(2),
            "0-d": torch.tensor(1.0),
            "float64": torch.ones(2, dtype=torch.float64),
            "complex": torch.ones(2, dtype=torch.complex64),
            "computed": torch.ones(2, requires_grad=True) * 2,
            "a parameter": nn.Parameter(torch.ones(2)),
        }


def no_backward_may_need_it():
    outcome = {}
    for kind, z in of_inference().items():
        w = torch.ones(2, requires_grad=True)
        outcome[kind] = raises(lambda w=w, z=z: w * z) and not raises(lambda w=w, z=z: w + z)
    return outcome


def it_has_no_counter():
    return {kind: raises(lambda z=z: z._version) for kind, z in of_inference().items()}


def where_an_interior_tensor_is_kept():
    def kept(keep):
        net = nn.Sequential(nn.Linear(2, 1))
        keep(net[0], net(torch.ones(2)))
        attributes = [t for part in net.modules() for t in vars(part).values() if isinstance(t, torch.Tensor)]
        return (
            any(not t.is_leaf for t in attributes),
            any(not t.is_leaf for t in net.buffers()),
            raises(copy.deepcopy, net),
        )

    return {
        "attribute": kept(lambda part, y: setattr(part, "last", y)) == (True, False, True),
        "buffer": kept(lambda part, y: part.register_buffer("last", y)) == (False, True, True),
        "list": kept(lambda part, y: setattr(part, "last", [y])) == (False, False, True),
        "dictionary": kept(lambda part, y: setattr(part, "last", {"y": y})) == (False, False, True),
        "detached": kept(lambda part, y: setattr(part, "last", [y.detach()])) == (False, False, False),
    }


STATEMENTS = CLINIC | {
    "NumPy cannot record. np.asarray(y), np.exp(y) and plt.plot(y) end in the same call.": numpy_is_refused,
    "DLPack hands the memory to another library, which cannot record.": dlpack_is_refused,
    "Here the slope at 2 is 1.5; only the second term is recorded.": HERE,
    "See New names and views are no copies.": NAMES,
    "To start anew from its numbers, as each step of an adversarial attack does, detach and set the flag.": HERE,
    "Integers have no small steps, so no slope. torch.tensor([1, 2]) makes integers; one dot makes floats.": (
        integers_cannot_require_grad
    ),
    "Token ids have no gradient; their embedding has.": token_ids,
    "An inference tensor has no version counter, so no backward could trust its numbers.": it_has_no_counter,
    "The product must save it.": no_backward_may_need_it,
    "As it is, its weight gets no gradient here, without a word.": HERE,
    "An edit must be counted, and an inference tensor has no counter.": it_has_no_counter,
    "Torch refuses after the fact: total is 9 no longer.": HERE,
    "The gradient of a leaf may need the leaf's own numbers, and an inference tensor cannot be saved.": (
        no_backward_may_need_it
    ),
    "See A version for every write.": NAMES,
}
RULES = {
    "A buffer is in named_buffers(); look through lists and dictionaries too.": where_an_interior_tensor_is_kept,
    "Nothing is raised here (a checkpoint may), and neither use gives the leaf a gradient.": (
        a_flag_that_goes_after_the_forward
    ),
}
