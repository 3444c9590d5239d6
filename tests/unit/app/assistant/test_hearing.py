"""One utterance: nothing of it is lost, it ends when it should, and no work is done twice."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from app.assistant.hearing import TAIL_MAX_MS, Heard, Utterance
from app.assistant.parts import Parts
from app.audio.spool import RecordingSpool
from app.contracts.audio import AudioChunk
from app.contracts.errors import MicrophoneUnavailable, SottoError
from app.contracts.ports import Capture
from models.fakes.microphone import FakeMicrophone
from tests.helpers.assistants import QUESTION, Cast, cast, died, joined, silence, speech
from tests.helpers.virtual_time import LoopClock, in_virtual_time

pause = LoopClock().sleep
FRAME_MS = 32.0


class Listener:
    """An utterance and what it told."""

    def __init__(self, players: Cast, folder: Path, *, hands_free: bool = False, overlap: bool = True) -> None:
        self.players = players
        self.partials: list[str] = []
        self.levels: list[tuple[float, float]] = []
        self.released_at: float | None = None
        self.spool = RecordingSpool(folder)
        self.utterance = Utterance(
            players.parts,
            self.spool,
            on_level=lambda level: self.levels.append((players.parts.clock.monotonic(), level)),
            on_partial=self.partials.append,
            on_released=self._released,
            hands_free=lambda: hands_free,
            overlap=overlap,
        )

    def asked(self, method: str) -> int:
        return self.players.speech_to_text.asked.count(method)

    async def held(self, seconds: float) -> Heard:
        """Hear with the key held for so long."""
        hearing = asyncio.create_task(self.utterance.hear())
        await pause(seconds)
        self.utterance.release()
        try:
            return await hearing
        finally:
            await self.spool.finish()

    def _released(self) -> None:
        self.released_at = self.players.parts.clock.monotonic()


@in_virtual_time
async def test_the_words_are_shown_as_they_change(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(3.0)]), tmp_path)
    heard = await listener.held(3.0)
    assert heard.transcript.text == QUESTION
    words = QUESTION.split()
    assert listener.partials == [" ".join(words[:count]) for count in range(1, 6)]
    assert 0 < listener.utterance.recognising.seconds < 3.0


@in_virtual_time
async def test_a_partial_that_has_settled_is_the_final_text(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[joined(speech(2.0), silence(5))]), tmp_path)
    heard = await listener.held(3.0)
    assert heard.transcript.text == QUESTION
    assert listener.asked("finish") == 0
    assert heard.tail_ms == pytest.approx(0.0, abs=25)
    assert listener.players.speech_to_text.streams[0].closed


@in_virtual_time
async def test_silence_is_not_recognised_again_and_again(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[joined(speech(2.0), silence(60))]), tmp_path)
    before = asyncio.create_task(listener.held(30.0))
    await pause(4.0)
    partials = listener.asked("partial")
    await before
    assert listener.asked("partial") == partials


@in_virtual_time
async def test_what_was_said_after_the_last_partial_is_recognised(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(2.0)]), tmp_path)
    heard = await listener.held(2.0)
    assert heard.transcript.text == QUESTION
    assert listener.asked("finish") == 1


@in_virtual_time
async def test_without_overlap_there_is_one_recognition(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(2.0)]), tmp_path, overlap=False)
    heard = await listener.held(2.5)
    assert (heard.transcript.text, listener.partials) == (QUESTION, [])
    assert (listener.asked("partial"), listener.asked("finish")) == (0, 1)


@in_virtual_time
async def test_a_slow_recogniser_is_not_at_work_on_a_partial_when_the_key_goes_up(tmp_path: Path) -> None:
    """Once it is known to be slow, the final text takes as long as one recognition, not two."""
    players = cast(clips=[speech(2.0)] * 3)
    players.speech_to_text.delay_s = 1.5
    after = []
    for turn in range(3):
        listener = Listener(players, tmp_path / str(turn))
        await listener.held(2.0)
        assert listener.released_at is not None
        after.append(players.parts.clock.monotonic() - listener.released_at)
    assert listener.asked("partial") == 1, "the first one told how slow it is"
    assert after[0] > 2.5
    assert after[1:] == pytest.approx([1.5 + TAIL_MAX_MS / 1000.0] * 2, abs=0.3)


@in_virtual_time
async def test_a_slow_recogniser_still_shows_the_words_of_a_long_utterance(tmp_path: Path) -> None:
    players = cast(clips=[speech(40.0)])
    players.speech_to_text.delay_s = 1.0
    listener = Listener(players, tmp_path)
    await listener.held(40.0)
    assert listener.asked("partial") == 4


@in_virtual_time
async def test_a_recogniser_that_was_slow_once_is_looked_at_again(tmp_path: Path) -> None:
    players = cast(clips=[speech(2.0)] * 3)
    counts = []
    for turn, delay_s in enumerate((0.7, 0.1, 0.1)):
        players.speech_to_text.delay_s = delay_s
        before = players.speech_to_text.asked.count("partial")
        await Listener(players, tmp_path / str(turn)).held(2.0)
        counts.append(players.speech_to_text.asked.count("partial") - before)
    assert counts[:2] == [1, 0]
    assert counts[2] > 3


@in_virtual_time
async def test_the_tail_lasts_while_somebody_speaks_and_no_longer_than_it_may(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(60)]), tmp_path)
    heard = await listener.held(1.0)
    assert heard.tail_ms == pytest.approx(TAIL_MAX_MS, abs=25)
    assert listener.released_at == pytest.approx(heard.ended_at - heard.tail_ms / 1000.0)
    fed = sum(chunk.seconds for chunk in listener.players.speech_to_text.streams[0].fed)
    assert fed == pytest.approx(1.0 + heard.tail_ms / 1000.0, abs=0.05)


@in_virtual_time
async def test_the_tail_ends_with_the_speech(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(1.1)]), tmp_path)
    heard = await listener.held(1.0)
    assert 100 <= heard.tail_ms <= 100 + 3 * FRAME_MS + 40


@in_virtual_time
async def test_without_speech_there_is_no_tail_and_nothing_to_recognise(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[silence(9)]), tmp_path)
    heard = await listener.held(2.0)
    assert (heard.transcript.text, heard.lost) == ("", "")
    assert heard.tail_ms <= 25
    assert (listener.asked("partial"), listener.asked("finish")) == (0, 0)


@in_virtual_time
async def test_a_gate_that_lags_is_waited_for_only_so_long(tmp_path: Path) -> None:
    players = cast(clips=[speech(2.0)])
    players.voice_activity.delay_s = 0.2
    listener = Listener(players, tmp_path)
    heard = await listener.held(1.0)
    assert heard.tail_ms <= TAIL_MAX_MS + 25
    assert heard.transcript.text == QUESTION, "the gate is asked to the end before it is believed"


@in_virtual_time
async def test_the_key_is_up_before_the_microphone_is_open(tmp_path: Path) -> None:
    class SlowMicrophone(FakeMicrophone):
        async def open(self) -> Capture:
            await pause(1.0)
            return await super().open()

    players = cast()
    microphone = SlowMicrophone([speech(2.0)], players.parts.clock, paced=True)
    listener = Listener(dataclasses.replace(players, parts=_with_microphone(players, microphone)), tmp_path)
    heard = await listener.held(0.1)
    assert heard.transcript.text == ""
    assert microphone.captures[0].stopped


@in_virtual_time
async def test_nothing_is_lost_between_chunks(tmp_path: Path) -> None:
    """While the recogniser and the gate are slow, samples pile up; all of them arrive, in order, everywhere."""
    ramp = joined(*(AudioChunk(bytes([number % 251 + 1, 0, 0, 60]) * 320) for number in range(150)))
    players = cast(clips=[ramp])
    players.speech_to_text.delay_s = 0.33
    players.voice_activity.delay_s = 0.005
    listener = Listener(players, tmp_path)
    await listener.held(3.5)
    fed = b"".join(chunk.pcm for chunk in players.speech_to_text.streams[0].fed)
    assert fed.startswith(ramp.pcm)
    recorded = sum(chunk.samples for chunk in listener.spool.chunks())
    assert recorded == len(fed) // 4


@in_virtual_time
async def test_the_loudness_is_told_from_the_first_sample_on_and_not_too_often(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(2.0)]), tmp_path)
    await listener.held(2.0)
    times = [at for at, _ in listener.levels]
    assert times[0] == pytest.approx(1000.02)
    assert len(times) <= 2.3 * 20 + 1
    assert all(level == pytest.approx(-20.0, abs=0.5) for _, level in listener.levels[:20])


@in_virtual_time
async def test_hands_free_ends_after_silence_but_not_in_a_pause(tmp_path: Path) -> None:
    clip = joined(speech(1.0), silence(1.2), speech(1.0))
    listener = Listener(cast(clips=[clip]), tmp_path, hands_free=True)
    heard = await listener.utterance.hear()
    await listener.spool.finish()
    assert heard.transcript.text == QUESTION
    assert heard.ended_at == pytest.approx(1000.0 + 3.2 + 1.5, abs=0.1)
    assert listener.asked("finish") == 0


@in_virtual_time
async def test_a_microphone_that_goes_away_ends_it(tmp_path: Path) -> None:
    players = cast(clips=[speech(60)])
    players.microphone.unplug_after_s = 2.0
    listener = Listener(players, tmp_path)
    heard = await listener.held(10.0)
    assert heard.lost == "The microphone was unplugged."
    assert heard.transcript.text == QUESTION
    assert heard.ended_at == pytest.approx(1002.0, abs=0.1)


@in_virtual_time
async def test_there_is_no_microphone(tmp_path: Path) -> None:
    players = cast()
    players.microphone.missing = True
    with pytest.raises(MicrophoneUnavailable):
        await Listener(players, tmp_path).held(1.0)


@pytest.mark.parametrize("method", ["open_stream", "feed", "partial", "finish"])
@in_virtual_time
async def test_a_recogniser_that_fails_gives_its_own_error(tmp_path: Path, method: str) -> None:
    players = cast(clips=[speech(2.0)])
    players.speech_to_text.fail(method, died())
    listener = Listener(players, tmp_path)
    with pytest.raises(SottoError) as caught:
        await listener.held(2.0)
    assert caught.value.code == "host-died"
    assert players.microphone.captures[0].stopped
    assert listener.spool.path.exists()


@pytest.mark.parametrize("method", ["open_stream", "feed"])
@in_virtual_time
async def test_a_gate_that_fails_gives_its_own_error(tmp_path: Path, method: str) -> None:
    players = cast(clips=[speech(2.0)])
    players.voice_activity.fail(method, died())
    with pytest.raises(SottoError) as caught:
        await Listener(players, tmp_path).held(2.0)
    assert caught.value.code == "host-died"
    assert players.microphone.captures[0].stopped


@in_virtual_time
async def test_cancelling_stops_the_microphone_and_drops_the_utterance(tmp_path: Path) -> None:
    listener = Listener(cast(clips=[speech(60)]), tmp_path)
    hearing = asyncio.create_task(listener.utterance.hear())
    await pause(1.0)
    hearing.cancel()
    assert isinstance((await asyncio.gather(hearing, return_exceptions=True))[0], asyncio.CancelledError)
    await listener.spool.discard()
    assert listener.players.microphone.captures[0].stopped
    assert listener.players.speech_to_text.streams[0].closed


def _with_microphone(players: Cast, microphone: FakeMicrophone) -> Parts:
    return dataclasses.replace(players.parts, microphone=microphone)
