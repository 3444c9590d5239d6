from __future__ import annotations

import pytest

from ui.viewmodels.confidence import Shade, shade_of


@pytest.mark.parametrize(
    ("confidence", "shade"),
    [
        (1.0, Shade.PLAIN),
        (0.9, Shade.PLAIN),
        (0.8999, Shade.UNSURE),
        (0.7, Shade.UNSURE),
        (0.6999, Shade.DOUBTFUL),
        (0.0, Shade.DOUBTFUL),
        (None, Shade.PLAIN),
    ],
)
def test_borders_lie_at_0_7_and_0_9(confidence: float | None, shade: Shade) -> None:
    assert shade_of(confidence) is shade
