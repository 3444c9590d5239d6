"""What the workout planner can be asked for, as people say it."""

from __future__ import annotations

from app.assistant.skills.skill import Intent

PLAN, LOG, PROFILE, HISTORY = "plan_workout", "log_workout", "workout_profile", "training_history"
_SESSION = (
    r"(?:work ?-?outs?|training(?: session| plan)?|leg day|arm day|push day|pull day|"
    r"(?:gym|exercise|fitness|cardio|mobility|stretching|core|ab|leg|arm|upper[- ]body|lower[- ]body|full[- ]body) "
    r"(?:session|routine|plan|circuit))"
)
_ASKS = r"(?:what|how|why|who|when|which|is|are|does|do|should)"
_MAKE = (
    r"(?:plan|create|make|build|design|prepare|generate|set up|put together|give|suggest|compose|write)\b"
    r"(?: me| us| up)?"
)
_MOVES = (
    r"(?:push[- ]?ups?|pull[- ]?ups?|sit[- ]?ups?|squats?|lunges?|burpees?|planks?|curls?|rows?|presse?s?|deadlifts?|"
    r"crunches)"
)
_KIT = (
    r"(?:dumb ?bells?|bar ?bells?|kettle ?bells?|(?:resistance |exercise )bands?|pull[- ]?up bar|weight bench|"
    r"treadmill|(?:yoga |exercise )mat|(?:gym )?equipment|jump rope|skipping rope|squat rack)"
)
_BODY = r"(?:left |right |lower )?(?:knee|shoulder|elbow|wrist|neck|back|hip|ankle)s?"
_FEELS = r"(?:hurts?|aches?|is (?:sore|injured|painful|fine|better|healed|ok|okay|good))"
_LIKES = r"(?:don't like|do not like|hate|love|like|enjoy) (?:doing )?"
_TRAINED = r"(?:train(?:ed)?|work(?:ed)? ?-?outs?|exercised?|lift(?:ed)?|bench(?: press)?(?:ed)?|squat(?:ted)?)"
_OURS = rf"(?:{_KIT}|\b(?:bench|weights?|rack|rope|trained|pain|injur|hurt|no equipment))"
_OUT = (
    r"(?:for an? (?:[\w.]+ ){0,2}(?:run|jog|swim|hike|bike ride|ride|walk)"
    r"|running|jogging|swimming|cycling|hiking|climbing)"
)

