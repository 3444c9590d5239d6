"""Composites over several backends that implement the same port and survive the failure of one.

Why it exists: a killed or hung host must cost one retry and nothing else, and nobody above should know. A temporary
error is tried once more on the same tier, whose host is fresh by then; after that, or when a tier is not there at all,
the next tier takes over with everything that was given and delivered so far.
"""

from models.retrying.embed import RetryingEmbedder
from models.retrying.llm import RetryingTextGenerator
from models.retrying.stt import RetryingSpeechToText
from models.retrying.tiers import Observer
from models.retrying.tts import RetryingTextToSpeech
from models.retrying.vad import RetryingVoiceActivity

__all__ = [
    "Observer",
    "RetryingEmbedder",
    "RetryingSpeechToText",
    "RetryingTextGenerator",
    "RetryingTextToSpeech",
    "RetryingVoiceActivity",
]
