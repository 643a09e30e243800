"""How far the knowledge of a case or a paper may go: four levels, each wider than the next. 密级

These are levels of working practice (内部、敏感…), not state secrets: what is one of those does not belong in this system.
"""

from enum import StrEnum


class Level(StrEnum):
    """How confidential something is, from the widest to the narrowest circle. 知悉范围"""

    PUBLIC = "public"  # 公开
    INTERNAL = "internal"  # 内部
    SENSITIVE = "sensitive"  # 敏感
    STRICT = "strict"  # 严格限制

    @property
    def zh(self) -> str:
        """The level as people call it."""
        return _ZH[self]

    def covers(self, level: "Level") -> bool:
        """Whether this, as a ceiling, lets one see what has that level."""
        return level in self.covered

    @property
    def covered(self) -> tuple["Level", ...]:
        """Every level that this one, as a ceiling, lets one see."""
        order = list(Level)
        return tuple(order[: order.index(self) + 1])


_ZH = {Level.PUBLIC: "公开", Level.INTERNAL: "内部", Level.SENSITIVE: "敏感", Level.STRICT: "严格限制"}


def narrower(one: Level, other: Level) -> Level:
    """The more confidential of two levels: a paper is never wider known than its case."""
    return other if other.covers(one) else one
