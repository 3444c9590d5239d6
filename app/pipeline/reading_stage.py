"""One stage of a pipeline file: its keys, what each may hold, and which belong to which type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any

from app.contracts.devices import Device
from app.pipeline.definition import (
    Chunking,
    Experts,
    Forwarding,
    HardwareWish,
    Merge,
    OptionValue,
    Retry,
    Sampling,
    Segmenting,
    Speculation,
    StageCache,
    StageDefinition,
    StageType,
    TierWish,
)
from app.pipeline.reading_fields import (
    Field,
    MisfitError,
    Told,
    choice,
    duration,
    flag,
    identifier,
    listed,
    number,
    or_none,
    plain,
    read_into,
    record,
    some_words,
    template,
    whole,
    words,
)
from app.settings.files import suggestion
from app.settings.located import Node

GROUP = "sotto.stages"
"""Entry points under which custom stages of others are found."""
BUILT_IN_CUSTOM: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "vector-lookup": ("limit", "collection", "min_score"),
        "quality-check": ("checks", "language", "min_confidence", "min_characters", "max_characters"),
        "merge": ("how", "separator"),
        "split": ("by", "size"),
        "condition": ("if",),
        "cite": ("min_overlap", "sources"),
    }
)
"""The custom stages that ship with Sotto, and the keys of their ``with``."""

_HARDWARE: Mapping[str, Device] = MappingProxyType(
    {
        **{device.value: device for device in Device},
        "nvidia": Device.GPU,
        "amd": Device.GPU,
        "intel": Device.IGPU,
    }
)
_MS = 0.001
_DAY_S = 86_400.0
_MOST_TOKENS = 131_072

_TIER_FIELDS = (Field("backend", some_words, required=True), Field("model", words))
tier = record(TierWish, _TIER_FIELDS, "a tier", short={str: TierWish})
"""A backend's id, or ``{backend: …, model: …}``."""


def hardware(node: Node, told: Told) -> HardwareWish:
    """A device, or a maker's name that is taken for one."""
    asked = choice(tuple(_HARDWARE))(node, told)
    device = _HARDWARE[asked]
    note = "" if asked == device.value else f"{asked} was taken for {device.value}"
    return HardwareWish(asked, device, note)


FORWARDING = (
    Field("enable_confidence_check", flag, "check"),
    Field("min_confidence", number(0, 1)),
    Field("escalation_path", listed(tier), "path"),
    Field("early_tokens", whole(0, 10_000)),
    Field("early_margin", number(0, 1)),
)
EXPERTS = (
    Field("tiers", listed(tier)),
    Field("samples", whole(1, 16)),
    Field("merge", choice(Merge)),
    Field("temperature", number(0, 2)),
    Field("fuse_with", tier),
    Field("fuse_prompt", words),
)
SPECULATION = (
    Field("draft", tier, required=True),
    Field("top_k", whole(1, 100)),
    Field("window", whole(1, 512)),
)
CHUNKING = (
    Field("tokens", whole(0, _MOST_TOKENS)),
    Field("overlap", whole(0, 4096)),
    Field("rotate", listed(tier)),
)
SEGMENTING = (
    Field("pause", duration(0.05, 10, unit=_MS), "pause_ms"),
    Field("longest", duration(0.5, 600), "longest_s"),
    Field("queue", whole(1, 1000)),
)
RETRY = (
    Field("attempts", whole(0, 20)),
    Field("base", duration(0, 60, unit=_MS), "base_ms"),
    Field("longest", duration(0, 600, unit=_MS), "longest_ms"),
)
CACHE = (Field("enabled", flag), Field("ttl", duration(0, 366 * _DAY_S), "ttl_s"))
NESTED: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "forwarding_policy": FORWARDING,
        "experts": EXPERTS,
        "speculation": SPECULATION,
        "chunking": CHUNKING,
        "segmenting": SEGMENTING,
        "retry": RETRY,
        "cache": CACHE,
    }
)
"""The keys of a stage that are mappings of their own."""


