"""Names of the libraries that are asked, and how amounts are written."""

from __future__ import annotations

from collections.abc import Mapping

OPENVINO, LLAMA, WHISPER, NVML = "openvino", "llama.cpp", "faster-whisper", "nvml"
"""As runtimes are called, and NVIDIA's management library."""
DISTRIBUTIONS: Mapping[str, str] = {
    OPENVINO: "openvino",
    LLAMA: "llama-cpp-python",
    WHISPER: "faster-whisper",
    NVML: "nvidia-ml-py",
}
"""What each library is installed as."""


def gibibytes(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1024**3:.1f} GiB"
