"""What timers, alarms and reminders are asked for with."""

from __future__ import annotations

from app.assistant.skills.skill import Intent, SkillSpec

SET_TIMER, SET_ALARM, SET_REMINDER = "set_timer", "set_alarm", "set_reminder"
SHOW, CHANGE = "show_timers", "change_timer"

_CHANGES = (
    "cancel|stop|pause|resume|delete|remove|clear|snooze|extend|shorten|silence|dismiss|end|kill|unpause|"
    "turn off|switch off|get rid of|restart|continue|reset|move|change|postpone|reschedule|push|shift"
)
_ROUTINE = r"\bi say\b|\broutines?\b"
"""It is about what happens when the person says something."""
_ASKED = r"^(?:what|why|who|how)\b|\bremind me (?:what|who|where|which|how|when (?:my|is|was))\b"
_ASKS = "how (?:long|much)|when|which|what|show|list|check|see|any|is there|are there|do i have"

SPEC = SkillSpec(
    "timers",
    "Timers, alarms and reminders",
    "Counts down, wakes you, reminds you; also after a new start.",
    (
        Intent(
            SET_TIMER,
            (
                "set a timer for 10 minutes",
                "start a five minute timer",
                "tea timer for four minutes",
                "set a pasta timer for twelve minutes",
                "timer 30 seconds",
                "count down from ten minutes",
                "set a timer",
                "start a countdown of one hour",
                "give me 20 minutes on the clock",
                "time me for three minutes",
                "let me know when fifteen minutes are over",
                "another timer for half an hour called laundry",
                "egg timer six minutes please",
            ),
            patterns=(
                r"\b(?:set|start|begin|create|make|put|run|need|want|new|another)\b.*\b(?:timers?|countdowns?|stopwatch)\b",
                r"^(?:[\w-]+ ){0,4}(?:timer|countdown)\b.*\b(?:seconds?|minutes?|hours?|mins?)\b",
                r"^(?:\S+ ){1,3}(?:second|minute|hour)s? timer\b",
                r"^(?:tell me|beep|ring|let me know) (?:in|after) [\w ]+ (?:seconds?|minutes?|hours?)$",
                r"\bcount ?down (?:from|for)\b|\bgive me\b.*\b(?:seconds?|minutes?|hours?) on the (?:timer|clock)\b",
                r"^[\w -]{1,30}(?:seconds?|minutes?|hours?)(?: please)?,? for (?:the|my) [\w ]+$",
            ),
            against=(
                rf"^(?:please |can you |could you )?(?:{_CHANGES})\b",
                r"\bi say\b|\broutines?\b",
                r"\bmake (?:the|my) \w* ?timer\b",
                r"\b(?:how (?:long|much)|which|what|why|who)\b",
            ),
            description="Start a timer",
        ),
        Intent(
            SET_ALARM,
            (
                "set an alarm for 7 am",
                "wake me up at six thirty",
                "wake me at seven tomorrow",
                "alarm at quarter to eight",
                "set an alarm for every weekday at 6:45",
                "I need to get up at five, set an alarm",
                "set my alarm",
                "alarm for tomorrow morning at eight",
                "please wake me in half an hour",
                "new alarm for nine o'clock on Saturday",
                "set a gym alarm for 5:30",
            ),
            patterns=(
                r"\b(?:set|create|make|add|put|need|want|new|another)\b.*\balarm\b",
                r"\bwake me\b|\bget me (?:up|out of bed) (?:at|by|in|before)\b|\bbe woken\b",
                r"^(?:[\w']+ )?alarm (?:for|at|on|in|tomorrow|every)\b",
            ),
            against=(
                rf"^(?:please |can you |could you )?(?:{_CHANGES})\b",
                r"^wake up$",
                r"\b(?:who|why|how|invent\w*|history|what)\b",
                _ROUTINE,
            ),
            description="Set an alarm",
        ),
        Intent(
            SET_REMINDER,
            (
                "remind me to call mum tomorrow at five",
                "remind me in ten minutes to check the oven",
                "set a reminder for 3 pm to pick up Anna",
                "remind me about the meeting at three",
                "don't let me forget to pay the rent on Friday",
                "remind me every morning to take my vitamins",
                "set a reminder",
                "add a reminder to water the plants on Sunday",
                "remind me at noon that the parcel comes",
                "make sure I don't forget the dentist on Monday",
                "remind me to buy a present for my sister",
            ),
            patterns=(
                r"\bremind (?:me|us)\b",
                r"\b(?:set|create|make|add|new|need|give me|note)\b.*\breminder\b",
                r"^in [\w ]+ (?:minutes?|hours?|days?) (?:tell|remind|ask) (?:me|us)\b",
                r"^(?:at|on|tomorrow|tonight|this) [\w :]*\b(?:tell|remind|ask) (?:me|us) (?:to|that|about)\b",
                r"\b(?:ping|alert|notify|nudge) (?:me|us)\b|^(?:please )?remember to\b",
                r"\b(?:don't|do not|never) let me forget\b|\bmake sure (?:that )?i (?:don't forget|remember)\b",
            ),
            against=(
                rf"^(?:please |can you |could you )?(?:{_CHANGES})\b",
                r"\bremind(?:ing)? (?:yourself|him|her|them|people)\b",
                _ASKED,
                _ROUTINE,
            ),
            description="Remind you of something",
        ),
        Intent(
            SHOW,
            (
                "how long is left on the timer",
                "what timers are running",
                "show my timers",
                "how much time is left on the tea timer",
                "which alarms are set",
                "what time is my alarm",
                "show my reminders",
                "list all alarms",
                "do I have any reminders",
                "when does the pasta timer go off",
                "what reminders do I have today",
                "is an alarm set for tomorrow",
                "check the timer",
                "time remaining",
            ),
            patterns=(
                rf"\b(?:{_ASKS})\b.*\b(?:my|the|any|are|is|set|running|left)\b.*\b(?:timers?|alarms?|reminders?|countdown)\b",
                r"\b(?:show|list|what|which)\b (?:all )?(?:timers|alarms|reminders)\b",
                r"\b(?:timers?|countdown)\b.*\b(?:left|remaining|go off)\b|^time (?:left|remaining)$",
                r"^how (?:long|much (?:longer|time))(?: is| do i have| have i got)? (?:left|to go|remaining)$",
            ),
            against=(
                r"\b(?:invent\w*|history|best|app for|work|did)\b|^what(?:'s| is) (?:a|an)\b",
                r"\bweather\b|\bflies\b|\b(?:until|till) (?!(?:the|my) )",
                r"\b(?:set|create|add) (?:a|an|another)\b",
                _ROUTINE,
            ),
            description="Show timers, alarms and reminders",
        ),
        Intent(
            CHANGE,
            (
                "cancel the timer",
                "stop the alarm",
                "pause the tea timer",
                "resume the timer",
                "add five minutes to the timer",
                "give the pasta timer two more minutes",
                "snooze",
                "snooze for ten minutes",
                "cancel all timers",
                "delete my seven o'clock alarm",
                "cancel the reminder to call mum",
                "turn off the alarm",
                "take two minutes off the oven timer",
                "stop ringing",
                "extend the timer by three minutes",
                "shut up I'm awake",
                "move my alarm to eight",
                "add two minutes",
                "make the timer two minutes longer",
                "change the reminder to six pm",
            ),
            patterns=(
                rf"\b(?:{_CHANGES})\b.*\b(?:timers?|alarms?|reminders?|countdown)\b",
                r"\b(?:add|give|take|put|cut)\b.*\b(?:seconds?|minutes?|mins?|hours?)\b.*\b(?:timers?|alarms?|countdown)\b",
                r"\b(?:add|give)\b.*\b(?:timers?|countdown)\b.*\b(?:seconds?|minutes?|mins?|hours?)\b",
                r"^(?:please )?(?:add|give (?:it|me)|take off)\b.*\b(?:second|minute|min|hour)s?(?: more| longer)?$",
                r"\bmake (?:the|my) \w* ?timer\b",
                r"\bmake\b.*\b(?:timer|alarm)\b.*\b(?:longer|shorter|later|earlier)\b",
                r"^(?:please )?snooze\b|^stop (?:the )?(?:ringing|beeping|noise)$",
            ),
            against=(
                r"^(?:what|why|who|how|when)\b",
                r"\b(?:talking|speaking|subscription|account|order|booking|flight|membership)\b",
                r"\b(?:to|on|from|off) my (?!timer|alarm|reminder|\d)\w+ ?\w* list\b",
            ),
            description="Cancel, pause, resume, extend or snooze",
        ),
    ),
)
