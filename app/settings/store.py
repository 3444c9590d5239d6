"""The settings of one person: read from their file, checked against the table, written back whole.

The file belongs to the person. Comments and keys we do not know stay where they are; a file that cannot be read is left
untouched, what was in force stays in force, and nothing is written until it can be read again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from app.contracts.errors import InvalidInput, SottoError, StorageError
from app.settings.disk import disk_error
from app.settings.files import as_number, dump, place_of, read_mapping, suggestion, write_whole
from app.settings.locks import file_lock
from app.settings.table import BY_KEY, SECTIONS, SETTINGS, Setting, SettingValue

Listener = Callable[[str, SettingValue], None]
_Stamp = tuple[int, int, int] | None
_LOCK_TIMEOUT_S = 5.0
LONGEST_QUOTE = 60


class SettingsStore:
    """The store. Construct it, then `load`.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: tuple[str, ...] = ()
        self._values: dict[str, SettingValue] = {}
        self._stamp: _Stamp = None
        self._listeners: list[Listener] = []

    def load(self) -> None:
        """Read the file; listeners are told what is new.

        What is wrong in it is told in `problems`, and the rest counts. Of a file that cannot be read at all nothing
        does: what was in force stays, the defaults at first.
        """
        problems: list[str] = []
        values: dict[str, SettingValue] = {}
        self._stamp = self._stamp_now()
        if self._stamp is not None:
            try:
                content = read_mapping(self.path)
            except SottoError as error:
                problems.append(f"{error} None of it counts until that is mended.")
                values = self._values
            else:
                for section, entries in content.items():
                    self._read_section(section, entries, content, values, problems)
        before = {setting.key: self.get(setting.key) for setting in SETTINGS}
        self._values, self.problems = values, tuple(problems)
        for key, old in before.items():
            if self.get(key) != old:
                self._tell(key)

    def reload_if_changed(self) -> bool:
        """Read the file again when somebody else wrote it; returns whether that was so."""
        if self._stamp_now() == self._stamp:
            return False
        self.load()
        return True

    def get(self, key: str) -> SettingValue:
        """A setting's value.

        Raises:
            InvalidInput: There is no such setting.
        """
        return self._values.get(key, _known(key).default)

    def text(self, key: str) -> str:
        """A setting that is text."""
        return str(self.get(key))

    def number(self, key: str) -> float:
        """A setting that is a number."""
        return float(self.get(key))

    def flag(self, key: str) -> bool:
        """A setting that is on or off."""
        return bool(self.get(key))

    def set(self, key: str, value: SettingValue) -> None:
        """Choose a value, write it, tell everybody.

        Raises:
            InvalidInput: There is no such setting, or it cannot have this value.
            StorageError: The file cannot be written, or must be mended first.
        """
        checked = _checked(_known(key), value)
        self._change(lambda content: _put(content, key, checked))

    def reset(self, key: str) -> None:
        """Go back to the default. Raises as `set` does."""
        setting = _known(key)
        self._change(lambda content: _take_out(content, setting))

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have every change told as key and value; returns how to end that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _change(self, change: Callable[[CommentedMap], None]) -> None:
        """Change the file as it is now, whoever wrote it last, and take over all that is new in it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with file_lock(self.path.with_name(f".{self.path.name}.lock"), _LOCK_TIMEOUT_S):
                content = self._content_to_change()
                change(content)
                write_whole(self.path, dump(content))
        except OSError as error:
            raise disk_error(error, self.path) from error
        self.load()

    def _content_to_change(self) -> CommentedMap:
        if self._stamp_now() is None:
            return CommentedMap()
        try:
            return read_mapping(self.path)
        except SottoError as error:
            raise StorageError(
                f"The setting was not kept: {error.message}",
                code="settings-unreadable",
                remedy=f"Mend {self.path}, or move it away.",
            ) from error

    def _read_section(
        self,
        section: object,
        entries: object,
        content: CommentedMap,
        values: dict[str, SettingValue],
        problems: list[str],
    ) -> None:
        """Take over what is right in one section; note what is not, with its place."""
        line, column = place_of(content, section)
        if section not in SECTIONS:
            hint = suggestion(str(section), SECTIONS)
            problems.append(f"{self.path}:{line}:{column}: There is no section {section!r}. {hint}".strip())
            return
        if entries is None:
            return
        if not isinstance(entries, CommentedMap):
            problems.append(f"{self.path}:{line}:{column}: {section!r} must be a mapping (key: value).")
            return
        for name, value in entries.items():
            line, column = place_of(entries, name)
            try:
                setting = _known(f"{section}.{name}")
                values[setting.key] = _checked(setting, value)
            except InvalidInput as error:
                problems.append(f"{self.path}:{line}:{column}: {error}")

    def _tell(self, key: str) -> None:
        for listener in tuple(self._listeners):
            listener(key, self.get(key))

    def _stamp_now(self) -> _Stamp:
        try:
            status = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return 0, 0, 0
        return status.st_mtime_ns, status.st_size, status.st_ino


def _put(content: CommentedMap, key: str, value: SettingValue) -> None:
    """Write a value into its section, which is made where it is missing."""
    section, name = key.split(".", 1)
    if content.get(section) is None:
        content[section] = CommentedMap()
    entries = content[section]
    if not isinstance(entries, CommentedMap):
        raise StorageError(
            f"The setting was not kept: {section!r} is no mapping (key: value).",
            code="settings-unreadable",
            remedy="Mend or remove that line.",
        )
    if isinstance(value, str) and not value.isprintable():
        value = DoubleQuotedScalarString(value)  # the only style that escapes what cannot be seen
    entries[name] = value


def _take_out(content: CommentedMap, setting: Setting) -> None:
    """Remove a value; where a comment hangs on its line the default is written instead, so that the comment stays."""
    section, name = setting.key.split(".", 1)
    entries = content.get(section)
    if not isinstance(entries, CommentedMap) or name not in entries:
        return
    if name in entries.ca.items or len(entries) == 1:
        entries[name] = setting.default
    else:
        del entries[name]


def _known(key: str) -> Setting:
    setting = BY_KEY.get(key)
    if setting is None:
        raise InvalidInput(f"There is no setting {key!r}.", code="no-setting", remedy=suggestion(key, BY_KEY))
    return setting


def _checked(setting: Setting, value: object) -> SettingValue:
    """A value of the setting's kind and within its bounds.

    Raises:
        InvalidInput: It is not.
    """
    if setting.kind is bool:
        if isinstance(value, bool):
            return value
        raise _wrong(setting, "is on or off (true or false)", value)
    if setting.kind is float:
        number = as_number(value)
        if number is None:
            raise _wrong(setting, "is a number", value)
        low = -math.inf if setting.minimum is None else setting.minimum
        high = math.inf if setting.maximum is None else setting.maximum
        if not low <= number <= high:
            raise _wrong(setting, f"lies between {low:g} and {high:g}", value)
        return number
    if not isinstance(value, str) or not _is_text(value):
        raise _wrong(setting, "is text", value)
    if setting.choices and value not in setting.choices:
        hint = suggestion(value, setting.choices)
        raise _wrong(setting, f"is one of {', '.join(setting.choices)}", value, hint)
    if setting.pattern and re.fullmatch(setting.pattern, value) is None:
        raise _wrong(setting, f"is written as {setting.example}", value)
    return str(value)


def _is_text(value: str) -> bool:
    """Half characters, as broken file names give them, cannot be kept."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _wrong(setting: Setting, what: str, value: object, hint: str = "") -> InvalidInput:
    found = repr(value)
    found = found if len(found) <= LONGEST_QUOTE else f"{found[:LONGEST_QUOTE]}…"
    return InvalidInput(f"{setting.key} {what}, not {found}.", code="setting", remedy=hint)
