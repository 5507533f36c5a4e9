"""A large net as the boxes of its modules: what is in each is counted, and one level is opened at a time."""

import re

import pytest
import torch
from torch import nn

from gradstop import describe, draw, step_through
from gradstop.drawing.boxes import find_boxes
from gradstop.drawing.picture import picture
from gradstop.graph.read import read_given


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x):
        return x + self.second(self.first(x).relu())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.blocks = nn.Sequential(*[Block() for _ in range(8)])
        self.head, self.unused = nn.Linear(4, 1), nn.Linear(4, 4)

    def forward(self, x):
        return self.head(self.blocks(x * self.scale))


@pytest.fixture
def net():
    made = Net()
    made.blocks[0].requires_grad_(False)
    return made


def blocks_of(text):
    """Return what stands on each card, by its first line."""
    return {block.splitlines()[0].split("  ")[0]: block for block in re.split(r"\n(?=\S)", text)}


def test_modules_are_boxes_and_their_parameters_counted(net):
    loss = net(torch.ones(3, 4)).sum()
    found = blocks_of(describe(loss, model=net))
    assert {label for label in found if "(node" not in label} == {"scale", "blocks", "head", "unused", "root"}
    assert "4 parameters frozen" in found["blocks"]
    assert "28 parameters that will be filled" in found["blocks"]
    assert "2 parameters not reached" in found["unused"]
    loss.backward()
    assert "28 parameters with .grad filled" in blocks_of(describe(loss, model=net))["blocks"]


def test_one_level_is_opened_at_a_time(net):
    loss = net(torch.ones(3, 4)).sum()
    one = blocks_of(describe(loss, model=net, opened="blocks"))
    assert {"blocks.0", "blocks.7", "head"} <= set(one)
    assert "blocks.3.first" not in one
    two = blocks_of(describe(loss, model=net, opened="blocks.3"))
    assert {"blocks.2", "blocks.3.first", "blocks.3.second"} <= set(two)
    three = blocks_of(describe(loss, model=net, opened="blocks.3.first"))
    assert "blocks.3.first.weight" in three
    with pytest.raises(ValueError, match=r"no module 'blocs' to open; it has blocks, head, unused"):
        draw(loss, model=net, opened="blocs")


def test_every_node_and_parameter_is_in_one_card(net):
    loss = net(torch.ones(3, 4)).sum()
    graph = read_given([loss], {}, net)
    for opened in ((), {"blocks"}, {"blocks", "blocks.3", "blocks.3.first"}):
        cards = picture(graph, opened=opened).cards
        assert sorted(node for card in cards for node in card.nodes) == list(range(len(graph.nodes)))
        held = [tensor for card in cards for tensor in card.members]
        assert len(held) == len(set(held))
        own = {entry.info.id for card in cards for entry in card.tensors}
        assert set(held) | own == {info.id for info in graph.tensors}


@pytest.mark.parametrize("seed", range(5))
def test_boxes_make_no_circle_with_what_is_named(net, seed):
    torch.manual_seed(seed)
    named, x = {}, torch.ones(3, 4)
    for i in torch.randint(8, (6,)).tolist():  # modules that are used again, in any order
        x = net.blocks[i](x)
        named[f"h{i}"] = x
    loss = (x * net.scale + net.blocks[0](torch.ones(4))).sum()
    shown = picture(read_given([loss], named, net), opened={"blocks"})
    for link in shown.links:
        if link.is_flow:
            assert shown.ranks[link.source] > shown.ranks[link.target]


def test_the_box_around_everything_is_opened(net):
    loss = net(torch.ones(3, 4)).sum()
    graph = read_given([loss], {"net": net})
    assert "net.blocks" in set(find_boxes(graph, ()).of_tensor.values())


def test_many_named_parameters_are_boxes_too(net):
    loss = net(torch.ones(3, 4)).sum()
    found = blocks_of(describe(loss, **dict(net.named_parameters())))
    assert {"scale", "blocks", "head", "unused", "root"} <= set(found)
    assert len(found) == 6
    steps = step_through(loss, **dict(net.named_parameters()))
    assert "The nodes of blocks run." in steps.text
    assert net.blocks[1].first.weight.grad is not None


def test_a_tensor_called_model_or_opened_is_drawn_as_any_other():
    x = torch.ones(2, requires_grad=True)
    assert set(blocks_of(describe(model=x, opened=x * 2))) == {"model", "opened"}


# What people hand over


def test_a_module_a_dict_and_a_list_give_names():
    layer, x = nn.Linear(2, 2), torch.ones(2, requires_grad=True)
    y = layer(x)
    assert {"weight", "bias", "root"} <= set(blocks_of(describe(y, layer)))
    assert {"layer.weight", "layer.bias"} <= set(blocks_of(describe(y, layer=layer)))
    assert {"state.weight", "xs[0]"} <= set(blocks_of(describe(y, state=layer.state_dict(), xs=[x])))
    assert set(blocks_of(describe({"a": x, "b": x * 2}))) == {"a", "b"}
    both = [(x * 2).sum(), (x * 3).sum()]
    assert {"root 1", "root 2"} <= set(blocks_of(describe(both)))
    assert "layer.weight adds" in step_through(y.sum(), layer=layer).text


def test_an_optimizer_and_a_model_are_compared(net):
    opt = torch.optim.SGD([net.head.weight, net.scale])
    net.head.weight = nn.Parameter(torch.ones(1, 4))
    loss = net(torch.ones(3, 4)).sum()
    found = blocks_of(describe(loss, model=net, opt=opt))
    assert "in the optimizer, not in the model" in found["opt.param_groups[0][0]"]
    assert "2 parameters in the model, not in the optimizer" in found["head"]
    (scale,) = (block for label, block in found.items() if label.startswith("scale"))
    assert "not in the" not in scale
    layer = nn.Linear(1, 1)
    healthy = describe(layer(torch.ones(1)), layer=layer, opt=torch.optim.SGD(layer.parameters()))
    assert "not in the" not in healthy
    assert "layer.weight, opt.param_groups[0][0]" in healthy
