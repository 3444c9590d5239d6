"""The day ahead: reminders, alarms and dated notes in one agenda, with the time that is free."""
