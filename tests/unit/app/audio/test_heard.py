from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.audio.heard import HeardAccount
from app.contracts.audio import HeardSpan

STREAM_HZ = 44_100


def test_half_a_stream_is_half_an_utterance() -> None:
    account = HeardAccount()
    account.begin(0, 22_050, 100)
    account.queue(1000, 2090)
    account.seal(2100)
    assert account.spans(100, STREAM_HZ) == (HeardSpan(0, 0, 1000, 22_050),)
    assert account.spans(1100, STREAM_HZ) == (HeardSpan(0, 500, 1000, 22_050),)
    assert account.spans(2100, STREAM_HZ) == (HeardSpan(0, 1000, 1000, 22_050),)
    assert account.spans(9999, STREAM_HZ) == (HeardSpan(0, 1000, 1000, 22_050),)


def test_what_is_still_held_back_is_not_heard() -> None:
    account = HeardAccount()
    account.begin(0, 22_050, 0)
    account.queue(1000, 1950)
    assert account.spans(1950, STREAM_HZ)[0].heard_samples == 975


def test_what_was_dropped_is_never_heard() -> None:
    account = HeardAccount()
    account.begin(0, 22_050, 0)
    account.queue(1000, 2000)
    account.freeze(600, STREAM_HZ)
    account.begin(1, 22_050, 2000)
    account.queue(500, 3000)
    account.seal(3000)
    assert account.spans(3000, STREAM_HZ) == (HeardSpan(0, 300, 1000, 22_050), HeardSpan(1, 500, 500, 22_050))


def test_an_utterance_in_two_stretches_is_one_span() -> None:
    account = HeardAccount()
    account.begin(4, 22_050, 0)
    account.queue(100, 190)
    account.seal(200)
    account.begin(4, 22_050, 200)
    account.queue(100, 400)
    account.seal(400)
    assert account.spans(300, STREAM_HZ) == (HeardSpan(4, 150, 200, 22_050),)


def test_nothing_is_counted_before_a_beginning_and_after_a_clear() -> None:
    account = HeardAccount()
    account.queue(10, 10)
    account.seal(10)
    assert account.spans(10, STREAM_HZ) == ()
    account.begin(0, 22_050, 10)
    account.clear()
    assert account.spans(10, STREAM_HZ) == ()


@given(
    sizes=st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    rate_hz=st.sampled_from([16_000, 22_050, 24_000, 44_100, 48_000]),
    positions=st.lists(st.integers(0, 60_000), min_size=1, max_size=20),
)
def test_heard_grows_in_order_and_ends_with_everything(sizes: list[int], rate_hz: int, positions: list[int]) -> None:
    account = HeardAccount()
    at = 0
    for utterance, size in enumerate(sizes):
        account.begin(utterance, rate_hz, at)
        at += -(-size * STREAM_HZ // rate_hz)
        account.queue(size, at)
        account.seal(at)
    before = (0,) * len(sizes)
    for position in sorted(positions):
        heard = tuple(span.heard_samples for span in account.spans(position, STREAM_HZ))
        assert all(now >= then for now, then in zip(heard, before, strict=True))
        begun = [count > 0 for count in heard]
        assert begun == sorted(begun, reverse=True)
        before = heard
    assert [span.heard_samples for span in account.spans(at, STREAM_HZ)] == sizes
