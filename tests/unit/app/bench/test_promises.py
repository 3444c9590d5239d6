from __future__ import annotations

from app.bench.promises import PROMISES


def test_every_promise_is_a_pair_or_a_value() -> None:
    for promises in PROMISES.values():
        for promise in promises.values():
            assert (promise.value is None) != (promise.p50 is None)
