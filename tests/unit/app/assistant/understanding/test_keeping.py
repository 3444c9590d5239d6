"""An index is kept for the next start, and made anew when anything it was made from has changed."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from app.assistant.understanding.index import Index
from app.assistant.understanding.keeping import index_of
from app.assistant.understanding.matcher import Matcher
from tests.helpers.understanding import Kitchen, Shop

EXAMPLES = [("set a timer", "boil"), ("stop the timer", "stop"), ("buy some milk", "buy")]
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


def test_what_is_kept_is_what_was_made(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "understanding"
    made, again = index_of(EXAMPLES, folder), index_of(EXAMPLES, folder)
    assert again.intents == made.intents == ("boil", "stop", "buy")
    np.testing.assert_array_equal(again.weights, made.weights)
    np.testing.assert_array_equal(again.scores("set a timer"), Index(EXAMPLES).scores("set a timer"))
    assert len(list(folder.iterdir())) == 1


def test_other_examples_make_another_and_clear_the_old_one_away(tmp_path: Path) -> None:
    index_of(EXAMPLES, tmp_path)
    (before,) = tmp_path.iterdir()
    more = index_of([*EXAMPLES, ("what time is it", "time")], tmp_path)
    assert more.intents[-1] == "time"
    (after,) = tmp_path.iterdir()
    assert after != before


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    index_of(EXAMPLES, tmp_path)
    (file,) = tmp_path.iterdir()
    for damage in (b"", b"no archive", file.read_bytes()[:500]):
        file.write_bytes(damage)
        assert index_of(EXAMPLES, tmp_path).intents == ("boil", "stop", "buy")
        assert index_of(EXAMPLES, tmp_path).weights.shape[1] == 3


def test_a_folder_that_cannot_be_written_to_costs_nothing_but_time(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder should be", encoding="utf-8")
    assert index_of(EXAMPLES, taken).intents == ("boil", "stop", "buy")


def test_the_second_start_is_quicker_and_understands_the_same(tmp_path: Path) -> None:
    def started() -> tuple[float, Matcher]:
        matcher = Matcher((Kitchen(), Shop()), cache=tmp_path)
        began = time.process_time()
        matcher.prepare()
        return time.process_time() - began, matcher

    first_s, first = started()
    second_s, second = started()
    assert second_s < first_s / 2
    for text in ("set a timer for ten minutes", "put onions on my list", "why is the sky blue"):
        assert first.understand(text, NOW) == second.understand(text, NOW)