def _merged(**content: Any) -> Experts:
    return Experts(**{**content, "merge": Merge(content.get("merge", Merge.BEST))})


def _attempts(count: int) -> Retry:
    if not 0 <= count <= 20:
        raise MisfitError(f"must be between 0 and 20, not {count}")
    return Retry(attempts=count)


def _on_or_off(make: Any) -> Any:
    """``true`` for the defaults, ``false`` for none of it."""
    return lambda on: make() if on else None


READERS: Mapping[str, Any] = MappingProxyType(
    {
        "forwarding_policy": record(Forwarding, FORWARDING, "'forwarding_policy'"),
        "experts": record(_merged, EXPERTS, "'experts'"),
        "speculation": record(
            Speculation, SPECULATION, "'speculation'", short={str: lambda backend: Speculation(TierWish(backend))}
        ),
        "chunking": record(Chunking, CHUNKING, "'chunking'", short={bool: _on_or_off(Chunking)}),
        "segmenting": record(Segmenting, SEGMENTING, "'segmenting'", short={bool: _on_or_off(Segmenting)}),
        "retry": record(Retry, RETRY, "'retry'", short={int: _attempts}),
        "cache": record(StageCache, CACHE, "'cache'", short={bool: StageCache}),
    }
)

SAMPLING = (
    Field("max_tokens", whole(1, _MOST_TOKENS)),
    Field("temperature", number(0, 2)),
    Field("top_p", number(0, 1)),
    Field("seed", whole(0, 2**31 - 1)),
)
_COMMON = (
    Field("id", identifier, "stage_id", required=True),
    Field("type", choice(StageType), required=True),
    Field("description", words),
    Field("needs", listed(identifier, alone=True)),
    Field("when", template),
    Field("input_transform", template),
    Field("output_transform", template),
    Field("retry", READERS["retry"]),
    Field("timeout", or_none(duration(0.001, _DAY_S)), "timeout_s"),
    Field("cache", READERS["cache"]),
    Field("optional", flag),
    Field("each", flag),
)
_MODEL = (
    Field("model", words),
    Field("preferred_backend", words, "backend"),
    Field("preferred_hardware", hardware, "hardware"),
)
_TEXT = (
    Field("prompt", words),
    *SAMPLING,
    Field("forwarding_policy", READERS["forwarding_policy"], "forwarding"),
    Field("experts", READERS["experts"]),
    Field("speculation", READERS["speculation"]),
    Field("chunking", READERS["chunking"]),
)
_OF_TYPE: Mapping[StageType, tuple[Field, ...]] = MappingProxyType(
    {
        StageType.AUDIO_TO_TEXT: (*_MODEL, Field("segmenting", READERS["segmenting"])),
        StageType.TEXT_GENERATION: (*_MODEL, *_TEXT),
        StageType.TEXT_TO_AUDIO: _MODEL,
        StageType.EMBEDDING: _MODEL,
        StageType.CUSTOM: (Field("use", some_words, required=True), Field("with", plain, "settings")),
    }
)
STAGE_FIELDS: Mapping[str, Field] = MappingProxyType(
    {item.key: item for fields in (_COMMON, *_OF_TYPE.values()) for item in fields}
)
"""Every key a stage can have."""
_ONE_OF = ("chunking", "experts", "speculation")


def fields_of(kind: StageType) -> tuple[Field, ...]:
    """The keys of a stage of a type."""
    return (*_COMMON, *_OF_TYPE[kind])


def known_customs() -> tuple[str, ...]:
    """Names ``use`` may have: those that ship with Sotto, and those that are installed."""
    return tuple(dict.fromkeys((*BUILT_IN_CUSTOM, *(point.name for point in entry_points(group=GROUP)))))


