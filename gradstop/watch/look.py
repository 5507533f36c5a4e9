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

    @property
    def scaled(self) -> bool:
        """Whether a scaler looked for infinite gradients: then it may leave out steps."""
        return any(event.name.startswith("_amp_") for event in self.story.events.values())

    def written_after(self, number: int, since: int) -> bool:
        """Whether a call has written a tensor after another call."""
        return any(writer.number > since for writer in self.flow.writers.get(number, ()))

    def follows(self, number: int) -> bool:
        """Whether calls have written it from another tensor, as a moving average is. One copy only loads it."""
        users = self.flow.users
        views = (event for event in users.get(number, ()) if event.name in ("data", "detach"))
        own = {number, *(output for event in views for output, _ in event.outputs)}
        takers = (event for view in own for event in users.get(view, ()) if len(event.inputs) > 1)
        written = [event.name for event in takers if own & {*event.written} or event.name == "data ="]
        return len(written) > 1 or any(name != "copy_" for name in written)
