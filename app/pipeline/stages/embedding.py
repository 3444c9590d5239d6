"""The stage that turns texts into vectors."""

from __future__ import annotations

from app.contracts.errors import InvalidInput
from app.pipeline.outlet import Outlet
from app.pipeline.stages.processor import Done, StageCall
from app.pipeline.stages.tiers import Tiers
from app.pipeline.values import Parts, Passages, Sound, SoundSource, Value, Vectors, in_words

BATCH = 32
"""Texts that are given to the model at once."""


class EmbeddingProcessor:
    """Implements `app.pipeline.stages.processor.Processor` for ``embedding``.

    A text gives one vector, passages and parts one each.
    """

    async def run(self, call: StageCall, outlet: Outlet) -> Done:  # noqa: ARG002 - vectors are nothing to show
        """Make the vectors.

        Raises:
            InvalidInput: There is no text in the input.
            SottoError: Every tier failed.
        """
        value = await call.value()
        texts = texts_of(value)
        asked = not isinstance(value, Passages | Parts | Vectors)  # a text by itself is what is looked for
        if not any(text.strip() for text in texts):
            raise InvalidInput(
                f"The stage {call.stage.definition.stage_id} works on text, and there is none in its input.",
                code="not-text",
            )
        tiers = Tiers(call, call.tools.runtimes.embedder_port)
        vectors: list[tuple[float, ...]] = []
        for at in range(0, len(texts), BATCH):
            batch = texts[at : at + BATCH]
            before = tiers.attempts[:]
            made = await tiers.use(lambda port, batch=batch: port.embed(batch, query=asked))  # type: ignore[misc]
            if at and tiers.attempts != before:  # another model's vectors cannot stand beside those before
                vectors.clear()
                made = await tiers.use(lambda port: port.embed(texts[: at + len(batch)], query=asked))  # noqa: B023
            vectors.extend(made)
        call.timings.first_output_at = call.tools.clock.monotonic()
        return Done(Vectors(texts, tuple(vectors)), tiers.metadata(figures=(("texts", float(len(texts))),)))


def texts_of(value: Value) -> tuple[str, ...]:
    """Each text that gets a vector."""
    match value:
        case Passages(items=items):
            return tuple(item.text for item in items)
        case Parts(items=items):
            return tuple(text for item in items for text in texts_of(item))
        case Vectors(texts=texts):
            return texts
        case Sound() | SoundSource():
            return ()
        case _:
            return (in_words(value),)
