from __future__ import annotations

from pathlib import Path

from app.pipeline.graph import as_dot, as_mermaid, as_text, edges_of, levels_of
from app.pipeline.reading import pipelines_in

(DIAMOND,) = pipelines_in(Path(__file__).parents[3] / "data" / "pipelines" / "diamond.yaml")

TEXT = """\
input
  │
  ├─ [top]  text_generation, on npu
  └─ [aside]  embedding, optional  ← input
  │
  ├─ [left]  text_generation
  └─ [right]  text_generation, when {{ input == "a" }}  ← top
  │
  └─ [join]  custom merge  ← left, right
  │
output: join
"""
MERMAID = """\
flowchart TD
    input(["input"])
    output(["output"])
    s0["top<br/>text_generation, on npu"]
    s1["left<br/>text_generation"]
    s2["right<br/>text_generation, when {{ input == #quot;a#quot; }}"]
    s3["join<br/>custom merge"]
    s4["aside<br/>embedding, optional"]
    input --> s0
    s0 --> s1
    s0 -.-> s2
    s1 --> s3
    s2 --> s3
    input --> s4
    s3 --> output
"""


def test_levels_and_edges() -> None:
    levels = [[stage.stage_id for stage in level] for level in levels_of(DIAMOND)]
    assert levels == [["top", "aside"], ["left", "right"], ["join"]]
    assert edges_of(DIAMOND) == (
        ("", "top"),
        ("top", "left"),
        ("top", "right"),
        ("left", "join"),
        ("right", "join"),
        ("", "aside"),
        ("join", ""),
    )


def test_for_a_terminal() -> None:
    assert as_text(DIAMOND) == TEXT


def test_for_mermaid() -> None:
    assert as_mermaid(DIAMOND) == MERMAID


def test_for_graphviz() -> None:
    lines = as_dot(DIAMOND).splitlines()
    assert lines[0] == 'digraph "diamond" {'
    assert '  "right" [label="right\\ntext_generation, when {{ input == \\"a\\" }}"];' in lines
    assert '  "top" -> "right" [style=dashed];' in lines
    assert '  " input" -> "aside";' in lines
    assert '  "join" -> " output";' in lines
    assert lines[-1] == "}"
