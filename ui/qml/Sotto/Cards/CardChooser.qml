pragma ComponentBehavior: Bound

import QtQuick
import QtQml.Models
import Sotto.ViewModels

// Which card is shown by which file. What all of them get from the canvas stands here once for each.
DelegateChooser {
    id: chooser

    required property ListView list
    required property real column
    required property CardActions actions
    required property bool shaded

    // The window can be seen.
    required property bool looked

    role: "kind"

    DelegateChoice {
        roleValue: "question"

        QuestionCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "answer"

        AnswerCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
            shaded: chooser.shaded
        }
    }

    DelegateChoice {
        roleValue: "error"

        ErrorCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "notice"

        NoticeCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "status"

        StatusCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "clarification"

        ClarificationCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "pre-plan"

        PrePlanCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "session-plan"

        SessionPlanCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "alternatives"

        AlternativesCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "timer"

        TimerCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
            seen: chooser.looked && y + height > chooser.list.contentY && y < chooser.list.contentY + chooser.list.height
        }
    }

    DelegateChoice {
        roleValue: "list"

        ListCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "sources"

        SourcesCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "routine"

        RoutineCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }

    DelegateChoice {
        roleValue: "job"

        JobCard {
            required property int index

            width: chooser.list.width
            column: chooser.column
            actions: chooser.actions
            current: chooser.list.currentIndex === index
        }
    }
}
