"""Some versions of the binding lose a reference to None and to True with every emission, until the process aborts."""

from __future__ import annotations

import sys

from ui.viewmodels.composer import ComposerViewModel
from ui.viewmodels.conversation import ConversationModel
from ui.viewmodels.turn import TurnState, TurnViewModel

EMISSIONS = 1000
NOISE = 100


class NoKey:
    def press(self) -> None: ...
    def release(self) -> None: ...
    def cancel(self) -> None: ...


def test_a_thousand_emissions_lose_no_reference() -> None:
    turn, composer, cards = TurnViewModel(NoKey()), ComposerViewModel(lambda text: None), ConversationModel()
    told: list[int] = []
    turn.levelChanged.connect(lambda: told.append(1))
    turn.stateChanged.connect(lambda: told.append(1))
    composer.focusRequested.connect(lambda: told.append(1))
    cards.dataChanged.connect(lambda top, bottom, roles: told.append(1))
    before = (sys.getrefcount(None), sys.getrefcount(True))
    for number in range(EMISSIONS):
        turn.show_level(float(number % 2))
        turn.enter(TurnState.THINKING if number % 2 else TurnState.IDLE)
        turn.press()
        turn.release()
        composer.typed("")
    after = (sys.getrefcount(None), sys.getrefcount(True))
    assert len(told) >= 2 * EMISSIONS
    assert abs(after[0] - before[0]) < NOISE
    assert abs(after[1] - before[1]) < NOISE
