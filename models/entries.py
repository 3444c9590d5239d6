"""All backends there could be now: those that come with the program, and every installed model on every device for it.

Why it exists: installing a model or a driver makes backends, and what cannot be had must say why, in the order in which
a person would mend it: the device first, then the model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.contracts.devices import DEVICE_WORDS, Device, DeviceInfo, Presence, RuntimeSupport
from app.contracts.errors import Unavailable
from models.embedded import EmbeddedModels
from models.recipes import RECIPES
from models.recipes.recipe import Recipe
from models.registry import ENTRIES, Entry
from models.store.model import InstalledModel

PROCESSOR = DeviceInfo(device=Device.CPU, name="", presence=Presence.READY)
"""What is known without having looked."""


def entries_of(
    machine: Sequence[DeviceInfo],
    installed: Sequence[InstalledModel],
    embedded: EmbeddedModels,
    recipes: Sequence[Recipe] = RECIPES,
) -> Mapping[str, Entry]:
    """Every backend by its id: those that come with the program first, then the recipes in their order."""
    found = dict(ENTRIES)
    with_program = embedded.as_installed()
    for recipe in recipes:
        for device in machine:
            support = _support(recipe, device)
            if support is None or not support.usable:
                continue
            for model in (*with_program, *installed):
                if model.format in recipe.formats and not recipe.refuses(model, device):
                    entry = recipe.entry(model, support, embedded=model in with_program)
                    found.setdefault(entry.backend.backend_id, entry)
    return found


def resolved(entries: Mapping[str, Entry], backend_id: str, model: str = "") -> str:
    """The id of the backend that is meant: ``faster-whisper-cpu`` means its first model, unless ``model`` says which.

    Returns:
        ``backend_id`` itself when there is nothing better.
    """
    if model and f"{backend_id}:{model}" in entries:
        return f"{backend_id}:{model}"
    if backend_id in entries:
        return backend_id
    return preferred(entries, backend_id)


def preferred(entries: Mapping[str, Entry], backend_id: str) -> str:
    """The backend of a runtime on a device when nobody says which model: an installed one before the program's own."""
    beginning = f"{backend_id}:"
    return next((key for key in entries if key.startswith(beginning)), backend_id)


def driver_of(entry: Entry, machine: Sequence[DeviceInfo]) -> str:
    """Version of the driver of the device a backend runs on; empty when nobody knows, and for the processor."""
    for device in machine:
        support = device.support(entry.backend.runtime)
        if device.device is entry.backend.device and support is not None and support.target == entry.target:
            return device.driver
    return ""


def why_unknown(
    backend_id: str,
    machine: Sequence[DeviceInfo],
    entries: Mapping[str, Entry],
    recipes: Sequence[Recipe] = RECIPES,
) -> Unavailable:
    """The error for an id that no backend has."""
    prefix, _, model = backend_id.partition(":")
    recipe = next((recipe for recipe in recipes if recipe.prefix == prefix), None)
    if recipe is None:
        known = ", ".join(sorted(entries))
        return Unavailable(f"There is no backend {backend_id!r}.", code="backend-unknown", remedy=f"There are {known}.")
    devices = [device for device in machine if device.device is recipe.device]
    for device in devices:
        support = _support(recipe, device)
        if support is not None and support.usable:
            wanted = f"the model {model!r} is not installed" if model else "no model for it is installed"
            return Unavailable(
                f"{prefix} cannot be started: {wanted}.",
                code="model-missing",
                remedy="`sotto models list` shows what can be had, `sotto models pull NAME` gets it.",
            )
    if not devices:
        return Unavailable(
            f"{prefix} cannot be started: nobody has looked for {DEVICE_WORDS[recipe.device].one} here yet.",
            code="device-missing",
            remedy="`sotto devices` looks.",
        )
    device = devices[0]
    support = _support(recipe, device)
    reason = device.reason or (support.reason if support else "") or f"{recipe.runtime} does not run on it."
    return Unavailable(f"{prefix} cannot be started: {reason}", code="device-missing", remedy=device.remedy)


def _support(recipe: Recipe, device: DeviceInfo) -> RuntimeSupport | None:
    """What the recipe's runtime says of a device. Every runtime that is installed runs on the processor."""
    if device.device is not recipe.device:
        return None
    if device.device is Device.CPU:
        return RuntimeSupport(recipe.runtime, usable=True, target="CPU")
    return device.support(recipe.runtime) if device.presence is Presence.READY else None
