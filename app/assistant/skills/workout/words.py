"""The words people use for training: what to train, with what, what hurts, how hard, how long.

Everything here reads plain lower-case text and needs no data, so it is quick enough for every partial transcript.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from app.assistant.skills.workout.exercise import GYM, Gear, Joint, Level
from app.assistant.skills.workout.person import Goal
from app.assistant.understanding.durations import duration
from app.assistant.understanding.numbers import number
from app.assistant.wording import joined

K = TypeVar("K")


class Focus(StrEnum):
    """What a session is for."""

    UPPER = "upper"
    LOWER = "lower"
    FULL = "full"
    CORE = "core"
    PUSH = "push"
    PULL = "pull"
    ARMS = "arms"
    CARDIO = "cardio"
    MOBILITY = "mobility"

    @property
    def words(self) -> str:
        """As it is shown: "upper body"."""
        return {Focus.UPPER: "upper body", Focus.LOWER: "lower body", Focus.FULL: "full body"}.get(self, self.value)


NONE, AT_THE_GYM = "none", "gym"
"""Values of a choice of equipment besides a list of pieces."""
LENGTHS = (20, 30, 45, 60)
"""Minutes that are offered."""
SHORTEST, LONGEST = 10, 120

_FOCUS = {
    Focus.UPPER: r"upper[- ]?body|upper half|\bupper\b|shoulders?(?: day| workout)\b",
    Focus.LOWER: r"lower[- ]?body|lower half|\blower\b(?! back)|\blegs?\b|\bglutes?\b|\bbutt\b|\bthighs?\b",
    Focus.FULL: r"(?:full|whole|total|entire)[- ]?body|\bfull\b|\beverything\b|all over",
    Focus.CORE: r"\bcore\b|\babs?\b|\babdominals?\b|\bstomach\b|\bsix[- ]?pack\b",
    Focus.PUSH: r"\bpush(?:ing)?[- ](?:day|workout|session)|\bchest\b|\bpushing\b",
    Focus.PULL: r"\bpull(?:ing)?[- ](?:day|workout|session)|\bback (?:day|workout|session|and)|\bmy back\b|\bpulling\b",
    Focus.ARMS: r"\barms?\b|\bbiceps\b|\btriceps\b",
    Focus.CARDIO: r"\bcardio\b|\bendurance\b|\bconditioning\b|\bhiit\b|fat burning|\bstamina\b",
    Focus.MOBILITY: r"\bmobility\b|\bstretch(?:es|ing)?\b|\bflexibility\b|\bloosen(?:ing)? up\b",
}
_GEAR = {
    Gear.DUMBBELLS: r"dumb ?bells?|hand weights?|free weights",
    Gear.BARBELL: r"bar ?bells?|olympic bar",
    Gear.RACK: r"(?:squat |power )?racks?\b",
    Gear.BENCH: r"(?<!the park )\bbench(?:es)?\b(?! press)",
    Gear.KETTLEBELL: r"kettle ?bells?",
    Gear.BAND: r"(?:resistance |rubber |elastic |exercise )?\bbands?\b",
    Gear.PULL_UP_BAR: r"(?:pull|chin)[- ]?up[- ]bars?",
    Gear.DIP_BARS: r"(?:dip|parallel)[- ]bars?|dip station",
    Gear.STEP: r"\bstep(?:per)?\b(?![- ]?(?:up|by))|(?:plyo |sturdy |wooden )box\b",
    Gear.CABLE: r"cable (?:machine|tower|pulley)s?|\bcables?\b",
    Gear.MACHINE: r"(?:gym|weight) machines?|multi-?gym|\bmachines\b",
    Gear.JUMP_ROPE: r"(?:jump|skipping)[- ]?ropes?",
    Gear.BIKE: r"(?:exercise|stationary|spin(?:ning)?) bikes?|indoor bike|\bergometer\b",
    Gear.TREADMILL: r"treadmills?",
}
_NO_GEAR = re.compile(
    r"\b(?:no|without(?: any)?|zero) (?:equipment|gear|weights?|tools)\b|\bbody ?weight\b|\bbody-weight\b|"
    r"\bnothing(?: at all)?$|\bnone\b|\bequipment[- ]free\b|"
    r"\b(?:only|just) (?:have )?(?:a |my )?(?:yoga |exercise )?mat\b|"
    r"\b(?:have|own) (?:nothing|no equipment|no weights)\b"
)
_GYM = re.compile(
    r"\b(?:at|in|from|to) (?:the|a|my) (?:gym|fitness (?:studio|center|centre))\b|^(?:the |a )?gym$|\bgym day\b"
)
_JOINT = {
    Joint.NECK: r"\bneck\b",
    Joint.SHOULDER: r"\bshoulders?\b",
    Joint.ELBOW: r"\belbows?\b",
    Joint.WRIST: r"\bwrists?\b|\bhands?\b(?! weight)",
    Joint.LOWER_BACK: r"\b(?:lower )?back\b|\bspine\b|\bdis[ck]s?\b",
    Joint.HIP: r"\bhips?\b|\bgroin\b",
    Joint.KNEE: r"\bknees?\b|\bmeniscus\b",
    Joint.ANKLE: r"\bankles?\b|\b(?:foot|feet|achilles)\b",
}
_HURTS = re.compile(
    r"\b(?:hurts?|hurting|aches?|aching|pain(?:s|ful)?|sore|injur(?:y|ed|ies)|sprain(?:ed)?|bad|bum|weak|stiff|strained?|"
    r"trouble|problems?|twisted|tweaked|acting up|giving me trouble)\b"
)
_HEALED = re.compile(
    r"\b(?:better|fine|healed|recovered|ok|okay|good) (?:again|now)\b|\b(?:healed|recovered)\b|"
    r"\bis (?:fine|better|ok|okay)\b|\b(?:no longer|not|don't|doesn't|stopped) (?:hurts?|hurting)\b"
)
_SINCE = r"\b(?:trained|training|lifting|working out) for "
_LEVEL = {
    Level.BEGINNER: r"\bbeginners?\b|\bnew to\b|\bnovice\b|\bnever trained\b|\bjust start(?:ed|ing)\b|\bout of shape\b",
    Level.INTERMEDIATE: rf"\bintermediate\b|\bsome experience\b|\bquite fit\b|{_SINCE}(?:a|one|two|1|2) years?\b",
    Level.ADVANCED: rf"\badvanced\b|\bexperienced\b|\bvery fit\b|{_SINCE}(?!(?:one|two|[12]) )(?:\w+ )?years\b",
}
_GOAL = {
    Goal.STRENGTH: r"\bstrong(?:er)?\b|\bstrength\b",
    Goal.MUSCLE: r"\b(?:build|gain|more|put on) muscles?\b|\bmuscle mass\b|\bbulk\b|\bbigger\b",
    Goal.ENDURANCE: r"\bendurance\b|\bstamina\b|\blose weight\b|\bburn fat\b|\bmarathon\b|\brun (?:longer|further)\b",
    Goal.FITNESS: r"\b(?:get|stay|be|keep) (?:fit|healthy|in shape)\b|\bgeneral fitness\b",
}
_EASIER = re.compile(
    r"\b(?:eas(?:y|ier)|light(?:er)?|gentle|gentler|relaxed|less hard|not (?:so|too) hard)\b|n't (?:so|too) hard\b"
)
_HARDER = re.compile(r"\b(?:hard(?:er)?|intense|intensive|tough(?:er)?|challenging|heav(?:y|ier)|brutal|difficult)\b")
_WITHOUT = re.compile(
    r"\b(?:without(?: any)?|but no|no|skip(?: the)?|avoid(?:ing)?|leave out(?: the)?|except) "
    r"([a-z][a-z -]*?)(?= (?:and|with|for|today|please|but|because|in)\b|[,.;]|$)"
)
_NOT_WANTED = re.compile(
    r"\b(?:not|anything but|instead of|rather than|other than) ((?:(?:the|my|an?) )?\w+(?: body| half)?)"
)


def focus_in(text: str) -> Focus | None:
    """What is to be trained, None when it is not said, or more than one thing is that do not go together."""
    unwanted = " ".join(match[1] for match in _NOT_WANTED.finditer(text))
    found = {focus for focus in _found(_FOCUS, text) if re.search(_FOCUS[focus], unwanted) is None}
    if not found:
        return None
    if Focus.FULL in found or (Focus.LOWER in found and found & {Focus.UPPER, Focus.PUSH, Focus.PULL, Focus.ARMS}):
        return Focus.FULL
    if {Focus.PUSH, Focus.PULL} <= found or (Focus.ARMS in found and found & {Focus.PUSH, Focus.PULL, Focus.UPPER}):
        return Focus.UPPER
    return next(focus for focus in Focus if focus in found)


def gear_in(text: str) -> str | None:
    """Equipment as a value: `NONE`, `AT_THE_GYM` or names with commas; None when it is not said."""
    found = _found(_GEAR, text)
    if found:
        return gear_value(frozenset(found))
    if _GYM.search(text):
        return AT_THE_GYM
    return NONE if _NO_GEAR.search(text) else None


def gear_value(gear: frozenset[Gear]) -> str:
    """A set of equipment as the value of a slot."""
    return ",".join(sorted(gear)) or NONE


def gear_of(value: str) -> frozenset[Gear]:
    """The equipment a value stands for; what it does not know it leaves out."""
    if value == AT_THE_GYM:
        return GYM
    return frozenset(Gear(name) for name in value.split(",") if name in frozenset(Gear))


def gear_words(gear: frozenset[Gear]) -> str:
    """Equipment as it is told: "dumbbells and a bench"."""
    if gear == GYM:
        return "everything a gym has"
    return joined([piece.one for piece in Gear if piece in gear]) or "body weight only"


def joints_in(text: str) -> frozenset[Joint]:
    """Parts of the body that are named."""
    return frozenset(_found(_JOINT, text))


def hurting(text: str) -> frozenset[Joint]:
    """What is said to hurt."""
    return frozenset() if _HEALED.search(text) or not _HURTS.search(text) else joints_in(text)


def healed(text: str) -> frozenset[Joint]:
    """What is said to be well again."""
    return joints_in(text) if _HEALED.search(text) else frozenset()


def side_in(text: str) -> str:
    """``left``, ``right`` or empty."""
    sides = set(re.findall(r"\b(left|right)\b", text))
    return sides.pop() if len(sides) == 1 else ""


def level_in(text: str) -> Level | None:
    """How practised the person says to be."""
    return next(iter(_found(_LEVEL, text)), None)


def goal_in(text: str) -> Goal | None:
    """What the training is said to be for."""
    found = _found(_GOAL, text)
    return next((goal for goal in _GOAL if goal in found), None)


def effort_in(text: str) -> str | None:
    """``easier``, ``harder`` or None."""
    if _EASIER.search(text):
        return "easier"
    return "harder" if _HARDER.search(text) else None


def minutes_in(text: str) -> int | None:
    """Minutes of a session, `SHORTEST` to `LONGEST`; a bare number is minutes too."""
    seconds = duration(text.replace("-", " "))
    if seconds is None:
        bare = number(re.sub(r"^(?:(?:about|around|maybe|for|make it|say) )+", "", text.strip()))
        if bare is None or bare < 1:
            return 20 if re.search(r"\b(?:quick|short)\b", text) else 60 if re.search(r"\blong\b", text) else None
        seconds = bare * 60.0
    return min(max(round(seconds / 60), SHORTEST), LONGEST)


def steps_in(text: str) -> int:
    """1 for "longer", -1 for "shorter", 0 for neither."""
    longer = re.search(r"\b(?:longer|more time)\b", text) is not None
    return longer - (re.search(r"\b(?:shorter|less time|quicker)\b", text) is not None)


def unwanted_in(text: str) -> tuple[str, ...]:
    """Words of exercises that are to be left out: "no burpees"."""
    found = (match[1].strip() for match in _WITHOUT.finditer(text))
    return tuple(words for words in found if words and not _NO_GEAR.search(f"no {words}") and words not in _FILLERS)


_FILLERS = frozenset({"idea", "problem", "rush", "more", "less", "longer", "pain", "thanks", "one", "matter", "time"})


def _found(table: dict[K, str], text: str) -> set[K]:
    return {key for key, pattern in table.items() if re.search(pattern, text)}
