"""What a cell has shown, in the notebook format, as far as it is kept and goes into one message."""

import json
from typing import Any

from gradstop.grading.inside.channel import MAX_LINE
from gradstop.grading.inside.error_lines import words_of

MAX_PRINTED = MAX_LINE // 4  # characters that one cell may print
MAX_OUTPUTS_SIZE = MAX_LINE - MAX_LINE // 10  # bytes of all outputs of a cell, as JSON
SMALLEST = 2_000  # bytes; where fewer are left, the outputs that follow are left out
MAX_QUOTED = 300  # characters of an error's message that is too long


class CellOutputs:
    """What the cell that runs has shown so far."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        self.items: list[dict[str, Any]] = []
        self.shown: dict[str, list[dict[str, Any]]] = {}
        self.clear_first = False
        self.length = 0

    def stream(self, name: str, text: str) -> None:
        """Add printed text; what exceeds the limit is cut."""
        text = text[: max(0, MAX_PRINTED - self.length)]
        self.length += len(text)
        last = self.items[-1] if self.items else {}
        if text and last.get("output_type") == "stream" and last["name"] == name and not self.clear_first:
            last["text"] += text
        elif text:
            self.add({"output_type": "stream", "name": name, "text": text})

    def add(self, item: dict[str, Any]) -> None:
        """Add an output."""
        if self.clear_first:
            self.clear()
        self.items.append(item)

    def error(self, error: BaseException, lines: list[str]) -> None:
        """Add what has stopped the cell."""
        name, said = words_of(error)
        self.add({"output_type": "error", "ename": name, "evalue": said, "traceback": lines})

    def went_on(self, error: BaseException, note: str) -> None:
        """Say beside an error, the last one shown, why the cell went on after it."""
        if not self.items or self.items[-1].get("ename") != words_of(error)[0]:  # IPython prints some
            self.error(error, [])
        last = self.items[-1]
        last["evalue"] = f"{last['evalue'][:MAX_QUOTED]}; {note}"
        last["traceback"] = [*last["traceback"], note]

    def has_error(self) -> bool:
        """Whether it is shown what has stopped the cell."""
        return any(item["output_type"] == "error" for item in self.items)

    def take(self, room: int = MAX_OUTPUTS_SIZE) -> list[dict[str, Any]]:
        """Hand over the outputs, as JSON in ``room`` bytes, and forget them; one too large becomes a note of its size.

        What has stopped the cell is always among them.
        """
        items, left = [], room
        for item in map(_as_text, self.items):
            size = len(json.dumps(item))
            if size > left:
                item = _cut(item, size)
                size = len(json.dumps(item))
            left -= size
            items.append(item)
            if left < SMALLEST:
                break
        if len(items) < len(self.items) and self.items[-1]["output_type"] == "error":
            items.append(_cut(self.items[-1], len(json.dumps(self.items[-1]))))
        self.clear()
        return items


def _as_text(item: dict[str, Any]) -> dict[str, Any]:
    """Return an output with those of its forms that are text. No other is shown, and some are no JSON."""
    if item["output_type"] in ("stream", "error"):
        return item
    data = item["data"] if isinstance(item["data"], dict) else {}
    texts = {kind: form for kind, form in dict.items(data) if isinstance(kind, str) and isinstance(form, str)}
    return {**item, "metadata": {}, "data": texts}


def _cut(item: dict[str, Any], size: int) -> dict[str, Any]:
    """Return what stands in the place of an output that is too large; an error stays one."""
    note = f"(An output of {size / 1e6:.1f} MB was left out here.)"
    if item["output_type"] == "error":
        said = f"{item['evalue'][:MAX_QUOTED]} {note}"
        return {"output_type": "error", "ename": item["ename"][:MAX_QUOTED], "evalue": said, "traceback": []}
    return {"output_type": "stream", "name": "stdout", "text": f"{note}\n"}
