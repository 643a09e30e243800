"""Why nobody can do a work item, and who can mend it. 无人可办

Silence decides nothing here either: what nobody can do waits, and somebody is told. No sentence names a person, since
who has stepped aside is not for everybody to know.
"""

from enum import StrEnum

from models.rules.permissions import Role


class Lack(StrEnum):
    """What is missing so that an item could be done. 缺什么"""

    NO_HOLDER = "no-holder"  # nobody holds the role
    ALL_TIED = "all-tied"  # whoever holds it is tied to the case
    ALL_AWAY = "all-away"  # whoever could is away, and nobody can stand in
    LEVEL = "level"  # the case is more confidential than the role may know
    GONE = "gone"  # it is given to somebody whose account is closed
    AWAY = "away"  # it is given to somebody who is away, and nobody can stand in
    TIED = "tied"  # it is given to somebody who may not do it any more

    @property
    def zh(self) -> str:
        """The lack as lists name it."""
        return _ZH[self]

    @property
    def missing(self) -> str:
        """What is missing, in a sentence."""
        return _MISSING[self]

    def mend(self, role: Role) -> str:
        """Who can mend it and how, in a sentence; a panel is mended by its alternates."""
        return _PANEL if role is Role.PANEL_MEMBER else _MEND[self]


_ZH = {
    Lack.NO_HOLDER: "没有人任职",
    Lack.ALL_TIED: "任职人员都应回避或者不得兼任",
    Lack.ALL_AWAY: "任职人员都外出，没有人可以代理",
    Lack.LEVEL: "案件密级超出此角色的知悉范围",
    Lack.GONE: "办理人的账户已停用",
    Lack.AWAY: "办理人外出，没有人可以代理",
    Lack.TIED: "办理人应当回避或者不得兼任",
}
_MISSING = {
    Lack.NO_HOLDER: "本机关现在没有人担任办理此事项的角色。",
    Lack.ALL_TIED: "本机关担任此角色的人员与本案都有应当回避或者不得兼任的情形。",
    Lack.ALL_AWAY: "本机关能够办理的人员都已登记外出，也没有可以代理的人。",
    Lack.LEVEL: "本案的密级超出办理此事项的角色可以知悉的范围。",
    Lack.GONE: "指定办理的人员账户已经停用。",
    Lack.AWAY: "指定办理的人员已登记外出，也没有可以代理的人。",
    Lack.TIED: "指定办理的人员有应当回避或者不得兼任的情形。",
}
_APPOINT = "请分管负责人商系统管理员，确定由谁担任此角色；本机关没有合适人员的，请报上级机关确定。"
_TRANSFER = "请分管负责人将其转办。"
_MEND = {
    Lack.NO_HOLDER: _APPOINT,
    Lack.ALL_TIED: _APPOINT,
    Lack.ALL_AWAY: "请其本人或者分管负责人在“外出与代理”中指定代理人，或者撤销外出登记。",
    Lack.LEVEL: "请分管负责人核对密级；密级过高的，由其说明理由后调整。",
    Lack.GONE: _TRANSFER,
    Lack.AWAY: "请分管负责人将其转办，或者由其本人、分管负责人在“外出与代理”中指定代理人。",
    Lack.TIED: _TRANSFER,
}
_PANEL = "请分管负责人减少、增加审议成员，由候补人员递补。"
