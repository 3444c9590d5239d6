"""Lists to choose from: devices, voices, themes. The first entry is always what the system would take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QByteArray, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtQml import QmlElement

from app.contracts.audio import AudioDevice, Voice

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()
_LABEL = int(Qt.ItemDataRole.UserRole) + 1


@dataclass(frozen=True, slots=True)
class Option:
    """One entry: what the setting's value becomes, and what the person reads."""

    value: str
    label: str


@QmlElement
class ChoiceModel(QAbstractListModel):
    """The entries of one setting."""

    def __init__(self, options: Iterable[Option] = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._options = tuple(options)

    @property
    def options(self) -> tuple[Option, ...]:
        """The entries, in order."""
        return self._options

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """Number of entries."""
        return 0 if parent.isValid() else len(self._options)

    def roleNames(self) -> dict[int, QByteArray]:
        """Names of the roles as delegates require them."""
        return {_LABEL: QByteArray(b"label")}

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What is shown of an entry."""
        known = (
            index.isValid() and 0 <= index.row() < len(self._options) and role in (_LABEL, Qt.ItemDataRole.DisplayRole)
        )
        return self._options[index.row()].label if known else None

    def index_of(self, value: str) -> int:
        """Where a value stands, -1 when it is not among the entries."""
        return next((number for number, option in enumerate(self._options) if option.value == value), -1)

    def replace(self, options: Iterable[Option]) -> bool:
        """Show other entries; returns False when they are the same."""
        wanted = tuple(options)
        if wanted == self._options:
            return False
        self.beginResetModel()
        self._options = wanted
        self.endResetModel()
        return True


def device_options(devices: Iterable[AudioDevice], chosen: str) -> list[Option]:
    """The system's default first, then every device; a chosen one that is not there is shown as waiting.

    Args:
        devices: What can be used now, and what is remembered but away.
        chosen: The identity in the settings, empty for the system's default.
    """
    known = tuple(devices)
    default = next((device.name for device in known if device.default and device.present), "")
    options = [Option("", f"System default ({default})" if default else "System default")]
    options += [Option(device.identity, _device_label(device)) for device in known]
    if chosen and all(option.value != chosen for option in options):
        name = chosen.rpartition("/")[2] or chosen
        options.append(Option(chosen, f"{name} (waiting)"))
    return options


def voice_options(voices: Iterable[Voice], chosen: str) -> list[Option]:
    """The profile's own voice first, then every voice the backend has."""
    options = [Option("", "Default voice")]
    options += [Option(voice.voice_id, f"{voice.name} ({voice.language})") for voice in voices]
    if chosen and all(option.value != chosen for option in options):
        options.append(Option(chosen, f"{chosen} (waiting)"))
    return options


def quiet_hours_options(common: Iterable[str], chosen: str) -> list[Option]:
    """Those of the profile first, then none, then the common ones; others that were chosen elsewhere last.

    Args:
        common: As ``22:00-07:00``.
        chosen: What the setting says.
    """
    options = [Option("", "As the profile says"), Option("never", "Never")]
    options += [Option(hours, hours.replace("-", " to ")) for hours in common]
    if all(option.value != chosen for option in options):
        options.append(Option(chosen, chosen.replace("-", " to ")))
    return options


def _device_label(device: AudioDevice) -> str:
    return device.name if device.present else f"{device.name} (waiting)"
