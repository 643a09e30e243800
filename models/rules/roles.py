"""The posts people hold in an organ and the parts they take in a case. 角色和办案参与"""

from enum import StrEnum


class Role(StrEnum):
    """A role held in an organ for a period. 角色"""

    INTAKE_CLERK = "intake-clerk"  # 登记员
    SCREENING_OFFICER = "screening-officer"  # 受理审查员
    INVESTIGATOR = "investigator"  # 调查人员
    OFFICER = "officer"  # 执法人员
    LEGAL_REVIEWER = "legal-reviewer"  # 法制审核员
    PANEL_MEMBER = "panel-member"  # 审议组成员
    HEAD = "head"  # 机关负责人
    MANAGER = "manager"  # 分管负责人
    PUBLICITY_REVIEWER = "publicity-reviewer"  # 公开审查员
    ARCHIVIST = "archivist"  # 档案员
    IDENTITY_CUSTODIAN = "identity-custodian"  # 举报人信息保管员
    ADMINISTRATOR = "administrator"  # 系统管理员

    @property
    def zh(self) -> str:
        """The role as people call it."""
        return _ROLE_ZH[self]


_ROLE_ZH = {
    Role.INTAKE_CLERK: "登记员",
    Role.SCREENING_OFFICER: "受理审查员",
    Role.INVESTIGATOR: "调查人员",
    Role.OFFICER: "执法人员",
    Role.LEGAL_REVIEWER: "法制审核员",
    Role.PANEL_MEMBER: "审议组成员",
    Role.HEAD: "机关负责人",
    Role.MANAGER: "分管负责人",
    Role.PUBLICITY_REVIEWER: "公开审查员",
    Role.ARCHIVIST: "档案员",
    Role.IDENTITY_CUSTODIAN: "举报人信息保管员",
    Role.ADMINISTRATOR: "系统管理员",
}


class Part(StrEnum):
    """What a person is to one case. 办案参与"""

    REGISTRAR = "registrar"  # 登记人
    SCREENER = "screener"  # 受理审查人
    INVESTIGATOR = "investigator"  # 调查人
    LEGAL_REVIEWER = "legal-reviewer"  # 法制审核人
    PANEL = "panel"  # 审议组成员
    SIGNER = "signer"  # 签发人
    MANAGER = "manager"  # 审批人
    PUBLICITY_REVIEWER = "publicity-reviewer"  # 公开审查人
    ARCHIVIST = "archivist"  # 归档人
    RESPONDENT = "respondent"  # 被核查执法人员
    RULER = "ruler"  # 回避裁定人
    RECUSED = "recused"  # 已回避

    @property
    def zh(self) -> str:
        """The part as people call it."""
        return _PART_ZH[self]


_PART_ZH = {
    Part.REGISTRAR: "登记人",
    Part.SCREENER: "受理审查人",
    Part.INVESTIGATOR: "调查人",
    Part.LEGAL_REVIEWER: "法制审核人",
    Part.PANEL: "审议组成员",
    Part.SIGNER: "签发人",
    Part.MANAGER: "审批人",
    Part.PUBLICITY_REVIEWER: "公开审查人",
    Part.ARCHIVIST: "归档人",
    Part.RESPONDENT: "被核查执法人员",
    Part.RULER: "回避裁定人",
    Part.RECUSED: "已回避人员",
}
