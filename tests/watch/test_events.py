"""What a watch knows of tensors does not depend on where they lie in memory."""

import torch

from gradstop.watch.events import Story
from gradstop.watch.lines import Line


def test_tensors_are_gone_through_in_the_order_in_which_they_were_seen_first():
    story, line = Story(100), Line("script.py", 1, "train")
    first, second, third = (torch.ones(1) for _ in range(3))
    for tensor in (first, second):
        story.know(tensor, line)
    story.known[id(third)] = story.known.pop(id(first))  # as where the third came to lie where the first one was
    story.known = dict(reversed(story.known.items()))
    del first
    story.know(third, line)
    assert [known.number for known, _ in story.alive()] == [2, 3]
