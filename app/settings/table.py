"""The one table of settings: it drives the file, its validation, the settings page and the help.

A setting's key is its place in the file: ``audio.input`` is ``input`` under ``audio``.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.settings.limits import QUIET_HOURS

SettingValue = str | float | bool
"""What a setting can hold; its default's type says which of the three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One entry.

    Attributes:
        key: ``section.name``.
        default: Its value while nobody chose one; the type says what kind it is.
        title: What it is called on the page.
        explanation: One sentence.
        page: The page it stands on.
        choices: The values it may have, empty for any.
        pattern: What a text must look like, a regular expression of the whole of it; empty for any.
        example: How such a text is written, for messages.
        minimum: The smallest number.
        maximum: The largest number.
        unit: Of a number, for instance ``ms``.
    """

    key: str
    default: SettingValue
    title: str
    explanation: str
    page: str
    choices: tuple[str, ...] = ()
    pattern: str = ""
    example: str = ""
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""

    @property
    def kind(self) -> type:
        """``bool``, ``float`` or ``str``."""
        return type(self.default)


SETTINGS: tuple[Setting, ...] = (
    Setting(
        key="audio.input", default="", page="Audio", title="Microphone",
        explanation="What Sotto listens with. System default follows the choice in your desktop's sound settings.",
    ),
    Setting(
        key="audio.output", default="", page="Audio", title="Speaker",
        explanation="What Sotto speaks through. System default follows the choice in your desktop's sound settings.",
    ),
    Setting(
        key="audio.preroll_ms", default=0.0, minimum=0.0, maximum=1000.0, unit="ms", page="Audio", title="Pre-roll",
        explanation="Sound from just before the key is pressed that is kept. Above 0 the microphone stays open.",
    ),
    Setting(
        key="audio.warm_s", default=30.0, minimum=0.0, maximum=600.0, unit="s", page="Audio",
        title="Keep microphone open",
        explanation="How long the microphone stays ready after a turn, so that the next one starts at once.",
    ),
    Setting(
        key="audio.cues", default=True, page="Audio", title="Ready sound",
        explanation="A soft sound when the microphone really delivers.",
    ),
    Setting(
        key="voice.speak_answers", default=True, page="Voice", title="Speak answers",
        explanation="Answers are spoken as well as shown.",
    ),
    Setting(
        key="voice.id", default="", page="Voice", title="Voice",
        explanation="The voice that speaks. The default is the one of the profile.",
    ),
    Setting(
        key="voice.speed", default=1.0, minimum=0.5, maximum=2.0, page="Voice", title="Speed",
        explanation="How fast it speaks; 1 is the voice's own pace.",
    ),
    Setting(
        key="keys.push_to_talk", default="Space", page="Keys", title="Push-to-talk key",
        explanation="Hold it to talk, tap it to listen until the next tap.",
    ),
    Setting(
        key="appearance.theme", default="system", choices=("system", "light", "dark"), page="Appearance", title="Theme",
        explanation="Light, dark, or as your desktop has it.",
    ),
    Setting(
        key="appearance.confidence_shade", default=True, page="Appearance", title="Show confidence",
        explanation="Words the model was less sure of are tinted and underlined.",
    ),
    Setting(
        key="profile.active", default="starter", page="Profile", title="Profile",
        explanation="Which models answer, with which limits.",
    ),
    Setting(
        key="assistant.skills", default=True, page="Assistant", title="Answer with skills",
        explanation="Timers, sums, lists and the like are answered without the language model; off, it answers all.",
    ),
    Setting(
        key="assistant.speculation", default="top-k", choices=("none", "top-1", "top-k", "all", "ab"), page="Assistant",
        title="Work ahead",
        explanation="What is made ready while you decide: nothing, the likeliest, what is likely, all, or in turns.",
    ),
    Setting(
        key="pipelines.enabled", default=True, page="Pipelines", title="Answer through a pipeline",
        explanation="Answers come through the stages of a pipeline. Off, the models of the profile answer directly.",
    ),
    Setting(
        key="pipelines.config_file", default="", page="Pipelines", title="Pipeline file",
        explanation="A YAML file of pipelines that replace built-in ones and yours of the same id; empty for none.",
    ),
    Setting(
        key="models.memory_gb", default=0.0, minimum=0.0, maximum=1024.0, unit="GB", page="Models",
        title="Memory for models",
        explanation="Beyond this, the model unused for longest is unloaded; 0 takes half of this machine's memory.",
    ),
    Setting(
        key="models.keep_s", default=600.0, minimum=0.0, maximum=86_400.0, unit="s", page="Models",
        title="Keep models loaded",
        explanation="A model that nobody has asked for so long is unloaded; 0 keeps every model.",
    ),
    Setting(
        key="models.pinned", default="", page="Models", title="Models that stay loaded",
        explanation="Backends that are never unloaded, separated by commas, for instance llama-cpu.",
    ),
    Setting(
        key="models.compile", default=True, page="Models", title="Compile for NPU and GPU",
        explanation="Models are compiled for these devices in the background; the processor answers meanwhile.",
    ),
    Setting(
        key="models.calibrate", default=True, page="Models", title="Measure models",
        explanation="Installed models are measured when the machine is idle and on mains, to order the tiers.",
    ),
    Setting(
        key="models.npu_voice_experiment", default=False, page="Models", title="Piper on the NPU (experiment)",
        explanation="Piper's decoder runs on the NPU once its sound there was found to be that of the processor.",
    ),
    Setting(
        key="power.governor", default=True, page="Power", title="Let devices rest",
        explanation="A device that is hot rests and another one takes over; battery and energy are kept to limits.",
    ),
    Setting(
        key="power.battery_percent", default=0.0, minimum=0.0, maximum=100.0, unit="%", page="Power",
        title="Save power under",
        explanation="Under this charge only frugal devices work and answers are short; 0 takes the profile's figure.",
    ),
    Setting(
        key="power.joules_per_hour", default=0.0, minimum=0.0, maximum=1_000_000.0, unit="J", page="Power",
        title="Energy for an hour",
        explanation="Answers become shorter and cheaper as the last hour's work nears this; 0 takes the profile's.",
    ),
    Setting(
        key="power.quiet_hours", default="", pattern=f"|never|{QUIET_HOURS}", example="22:00-07:00", page="Power",
        title="Quiet hours",
        explanation="Hours, as 22:00-07:00, in which the graphics card rests; empty for the profile's, never for none.",
    ),
    Setting(
        key="network.offline", default=False, page="Network", title="Stay offline",
        explanation="Nothing is downloaded and no server is asked, whatever else is switched on.",
    ),
    Setting(
        key="network.mirror", default="", page="Network", title="Model mirror",
        explanation="Address that models are downloaded from instead of Hugging Face; empty for Hugging Face.",
    ),
    Setting(
        key="network.proxy", default="", page="Network", title="Proxy",
        explanation="Address of the proxy downloads go through; empty takes the one of the environment.",
    ),
    Setting(
        key="privacy.keep_history", default=True, page="Privacy", title="Keep history",
        explanation="Turns are kept in a database on this machine.",
    ),
    Setting(
        key="privacy.retention_days", default=0.0, minimum=0.0, maximum=3650.0, unit="days", page="Privacy",
        title="Forget after",
        explanation="Turns and cards older than this are erased; 0 keeps turns until you erase them.",
    ),
    Setting(
        key="log.words", default=False, page="Privacy", title="Words in the log",
        explanation="Logs carry what you said and what was answered. Off, they never do.",
    ),
)  # fmt: skip

BY_KEY: dict[str, Setting] = {setting.key: setting for setting in SETTINGS}
"""Every setting by its key."""

SECTIONS: tuple[str, ...] = tuple(dict.fromkeys(setting.key.split(".", 1)[0] for setting in SETTINGS))
"""The sections of the file, in the table's order."""
