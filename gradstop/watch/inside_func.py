"""What is seen inside of torch.func's transforms: what has no derivative, what is refused, gradients of a constant."""

import sys
from typing import Any

from gradstop.watch import kinds
from gradstop.watch.events import Story
from gradstop.watch.lines import line_of
from gradstop.watch.records import Refused

MOST_NOTED = 50
_WITHOUT = kinds.LEAVING | kinds.FACTORIES | kinds.DISCRETE | kinds.CASTS | {"detach", "detach_", "data"}


class InsideFunc:
    """Stands around the calls there. They are not followed: a tensor there is another one outside."""

    def __init__(self, story: Story):
        self.story = story
        self._since: dict[Any, str] = {}  # what has no derivative, since a gradient was last taken

    def call(self, name: str, function: Any, args: Any, kwargs: Any) -> Any:
        """Make a call, and note its line where it has no derivative or is refused."""
        self.story.calls_inside += 1
        try:
            result = function(*args, **kwargs)
        except Exception as error:
            self.story.refused = Refused(str(error), name, line_of(sys._getframe(2)), ())
            raise
        if name in _WITHOUT:
            line = line_of(sys._getframe(2))
            for noted in (self.story.cut_inside, self._since):
                if len(noted) < MOST_NOTED:
                    noted.setdefault(line, name)
        return result

    def gradient(self, before: Any) -> Any:
        """Return what takes gradients there, which also notes those of a constant: zeros, without a word."""

        def gradient(outputs: Any, *args: Any, **kwargs: Any) -> Any:
            is_constant = not any(output.requires_grad for output in outputs)
            if self._since and is_constant and len(self.story.flat) < MOST_NOTED:
                self.story.flat[line_of(sys._getframe(1))] = dict(self._since)
            self._since.clear()
            return before(outputs, *args, **kwargs)

        return gradient
