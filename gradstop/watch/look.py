"""What all looks at a story have in common."""

from dataclasses import dataclass

from gradstop.watch.around_backward import AroundBackward
from gradstop.watch.around_step import AroundStep
from gradstop.watch.events import Story
from gradstop.watch.flow import Flow
from gradstop.watch.names import Names
from gradstop.watch.no_gradient import NoGradient


@dataclass
class Look:
    """Looks a story through for one sort of fault."""

    story: Story
    backwards: AroundBackward
    steps: AroundStep
    names: Names
    why: NoGradient

    @property
    def parts(self) -> tuple[Story, AroundBackward, AroundStep, Names, NoGradient]:
        """What another look at the same story is made of."""
        return self.story, self.backwards, self.steps, self.names, self.why

    @property
    def flow(self) -> Flow:
        """What became of the tensors of the story."""
        return self.why.flow

    def written_after(self, number: int, since: int) -> bool:
        """Whether a call has written a tensor after another call."""
        return any(writer.number > since for writer in self.flow.writers.get(number, ()))
