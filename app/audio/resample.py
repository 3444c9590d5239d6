"""Changes the sample rate of sound that is still coming in, without making it late.

Why it exists: between key and ear every millisecond counts. A general resampler works in blocks and holds back 40 to
60 ms of sound; this one gives every output sample as soon as the filter has seen the input it needs, 2 ms later, and
costs about one per cent of a core. It is a polyphase filter: a Kaiser-windowed sinc, sampled at the ``up`` phases that
the ratio of the two rates in lowest terms can ever ask for (J. O. Smith, "Digital Audio Resampling"; Kaiser's window).

Output sample ``k`` stands for the moment ``k / out_hz``: nothing is shifted, and a stream of ``n`` samples comes to
exactly ``ceil(n * out_hz / in_hz)`` once it is flushed, however it was cut into pieces.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np
import numpy.typing as npt

from app.audio.levels import Samples

ZERO_CROSSINGS = 32
"""Length of the filter on each side, in zero crossings of the sinc."""
ROLL_OFF = 0.94
"""Where the filter's middle lies, as a share of the lower rate's half."""
KAISER_BETA = 7.857
"""0.1102 * (A - 8.7) for A = 80 dB: what is left of a tone that the lower rate cannot hold."""
_PIECE = 4096


class Resampler:
    """One stream of mono sound on its way from one rate to another.

    Args:
        in_hz: Rate of what is pushed, hertz.
        out_hz: Rate of what comes back, hertz.
    """

    def __init__(self, in_hz: int, out_hz: int) -> None:
        if in_hz <= 0 or out_hz <= 0:
            raise ValueError(f"sample rates are positive, not {in_hz} and {out_hz}")
        divisor = gcd(in_hz, out_hz)
        self._up = out_hz // divisor
        self._down = in_hz // divisor
        self._restart()

    def _restart(self) -> None:
        self._bank = _filter_bank(self._up, self._down)
        self._half = self._bank.shape[1] // 2
        self._buffer: Samples = np.zeros(self._half - 1, dtype=np.float32)
        self._buffer_at = 1 - self._half  # input position of the buffer's first sample
        self._taken = 0
        self._given = 0

    @property
    def pending(self) -> bool:
        """True while sound is held back that only `flush` brings out."""
        return self._given < -(-self._taken * self._up // self._down)

    def push(self, samples: Samples) -> Samples:
        """Take the next samples and return what can be told of the output by now; may be empty."""
        if self._up == self._down:
            self._taken += samples.size
            self._given += samples.size
            return samples.astype(np.float32, copy=False)
        self._taken += samples.size
        self._buffer = np.concatenate((self._buffer, samples.astype(np.float32, copy=False)))
        return self._produce()

    def flush(self) -> Samples:
        """What is left of the stream; the next `push` begins a new one."""
        if self._up == self._down:
            rest = np.zeros(0, dtype=np.float32)
        else:
            self._buffer = np.concatenate((self._buffer, np.zeros(self._half, dtype=np.float32)))
            rest = self._produce()
        self._restart()
        return rest

    def _produce(self) -> Samples:
        """Every output sample whose filter lies within the buffer, and no more than the input stands for."""
        centred = self._buffer_at + self._buffer.size - self._half  # inputs with the filter's whole right half in reach
        end = -(-min(centred, self._taken) * self._up // self._down)
        pieces = [self._outputs(at, min(at + _PIECE, end)) for at in range(self._given, end, _PIECE)]
        self._given = max(self._given, end)
        needed = (self._given * self._down) // self._up - self._half + 1
        surplus = max(0, needed - self._buffer_at)
        self._buffer = self._buffer[surplus:]
        self._buffer_at += surplus
        return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)

    def _outputs(self, start: int, end: int) -> Samples:
        """Output samples ``start`` to ``end``: each is its phase's filter laid over the input around it."""
        ticks = np.arange(start, end, dtype=np.int64) * self._down
        windows = np.lib.stride_tricks.sliding_window_view(self._buffer, self._bank.shape[1])
        first = ticks // self._up - self._half + 1 - self._buffer_at
        outputs: Samples = np.einsum("ij,ij->i", windows[first], self._bank[ticks % self._up])
        return outputs


def resampled(samples: Samples, in_hz: int, out_hz: int) -> Samples:
    """A whole piece of sound at another rate."""
    resampler = Resampler(in_hz, out_hz)
    return np.concatenate((resampler.push(samples), resampler.flush()))


@lru_cache(maxsize=16)
def _filter_bank(up: int, down: int) -> npt.NDArray[np.float32]:
    """The filter at each phase: an array of ``up`` rows, each with an even number of taps that sum to one.

    Row ``p``, column ``j`` weighs the input sample ``j - taps / 2 + 1`` places from the one at or before the output's
    moment, which lies ``p / up`` of an input sample after it.
    """
    cutoff = ROLL_OFF * min(1.0, up / down)
    half = ceil(ZERO_CROSSINGS / cutoff)
    phases = np.arange(up, dtype=np.float64)[:, None] / up
    distance = np.arange(1 - half, half + 1, dtype=np.float64)[None, :] - phases
    inside = np.clip(1.0 - np.square(distance / half), 0.0, 1.0)
    bank = np.sinc(distance * cutoff) * np.i0(KAISER_BETA * np.sqrt(inside))
    bank /= bank.sum(axis=1, keepdims=True)
    return bank.astype(np.float32)