def read_stage(node: Node, told: Told, before: str, customs: Collection[str]) -> StageDefinition | None:
    """One stage, None when something in it is wrong.

    Args:
        node: As it stands in the file.
        told: Takes what is wrong.
        before: Id of the stage before it, which it needs unless it says otherwise; empty for the first.
        customs: Names ``use`` may have.
    """
    if node.entries is None:
        told.add(node, f"'stages' holds {node.shown}; a stage is a mapping such as {{id: …, type: …}}.")
        return None
    count = len(told.problems)
    kind = _kind(node)
    content: dict[str, Any] = {}
    allowed = {item.key: item for item in fields_of(kind)} if kind else STAGE_FIELDS
    for key, entry in node.entries.items():
        if key in allowed:
            read_into(content, allowed[key], entry, told)
        elif key in STAGE_FIELDS and kind:
            owners = ", ".join(owner for owner, fields in _OF_TYPE.items() if key in {item.key for item in fields})
            told.add(entry, f"{key!r} does not belong to a stage of type {kind}.", f"Stages of type {owners} have it.")
        else:
            hint = suggestion(key, allowed) or f"It may have {', '.join(allowed)}."
            told.add(entry, f"{key!r} is not a key of a stage.", hint)
    for key, item in allowed.items():
        if item.required and key not in node.entries and (kind or key in ("id", "type")):
            told.add(node, f"{key!r} is missing from a stage.", _example(key, customs))
    _together(node, told)
    if kind is StageType.CUSTOM:
        _custom(node, content, told, customs)
    return None if len(told.problems) > count else made(content, before, told, node)


def made(content: dict[str, Any], before: str, told: Told, node: Node) -> StageDefinition:
    """The stage of what was read."""
    sampling = {item.name: content.pop(item.name) for item in SAMPLING if item.name in content}
    content["type"] = StageType(content["type"])
    content.setdefault("needs", (before,) if before else ())
    content["needs"] = tuple(dict.fromkeys(content["needs"]))
    content["settings"] = MappingProxyType(dict(content.get("settings", {})))
    return StageDefinition(sampling=Sampling(**sampling), place=told.place(node), **content)


def _kind(node: Node) -> StageType | None:
    written = (node.entries or {}).get("type")
    scalar = written.scalar if written else None
    return StageType(scalar) if isinstance(scalar, str) and scalar in list(StageType) else None


def _together(node: Node, told: Told) -> None:
    """Of the ways to get a text there can be one."""
    found = [key for key in node.entries or {} if key in _ONE_OF]
    if len(found) > 1 and node.entries:
        told.add(node.entries[found[1]], f"{found[1]!r} cannot stand beside {found[0]!r}.", "Use two stages.")


def _custom(node: Node, content: dict[str, Any], told: Told, customs: Collection[str]) -> None:
    """``use`` and ``with``, as far as they are known."""
    entries = node.entries or {}
    use = content.get("use")
    if isinstance(use, str) and use not in customs:
        hint = suggestion(use, customs) or f"There are {', '.join(customs)}."
        told.add(entries["use"], f"'use' names no custom stage: {use!r}.", hint)
    if "with" not in entries or "settings" not in content:
        return
    settings = entries["with"]
    if settings.entries is None:
        told.add(settings, f"'with' must be a mapping (key: value), not {settings.shown}.")
        return
    if not isinstance(use, str) or use not in BUILT_IN_CUSTOM:
        return
    keys = BUILT_IN_CUSTOM[use]
    for key, entry in settings.entries.items():
        if key not in keys:
            hint = suggestion(key, keys) or (f"It may have {', '.join(keys)}." if keys else "It has none.")
            told.add(entry, f"{key!r} is not a key of {use!r} under 'with'.", hint)
        elif (use, key) == ("condition", "if"):
            condition: dict[str, Any] = {}
            read_into(condition, Field("if", template), entry, told)
            values: dict[str, OptionValue] = content["settings"]
            if "if" in condition:
                values["if"] = condition["if"].source


def _example(key: str, customs: Collection[str]) -> str:
    match key:
        case "type":
            return f"It is one of {', '.join(StageType)}."
        case "use":
            return f"There are {', '.join(customs)}."
        case _:
            return "Stages are named by it."
