"""The simple settings page, and the few settings the rest of the window follows.

Why it exists: titles, explanations and limits stand in one table below the window. Here a setting becomes a row with
the control that fits it, and a change by anybody (this page, a terminal, another window) reaches every binding.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Property, QKeyCombination, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtQml import QmlElement

from app.contracts.audio import AudioDevice, Voice
from app.contracts.errors import SottoError
from app.settings.store import SettingsStore
from app.settings.table import BY_KEY, SettingValue
from ui.viewmodels.choices import Option, device_options, quiet_hours_options, voice_options
from ui.viewmodels.setting_rows import SettingRow, SettingRows

QML_IMPORT_NAME = "Sotto.ViewModels"
QML_IMPORT_MAJOR_VERSION = 1

INPUT, OUTPUT, VOICE = "audio.input", "audio.output", "voice.id"
THEME, SHADE, TALK_KEY = "appearance.theme", "appearance.confidence_shade", "keys.push_to_talk"
QUIET_HOURS = "power.quiet_hours"
QUIET_HOURS_TO_CHOOSE = ("22:00-07:00", "22:00-08:00", "23:00-07:00")
SIMPLE_PAGE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Sound", (INPUT, OUTPUT)),
    ("Voice", ("voice.speak_answers", VOICE, "voice.speed")),
    ("Appearance", (THEME, SHADE)),
    ("Power", ("power.governor", "power.battery_percent", QUIET_HOURS)),
)
"""What everybody needs, by section, in order."""


@QmlElement
class SettingsViewModel(QObject):
    """Settings as the window binds to them.

    Args:
        store: Where they are kept.
    """

    themeChanged = Signal()
    shadeChanged = Signal()
    talkKeyChanged = Signal()
    problemChanged = Signal()
    refreshRequested = Signal()

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._problem = ""
        self._inputs: tuple[AudioDevice, ...] = ()
        self._outputs: tuple[AudioDevice, ...] = ()
        self._voices: tuple[Voice, ...] = ()
        self.list = SettingRows(
            [SettingRow(BY_KEY[key], section) for section, keys in SIMPLE_PAGE for key in keys], self
        )
        for row in self.list.rows:
            self._read(row)
        self._unsubscribe = store.subscribe(self._changed)

    def _get_theme(self) -> str:
        return self._store.text(THEME)

    def _get_shade(self) -> bool:
        return self._store.flag(SHADE)

    def _get_talk_key(self) -> int:
        return _single_key(self._store.text(TALK_KEY)).value

    def _get_talk_key_name(self) -> str:
        return QKeySequence(Qt.Key(self._get_talk_key())).toString(QKeySequence.SequenceFormat.NativeText)

    def _get_problem(self) -> str:
        return self._problem

    def _get_rows(self) -> SettingRows:
        return self.list

    theme = Property(str, _get_theme, notify=themeChanged)
    confidenceShade = Property(bool, _get_shade, notify=shadeChanged)
    talkKey = Property(int, _get_talk_key, notify=talkKeyChanged)
    talkKeyName = Property(str, _get_talk_key_name, notify=talkKeyChanged)
    problem = Property(str, _get_problem, notify=problemChanged)
    rows = Property(SettingRows, _get_rows, constant=True)

    @Slot()
    def refresh(self) -> None:
        """The page was opened: ask for the devices and voices of this moment."""
        self.refreshRequested.emit()

    @Slot(str, int)
    def choose(self, key: str, index: int) -> None:
        """Take an entry of a list."""
        options = self.list.row(key).choices.options
        if 0 <= index < len(options):
            self._set(key, options[index].value)

    @Slot(str, bool)
    def setFlag(self, key: str, on: bool) -> None:
        """Switch something on or off."""
        self._set(key, on)

    @Slot(str, float)
    def setNumber(self, key: str, value: float) -> None:
        """Set a number."""
        self._set(key, round(value, 3))

    def show_devices(self, inputs: Sequence[AudioDevice], outputs: Sequence[AudioDevice]) -> None:
        """Microphones and speakers as they are now."""
        self._inputs, self._outputs = tuple(inputs), tuple(outputs)
        self._reread(INPUT, OUTPUT)

    def show_voices(self, voices: Sequence[Voice]) -> None:
        """The voices that can be chosen."""
        self._voices = tuple(voices)
        self._reread(VOICE)

    def close(self) -> None:
        """Hear of no more changes."""
        self._unsubscribe()

    def _set(self, key: str, value: SettingValue) -> None:
        try:
            self._store.set(key, value)
        except SottoError as error:
            self._say(str(error))
            self._reread(key)
        else:
            self._say("")

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self.problemChanged.emit()

    def _changed(self, key: str, _value: SettingValue) -> None:
        self._reread(key)
        match key:
            case "appearance.theme":
                self.themeChanged.emit()
            case "appearance.confidence_shade":
                self.shadeChanged.emit()
            case "keys.push_to_talk":
                self.talkKeyChanged.emit()

    def _reread(self, *keys: str) -> None:
        for row in self.list.rows:
            if row.key in keys:
                self._read(row)
                self.list.tell(row.key)

    def _read(self, row: SettingRow) -> None:
        """Bring a row up to what the store says."""
        match row.kind:
            case "flag":
                row.checked = self._store.flag(row.key)
            case "number":
                row.number = self._store.number(row.key)
            case _:
                chosen = self._store.text(row.key)
                row.choices.replace(self._options(row, chosen))
                row.current = row.choices.index_of(chosen)

    def _options(self, row: SettingRow, chosen: str) -> list[Option]:
        match row.key:
            case "audio.input":
                return device_options(self._inputs, chosen)
            case "audio.output":
                return device_options(self._outputs, chosen)
            case "voice.id":
                return voice_options(self._voices, chosen)
            case "power.quiet_hours":
                return quiet_hours_options(QUIET_HOURS_TO_CHOOSE, chosen)
        return [Option(choice, choice.replace("_", " ").capitalize()) for choice in row.setting.choices]


def _single_key(name: str) -> Qt.Key:
    """The one key a name stands for; the space bar for anything that is no single key."""
    keys = QKeySequence.fromString(name)
    if keys.count() != 1:
        return Qt.Key.Key_Space
    first: QKeyCombination = keys[0]  # type: ignore[index] # the binding's stub leaves the operator out
    plain = first.keyboardModifiers() == Qt.KeyboardModifier.NoModifier and first.key() is not Qt.Key.Key_unknown
    return first.key() if plain else Qt.Key.Key_Space
