"""In what capacity somebody reads a case, for the record of readings. 查阅身份"""

from models.rules.permissions import ORGAN_WIDE, Actor, CaseFacts, Part, Role, stood_in_for

STANDING_IN = "substitute"


def capacity(actor: Actor, case: CaseFacts) -> str:
    """In what capacity somebody sees a case: a part in it, or else the role that opens it. 查阅身份"""
    parts = case.parts_of(actor.person_id)
    if parts:
        return next(part.value for part in Part if part in parts)
    held = [role for role in Role if actor.holds(role, case.organ_id)]
    own = next((role.value for role in held if role in ORGAN_WIDE or role in case.queues), "")
    return own or (STANDING_IN if any(stood_in_for(actor, item, case) for item in case.waiting) else "")


def capacity_zh(word: str) -> str:
    """A capacity as people call it."""
    if word == STANDING_IN:
        return "代理人"
    return Role(word).zh if word in set(Role) else Part(word).zh if word in set(Part) else ""
