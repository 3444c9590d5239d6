"""Profiles: which backends answer, in which order, with which limits and which voice. One YAML file each.

A file in the person's own folder replaces the built-in one of the same id. What is wrong in a file is told with file,
line and column.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from app.contracts.calibration import Goal
from app.contracts.devices import Tier
from app.contracts.errors import InvalidInput, SottoError
from app.settings.answer_stages import DEFAULT_STAGES, LONGEST_TIMEOUT_S, SIZES, AnswerStage
from app.settings.files import as_number, place_of, read_mapping, suggestion
from app.settings.limits import DEFAULT_MAX_TOKENS, Limits, OnBattery, QuietHours

_TIERS = ("speech_to_text", "text", "text_to_speech", "voice_activity")
_REQUIRED = ("id", "name", *_TIERS)
_KEYS = (*_REQUIRED, "description", "pipeline", "goal", "answers", "limits", "voice")
_STAGE = ("name", "tier", "system", "temperature", "prior", "timeout_s")
_LIMITS = (
    "max_tokens",
    "rest_under_trip_c",
    "warm_again_c",
    "dwell_s",
    "battery_percent",
    "on_battery",
    "watts",
    "joules_per_turn",
    "joules_per_hour",
    "quiet_hours",
)
DEFAULT_PIPELINE = "voice-assistant"
"""What answers when a profile does not say."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile.

    Attributes:
        profile_id: Its name in the settings and on the command line.
        name: Its name on screen.
        description: One sentence.
        pipeline: Id of the pipeline that answers.
        goal: What the order of the tiers is for, once they have been measured.
        speech_to_text: Tiers that recognise, the first that works is used.
        text: Tiers that answer, smallest first. A tier without a model takes whatever is installed for its backend.
        text_to_speech: Tiers that speak.
        voice_activity: Tiers that tell speech from silence.
        limits: How long answers may be, and what the governor keeps to.
        voice: Id of the voice, empty for the backend's own.
        speed: 0.5 to 2.0.
        speak: Answers are spoken.
        path: Its file.
        answers: The stages in which an open question is answered, the quick one first.
    """

    profile_id: str
    name: str
    description: str
    pipeline: str
    goal: Goal
    speech_to_text: tuple[Tier, ...]
    text: tuple[Tier, ...]
    text_to_speech: tuple[Tier, ...]
    voice_activity: tuple[Tier, ...]
    limits: Limits
    voice: str
    speed: float
    speak: bool
    path: Path
    answers: tuple[AnswerStage, ...] = DEFAULT_STAGES

    @property
    def max_tokens(self) -> int:
        """Upper bound of an answer's length."""
        return self.limits.max_tokens


class ProfileStore:
    """The profiles of one person.

    Args:
        builtin_dir: Those that ship with Sotto.
        user_dir: The person's own; need not exist.
    """

    def __init__(self, builtin_dir: Path, user_dir: Path) -> None:
        self._builtin_dir = builtin_dir
        self._user_dir = user_dir

    def ids(self) -> tuple[str, ...]:
        """Every profile's id, in alphabetical order."""
        return tuple(sorted(self._files()))

    def list(self) -> tuple[tuple[Profile, ...], tuple[str, ...]]:
        """Every profile that can be read, and what is wrong with the others."""
        profiles, problems = [], []
        for profile_id in self.ids():
            try:
                profiles.append(self.load(profile_id))
            except SottoError as error:
                problems.append(str(error))
        return tuple(profiles), tuple(problems)

    def load(self, profile_id: str) -> Profile:
        """One profile.

        Raises:
            InvalidInput: There is none of this id, or its file is wrong; the sentence says where.
            StorageError: Its file cannot be read.
        """
        files = self._files()
        path = files.get(profile_id)
        if path is None:
            hint = suggestion(profile_id, files) or "`sotto profiles list` shows them all."
            raise InvalidInput(f"There is no profile {profile_id!r}.", code="no-profile", remedy=hint)
        return _Reader(path).profile(profile_id)

    def _files(self) -> Mapping[str, Path]:
        found: dict[str, Path] = {}
        for folder in (self._builtin_dir, self._user_dir):
            found.update({path.stem: path for path in sorted(folder.glob("*.yaml"))})
        return found


