"""Samples as they arrive over the pipe.

Why it exists: three engines read them, and a buffer of the wrong length or with a NaN in it must not reach a library.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.contracts.audio import BYTES_PER_SAMPLE
from app.contracts.errors import InvalidInput

Samples = npt.NDArray[np.float32]


def read_samples(payload: bytes) -> Samples:
    """Little-endian float32 samples; what is not a number becomes 0.

    Raises:
        InvalidInput: The buffer does not hold whole samples.
    """
    if len(payload) % BYTES_PER_SAMPLE:
        raise InvalidInput(f"The sound holds {len(payload)} bytes, which is not a whole number of samples.")
    samples: Samples = np.frombuffer(payload, dtype="<f4").astype(np.float32)
    samples[~np.isfinite(samples)] = 0.0
    return samples
