"""What every event of a turn or run carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The header every event of a turn or run carries.

    Attributes:
        turn_id: The turn, empty for a run outside turns.
        run_id: The run inside the turn, empty for what belongs to the turn as a whole.
        seq: Counts up by one from 0 within a turn; -1 before it is stamped.
        t_ms: Milliseconds since the start of the turn, monotonic.
    """

    type: ClassVar[str] = "Event"

    turn_id: str = ""
    run_id: str = ""
    seq: int = -1
    t_ms: float = 0.0

    def __init_subclass__(cls) -> None:
        cls.type = cls.__name__