class _Reader:
    """Reads one file, and knows how to say where it is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def profile(self, profile_id: str) -> Profile:
        content = read_mapping(self._path)
        self._only(content, _KEYS)
        for key in _REQUIRED:
            if key not in content:
                raise self._wrong((1, 1), f"{key!r} is missing.")
        if content["id"] != profile_id:
            raise self._wrong(place_of(content, "id"), f"the id must be the file's name, {profile_id!r}.")
        voice = self._part(content, "voice", ("id", "speed", "speak"))
        tiers = {key: self._tiers(content, key) for key in _TIERS}
        return Profile(
            profile_id=profile_id,
            name=self._text(content, "name"),
            description=self._text(content, "description") if "description" in content else "",
            pipeline=self._text(content, "pipeline") if "pipeline" in content else DEFAULT_PIPELINE,
            goal=self._goal(content),
            limits=self._limits(self._part(content, "limits", _LIMITS)),
            voice=self._text(voice, "id") if "id" in voice else "",
            speed=self._number(voice, "speed", 1.0, 0.5, 2.0),
            speak=self._flag(voice, "speak", default=True),
            path=self._path,
            answers=self._answers(content),
            **tiers,
        )

    def _tiers(self, content: CommentedMap, key: str) -> tuple[Tier, ...]:
        entries = content[key]
        if not isinstance(entries, CommentedSeq) or not entries:
            raise self._wrong(place_of(content, key), f"{key!r} must be a list of at least one backend and model.")
        tiers = []
        for index, entry in enumerate(entries):
            if not isinstance(entry, CommentedMap):
                line, column = entries.lc.item(index)
                raise self._wrong((line + 1, column + 1), "a tier is a mapping: {backend: …, model: …}.")
            self._only(entry, ("backend", "model"))
            if "backend" not in entry:
                raise self._wrong((entry.lc.line + 1, entry.lc.col + 1), "the tier has no 'backend'.")
            model = self._text(entry, "model") if "model" in entry else ""
            tiers.append(Tier(self._text(entry, "backend"), model))
        return tuple(tiers)

    def _answers(self, content: CommentedMap) -> tuple[AnswerStage, ...]:
        if "answers" not in content:
            return DEFAULT_STAGES
        entries = content["answers"]
        if not isinstance(entries, CommentedSeq) or not entries:
            raise self._wrong(place_of(content, "answers"), "'answers' must be a list of at least one stage.")
        stages: list[AnswerStage] = []
        for index, entry in enumerate(entries):
            if not isinstance(entry, CommentedMap) or "name" not in entry:
                line, column = entries.lc.item(index)
                raise self._wrong((line + 1, column + 1), "a stage of an answer is a mapping with a 'name'.")
            stage = self._answer_stage(entry)
            if stage.name in [other.name for other in stages]:
                raise self._wrong(place_of(entry, "name"), f"there are two stages {stage.name!r}.")
            stages.append(stage)
        return tuple(stages)

    def _answer_stage(self, entry: CommentedMap) -> AnswerStage:
        """A stage as written; what is left out is as in the default stage of the same name, or as in any other."""
        self._only(entry, _STAGE)
        name = self._text(entry, "name")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise self._wrong(place_of(entry, "name"), "a stage's name is letters, digits, '_' and '-'.")
        default = next((stage for stage in DEFAULT_STAGES if stage.name == name), AnswerStage(name=name))
        tier = self._text(entry, "tier") if "tier" in entry else default.tier
        if not tier.strip():
            raise self._wrong(place_of(entry, "tier"), f"'tier' is {', '.join(SIZES)}, or a backend or a model.")
        return AnswerStage(
            name=name,
            tier=tier,
            system=self._text(entry, "system") if "system" in entry else default.system,
            temperature=self._number(entry, "temperature", default.temperature, 0.0, 2.0),
            prior=self._number(entry, "prior", default.prior, 0.0, 1.0),
            timeout_s=self._number(entry, "timeout_s", default.timeout_s, 0.1, LONGEST_TIMEOUT_S),
        )

    def _goal(self, content: CommentedMap) -> Goal:
        return Goal(self._one_of(content, "goal", Goal, Goal.AS_WRITTEN))

    def _limits(self, limits: CommentedMap) -> Limits:
        default = Limits()
        return Limits(
            max_tokens=self._whole(limits, "max_tokens", DEFAULT_MAX_TOKENS, 1, 8192),
            rest_under_trip_c=self._number(limits, "rest_under_trip_c", default.rest_under_trip_c, 0.0, 20.0),
            warm_again_c=self._number(limits, "warm_again_c", default.warm_again_c, 1.0, 20.0),
            dwell_s=self._number(limits, "dwell_s", default.dwell_s, 5.0, 3600.0),
            battery_percent=self._number(limits, "battery_percent", default.battery_percent, 0.0, 100.0),
            on_battery=OnBattery(self._one_of(limits, "on_battery", OnBattery, default.on_battery)),
            watts=self._bound(limits, "watts", 1.0, 1000.0),
            joules_per_turn=self._bound(limits, "joules_per_turn", 1.0, 1e6),
            joules_per_hour=self._bound(limits, "joules_per_hour", 1.0, 1e8),
            quiet_hours=self._quiet_hours(limits),
        )

    def _quiet_hours(self, limits: CommentedMap) -> QuietHours | None:
        if "quiet_hours" not in limits:
            return None
        hours = QuietHours.from_text(self._text(limits, "quiet_hours"))
        if hours is None:
            place = place_of(limits, "quiet_hours")
            raise self._wrong(place, "'quiet_hours' must be two different times of the day, as in \"22:00-07:00\".")
        return hours

    def _one_of(self, content: CommentedMap, key: str, known: type[StrEnum], default: StrEnum) -> str:
        wanted = self._text(content, key) if key in content else default.value
        if wanted not in tuple(known):
            names, hint = ", ".join(known), suggestion(wanted, [each.value for each in known])
            raise self._wrong(place_of(content, key), f"{key!r} must be one of {names}. {hint}")
        return wanted

    def _bound(self, content: CommentedMap, key: str, low: float, high: float) -> float | None:
        return self._number(content, key, low, low, high) if key in content else None

    def _part(self, content: CommentedMap, key: str, known: tuple[str, ...]) -> CommentedMap:
        part = content.get(key, CommentedMap())
        if not isinstance(part, CommentedMap):
            raise self._wrong(place_of(content, key), f"{key!r} must be a mapping (key: value).")
        self._only(part, known)
        return part

    def _only(self, content: CommentedMap, known: tuple[str, ...]) -> None:
        for key in content:
            if key not in known:
                raise self._wrong(place_of(content, key), f"{key!r} is not known here. {suggestion(str(key), known)}")

    def _text(self, content: CommentedMap, key: str) -> str:
        value = content[key]
        if not isinstance(value, str):
            raise self._wrong(place_of(content, key), f"{key!r} must be text, not {value!r}.")
        return str(value)

    def _number(self, content: CommentedMap, key: str, default: float, low: float, high: float) -> float:
        value = content.get(key, default)
        number = as_number(value)
        if number is None or not low <= number <= high:
            raise self._wrong(place_of(content, key), f"{key!r} must be between {low:g} and {high:g}, not {value!r}.")
        return number

    def _whole(self, content: CommentedMap, key: str, default: int, low: int, high: int) -> int:
        number = self._number(content, key, default, low, high)
        if not number.is_integer():
            raise self._wrong(place_of(content, key), f"{key!r} must be a whole number, not {number:g}.")
        return int(number)

    def _flag(self, content: CommentedMap, key: str, *, default: bool) -> bool:
        value = content.get(key, default)
        if not isinstance(value, bool):
            raise self._wrong(place_of(content, key), f"{key!r} must be true or false, not {value!r}.")
        return value

    def _wrong(self, place: tuple[int, int], what: str) -> InvalidInput:
        return InvalidInput(f"{self._path}:{place[0]}:{place[1]}: {what}".strip(), code="profile")