INTENTS = (
    Intent(
        PLAN,
        (
            "plan an upper body workout",
            "plan a workout",
            "make me a leg workout for today",
            "I want to train my core",
            "give me a 20 minute workout",
            "create a full body session with dumbbells",
            "design a training session without equipment",
            "put together a quick workout for me",
            "I'd like to work out",
            "let's exercise",
            "build me a push day",
            "I need a workout at home",
            "set up an ab workout for half an hour",
            "something for my arms and shoulders, thirty minutes",
            "plan my training for today",
            "let's do some cardio",
            "what should I train today",
            "give me some stretching exercises for ten minutes",
            "generate a gym session for my back",
            "I have twenty minutes, what can I train",
        ),
        patterns=(
            rf"\b{_MAKE}\b.{{0,60}}\b{_SESSION}\b",
            rf"\b(?:i(?:'d| would)? (?:want|need|like)|let's (?:do|have|start)|i wanna)\b.{{0,40}}\b{_SESSION}\b",
            r"\b(?:let's|i want to|i wanna|i'd like to|i would like to|time to) (?:work ?-?out|exercise|train)\b",
            r"\bwhat (?:should|can|could) i train\b",
            r"\bi feel like (?:doing )?(?:some |an? )?(?:exercis(?:e|ing)|training|working out|work ?-?out)\b",
            r"\b(?:what|which) (?:work ?-?outs?|exercises?|training) (?:should|can|could) i do\b",
            r"\bdo (?:something|some exercises?) for (?:my |the )?(?:abs|core|legs?|arms?|back|chest|shoulders?)\b",
            r"^(?:some )?(?:stretching|cardio|mobility)(?: exercises?)? for (?:\w+ minutes|(?:half )?an hour)\b",
        ),
        against=(
            rf"^{_ASKS}\b.{{0,40}}\b(?:good|best|better|healthy|effective|benefits?|calories)\b",
            r"\b(?:log|record|track)\b|^how (?:many|often|much)\b",
            r"\b(?:last|my previous) (?:work ?-?out|training)\b",
            r"\b(?:music|playlist|clothes|shoes|song|list of|reasons?|essay|poem|story|article|blog|e-?mail)\b",
            r"\b(?:employees?|colleagues?|team|staff|developers?|students?|dogs?|pupp(?:y|ies)|recruits?|apprentices?)\b",
            r"\b(?:train (?:a|my|the) (?:dog|puppy|cat|model|network|staff)|train (?:station|ticket|to)\b)",
        ),
        description="Plan a training session",
    ),
    Intent(
        LOG,
        (
            "log my workout",
            "I did three sets of ten push-ups",
            "I just ran for thirty minutes",
            "record a leg workout of 45 minutes",
            "I finished my training",
            "add bench press 3 by 8 at 60 kilos to my training log",
            "log 20 squats and a one minute plank",
            "track my session: rows 3 x 10",
            "I did my workout as planned",
            "note that I went swimming for an hour",
            "I've done fifty push-ups today",
            "log yesterday's workout",
        ),
        patterns=(
            rf"\b(?:log|record|track|save|note)\b.{{0,40}}\b(?:work ?-?outs?|training|session|run|sets?|{_MOVES})\b",
            rf"^(?:i(?:'ve| have)? (?:just )?(?:did|done)) .{{0,30}}\b(?:\w+ sets?|work ?-?out|{_MOVES})\b",
            r"^i (?:just )?(?:ran|jogged|swam|cycled|biked|hiked|lifted|trained|worked out) ",
            rf"^(?:i )?(?:just )?went {_OUT}\b",
            r"^i(?:'ve| have)? (?:just )?(?:finished|completed) (?:my|the|a) (?:work ?-?out|training|session)\b",
        ),
        against=(r"\?$", rf"^{_ASKS}\b", r"\bbeen training for\b", r"^\d+\s*x\s*\d+$"),
        description="Keep a workout in the training history",
    ),
    Intent(
        PROFILE,
        (
            "I have dumbbells and a bench",
            "my left knee hurts",
            "I'm a beginner at training",
            "I don't like burpees",
            "my shoulder is fine again",
            "I only have a resistance band",
            "I sold my barbell",
            "I bought a kettlebell",
            "I usually train for 45 minutes",
            "my training goal is to get stronger",
            "show my training profile",
            "what equipment do I have for workouts",
            "I have no equipment at home",
            "my lower back is sore",
            "I love squats",
            "I want to build muscle",
        ),
        patterns=(
            rf"^i(?:'ve| have)? (?:also |only |just |now )*(?:have|own|got|bought|sold)\b.{{0,40}}\b{_KIT}\b",
            r"^i(?:'ve| have) (?:been )?(?:training|lifting|working out|trained) for (?:\w+ )?years?\b",
            r"^i only have (?:a |my )?(?:yoga |exercise )?mat\b",
            rf"^my {_BODY} (?:still |really )*{_FEELS}\b",
            r"\b(?:my|our) (?:training|work ?-?out|fitness|exercise) (?:profile|preferences|equipment|level|goals?)\b",
            r"^i(?:'m| am) (?:a |an )?(?:beginner|intermediate|advanced)\b",
            rf"^i {_LIKES}(?:running|{_MOVES})$",
        ),
        against=(
            rf"^i(?:'ve| have)? ?(?:also |only |just |now )*(?:have|own|got|bought|sold)\b(?!.*(?:{_OURS}|\bmat\b))",
        ),
        description="Equipment, injuries, level and likes for training",
    ),
    Intent(
        HISTORY,
        (
            "how often did I train this week",
            "show my training history",
            "what was my last workout",
            "how many workouts did I do this month",
            "when did I last train",
            "what did I bench press last time",
            "how is my training going",
            "show my past workouts",
            "what have I not trained for a while",
            "how much did I lift last time",
            "my workout log",
            "did I work out yesterday",
        ),
        patterns=(
            r"\b(?:training|work ?-?out|exercise|fitness) (?:history|log|diary|record|progress|statistics|stats)\b",
            rf"\b(?:how (?:often|many times|much|many)|when) (?:did|have) i\b.{{0,40}}\b{_TRAINED}\b",
            r"\bhow many work ?-?outs\b.{{0,20}}\bi\b",
            r"\b(?:my|the) (?:last|latest|previous|past|recent) (?:work ?-?outs?|training|training sessions?)\b",
            r"\bdid i (?:train|work ?-?out|exercise)\b",
        ),
        against=(
            r"^how long (?:should|does|do|can)\b",
            r"\b(?:add|log|put|write)\b.{0,60}\b(?:to|in|into) my (?:training|work ?-?out)\b",
        ),
        description="What was trained",
    ),
)
