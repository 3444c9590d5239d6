"""Draws the exercises of the workout planner: ``python packaging/drawings.py [FOLDER]``. For developers.

Why it exists: a drawing in words (angles of a stick figure's limbs, in ``assets/skills/workout/poses.json``) can be put
right with a keystroke, and all of them change their look together. Each picture has two figures, from and to; what
works is drawn in the accent. One accent and two greys, chosen to be read on a light and on a dark surface alike.

Angles are degrees: 0 to the right, 90 down. A figure stands with its lowest point on the floor unless it hangs.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "skills" / "workout"
POSES = ASSETS / "poses.json"
DRAWINGS = ASSETS / "drawings"

ACCENT, BODY, FAINT = "#2a958a", "#7d828a", "#a9adb3"
"""Contrast on white and on ``#1b1d20``: 3.7 and 4.6, 3.9 and 4.3, 2.3 and 7.4."""
WIDTH, HEIGHT, FLOOR = 260, 116, 106.0
CENTRES = (68.0, 192.0)
TORSO, NECK, HEAD = 30.0, 4.0, 6.5
UPPER_ARM, FOREARM, THIGH, SHIN, FOOT = 15.0, 14.0, 20.0, 19.0, 7.0
LIMB, TRUNK = 4.6, 6.4
BAR_Y = 22.0

Point = tuple[float, float]
Frame = Mapping[str, object]


@dataclass
class Figure:
    """Where the joints are. ``arms`` and ``legs`` are chains from shoulder and hip, the near one first."""

    hip: Point
    shoulder: Point
    head: Point
    arms: list[list[Point]]
    legs: list[list[Point]]

    def points(self) -> list[Point]:
        """All of them."""
        return [self.hip, self.shoulder, *(point for chain in (*self.arms, *self.legs) for point in chain)]

    def moved(self, dx: float, dy: float) -> Figure:
        """The same elsewhere."""

        def there(point: Point) -> Point:
            return (point[0] + dx, point[1] + dy)

        return Figure(
            there(self.hip),
            there(self.shoulder),
            there(self.head),
            [[there(point) for point in chain] for chain in self.arms],
            [[there(point) for point in chain] for chain in self.legs],
        )


def out(start: Point, angle: float, length: float) -> Point:
    """The point so far from another in a direction."""
    return (start[0] + length * math.cos(math.radians(angle)), start[1] + length * math.sin(math.radians(angle)))


def numbers(value: object) -> list[float]:
    """A list of numbers of the file."""
    return [float(each) for each in value] if isinstance(value, list) else []


def number(frame: Frame, name: str, default: float) -> float:
    """A number of the file."""
    value = frame.get(name, default)
    return float(value) if isinstance(value, int | float) else default


def figure(frame: Frame, *, hangs: bool) -> Figure:
    """The joints of a pose about (0, floor), or with the hands at the bar."""
    hip = (0.0, 0.0)
    torso = number(frame, "torso", -90)
    shoulder = out(hip, torso, TORSO)
    head = out(shoulder, number(frame, "head", torso), NECK + HEAD)
    arms, legs = [], []
    chains = frame.get("arms")
    for upper, fore in map(numbers, chains if isinstance(chains, list) else []):
        elbow = out(shoulder, upper, UPPER_ARM)
        arms.append([shoulder, elbow, out(elbow, fore, FOREARM)])
    chains = frame.get("legs")
    for thigh, shin in map(numbers, chains if isinstance(chains, list) else []):
        knee = out(hip, thigh, THIGH)
        ankle = out(knee, shin, SHIN)
        legs.append([hip, knee, ankle, out(ankle, number(frame, "feet", 0), FOOT)])
    made = Figure(hip, shoulder, head, arms, legs)
    if hangs:
        return made.moved(-arms[0][2][0], BAR_Y - arms[0][2][1])
    lowest = max(y for _, y in made.points())
    xs = [x for x, _ in (*made.points(), made.head)]
    middle = number(frame, "move", 0) - (min(xs) + max(xs)) / 2
    return made.moved(middle, FLOOR - LIMB / 2 - lowest - number(frame, "lift", 0))


