"""How fast a stage goes, beside its bar."""

from __future__ import annotations

from rich.progress import ProgressColumn, Task
from rich.text import Text


class SpeedColumn(ProgressColumn):
    """What is done in a second, as `120/s`; nothing before that is known."""

    def render(self, task: Task) -> Text:
        """Return the speed of a stage."""
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:,.0f}/s" if speed >= 10 else f"{speed:.1f}/s", style="progress.data.speed")
