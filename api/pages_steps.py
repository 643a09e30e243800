"""The steps of a case on its page: in words, with what they can be narrowed to and what can be put on top. 办理进程"""

from typing import Any

from api.pages_words import step
from models.dossier import shown
from models.queries import CasePage
from models.rules.timeline import MOST_PINS, Audience, StepKind


def steps(found: CasePage) -> dict[str, Any]:
    """The timeline, newest first, with what it can be narrowed to and what can be put on top."""
    told = [step(row) for row in reversed(found.timeline)]
    free = [one for one in told if one.pin is None and one.may_stand_on_top] if found.may_pin else []
    return {
        "timeline": told,
        # An officer concerned is not told that there may be a reporter whose identity somebody asked for.
        "step_kinds": [kind for kind in StepKind if kind is not StepKind.READING or not found.narrow],
        "audiences": list(Audience),
        "pinnable": [
            (str(one.seq), f"第 {one.seq} 步　{shown(one.at)}　{one.what}　{one.who}".strip()) for one in free
        ],
        "most_pins": MOST_PINS,
    }