def chain(points: list[Point], colour: str, width: float = LIMB) -> str:
    """A limb."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def trunk(made: Figure, colour: str, arch: float) -> str:
    """The back, curved where it is said to be."""
    (hx, hy), (sx, sy) = made.hip, made.shoulder
    mx, my = (hx + sx) / 2, (hy + sy) / 2 + arch * 2
    path = f"M{hx:.1f},{hy:.1f} Q{mx:.1f},{my:.1f} {sx:.1f},{sy:.1f}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{TRUNK}"/>'


def held(kind: str, made: Figure) -> list[str]:
    """What is in the hands."""
    parts = []
    if kind == "barbell-back":
        x, y = made.shoulder
        return [f'<circle cx="{x - 2:.1f}" cy="{y:.1f}" r="9" fill="none" stroke="{BODY}" stroke-width="2.5"/>']
    for arm in made.arms:
        x, y = arm[2]
        parts.append(chain([(x - 6, y), (x + 6, y)], BODY, 2.4))
        parts += [chain([(x + side, y - 4), (x + side, y + 4)], BODY, 4) for side in (-6.0, 6.0)]
    return parts


def furniture(pose: Frame, frame: Frame, made: Figure, centre: float) -> list[str]:
    """What stands around."""
    parts = []
    (hx, hy), (sx, _) = made.hip, made.shoulder
    if frame.get("bench"):
        left, right = min(hx, sx) - 12, max(hx, sx) + 4
        parts += [
            box(left, hy + 4.5, right - left, 4),
            box(left + 8, hy + 8, 4, FLOOR - hy - 8),
            box(right - 12, hy + 8, 4, FLOOR - hy - 8),
        ]
    if frame.get("seat"):
        parts += [box(hx - 10, hy + 4.5, 24, 4), box(hx - 2, hy + 8, 4, FLOOR - hy - 8)]
    if pose.get("chair"):
        hand = made.arms[0][2]
        parts += [box(hand[0] - 20, hand[1] + 3, 24, 4), box(hand[0] - 12, hand[1] + 7, 4, FLOOR - hand[1] - 7)]
    if isinstance(wall := pose.get("wall"), int | float):
        parts.append(box(hx + wall - 4, 20, 4, FLOOR - 20))
    if at := numbers(pose.get("box")):
        parts.append(box(centre + at[0] - 10, FLOOR - at[1], 26, at[1]))
    if pose.get("hang"):
        x, y = made.arms[0][2]
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.4" fill="{FAINT}" stroke="none"/>')
    if to := numbers(pose.get("line")):
        x, y = made.arms[0][2]
        parts.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{centre + to[0]:.1f}" y2="{FLOOR + to[1]:.1f}" stroke="{FAINT}" '
            'stroke-width="1.8"/>'
        )
    return parts


def box(x: float, y: float, width: float, height: float) -> str:
    """A piece of furniture."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} rx="1.5" fill="{FAINT}" stroke="none"/>'


def drawn(pose: Frame, frame: Frame, centre: float, *, ends: bool) -> list[str]:
    """One figure with what is around it."""
    works = pose.get("works")
    working = works if ends and isinstance(works, list) else []

    def colour(part: str) -> str:
        return ACCENT if part in working else BODY

    made = figure(frame, hangs=bool(pose.get("hang"))).moved(centre, 0)
    parts = furniture(pose, frame, made, centre)
    near = bool(pose.get("front"))
    parts += [chain(leg, colour("legs") if near else FAINT) for leg in made.legs[1:]]
    parts += [chain(arm, colour("arms") if near else FAINT) for arm in made.arms[1:]]
    parts.append(trunk(made, colour("torso"), number(frame, "arch", 0)))
    x, y = made.head
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{HEAD}" fill="{BODY}" stroke="none"/>')
    parts.append(chain(made.legs[0], colour("legs")))
    parts.append(chain(made.arms[0], colour("arms")))
    return parts + held(str(pose["held"]), made) if "held" in pose else parts


def drawing(name: str, pose: Frame) -> str:
    """A whole picture as SVG."""
    frames = pose["frames"]
    if not isinstance(frames, list) or len(frames) != len(CENTRES):
        raise ValueError(f"{name} has no two frames")
    parts = [f'<line x1="8" y1="{FLOOR}" x2="{WIDTH - 8}" y2="{FLOOR}" stroke="{FAINT}" stroke-width="1.6"/>']
    for place, (frame, centre) in enumerate(zip(frames, CENTRES, strict=True)):
        parts += drawn(pose, frame, centre, ends=place == 1)
    parts.append(f'<polyline points="126,54 133,60 126,66" fill="none" stroke="{ACCENT}" stroke-width="3"/>')
    body = "\n  ".join(parts)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    title = f"<title>{name.replace('-', ' ')}</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} stroke-linecap="round" stroke-linejoin="round">\n'
        f"  {title}\n  {body}\n</svg>\n"
    )


def drawings() -> dict[str, str]:
    """Every picture by its name."""
    poses = json.loads(POSES.read_text(encoding="utf-8"))
    return {name: drawing(name, pose) for name, pose in poses.items()}


def main(arguments: list[str]) -> int:
    """Write them into a folder, the assets unless another is named."""
    into = Path(arguments[0]) if arguments else DRAWINGS
    into.mkdir(parents=True, exist_ok=True)
    for name, text in drawings().items():
        (into / f"{name}.svg").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
