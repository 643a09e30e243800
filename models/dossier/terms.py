"""Stored words as people read them, numbers and moments as papers print them. 用语"""

from collections.abc import Iterable
from datetime import date, datetime

from models.rules.clauses import Outcome as ClauseOutcome
from models.rules.deadlines import BEIJING

CATEGORY_ZH = {
    "general": "综合",
    "inspection": "行政监督检查",
    "penalty": "行政处罚",
    "licensing": "行政许可",
    "coercion": "行政强制",
}
SOURCE_ZH = {
    "superior": "上级交办",
    "transfer": "有关机关移送",
    "review-or-litigation": "复议、诉讼纠错",
    "supervision": "执法监督发现",
    "opinion": "舆情反映",
    "report": "投诉举报",
    "self-check": "自查发现",
}
POST_ZH = {"handler": "承办", "reviewer": "审核", "approver": "批准"}
RESULT_ZH = {"done": "已履行", "not-done": "未履行", "not-applicable": "不适用", "not-proven": "未证明"}
STATUS_ZH = {"established": "属实", "refuted": "不实", "unproven": "未证明"}
SEAT_ZH = {"sitting": "出席", "alternate": "候补", "recused": "回避"}
CONCLUSION_ZH = {
    "complete": "事实查清",
    "unfounded": "反映失实",
    "out-of-scope": "不属本机制",
    "transfer": "移送",
    "declined": "不予受理",
    "forwarded": "转有权机关处理",
}
CLAUSE_OUTCOME_ZH = {
    ClauseOutcome.NOT_REACHED: "不进入匹配",
    ClauseOutcome.SUPPORTS_CLEARING: "可作澄清依据",
    ClauseOutcome.ESTABLISHED: "成立",
    ClauseOutcome.PROVISIONAL: "暂定成立",
    ClauseOutcome.UNPROVEN: "要件未证明",
    ClauseOutcome.REFUTED: "要件不成立",
    ClauseOutcome.EXCLUDED: "被排除",
    ClauseOutcome.NOT_APPLICABLE: "环节不适用",
    ClauseOutcome.HELD_BY_PREMISE: "履职前提待核",
    ClauseOutcome.BLOCKED_BY_PREMISE: "履职前提不具备",
    ClauseOutcome.BARRED: "负面清单阻断",
    ClauseOutcome.DISPLACED: "让位于更具体的条款",
    ClauseOutcome.HUMAN_ONLY: "只能由人适用",
}
_LAST_GENERAL = 19  # 五（二）2 ends with (19); 3 begins with (20)


def case_number(organ_mark: str, year: int, number: int) -> str:
    """The number of a case as people write it. 案号"""
    return f"{organ_mark}责〔{year}〕{number}号"


def shown(moment: datetime | None) -> str:
    """A moment as people in China read it, e.g. 2026-11-25 15:04; nothing for none."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if moment else ""


def day(value: date | datetime | None) -> str:
    """A day as it stands in official papers, e.g. 2026年11月25日 (GB/T 9704 7.3.5.4); nothing for none."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(BEIJING).date()
    return f"{value.year}年{value.month}月{value.day}日"


def cited_evidence(numbers: Iterable[int]) -> str:
    """证据1、证据3; nothing without evidence."""
    return "、".join(f"证据{number}" for number in sorted(numbers))


def clause_label(clause_id: str) -> str:
    """How a clause is cited, e.g. 五（二）3第（41）项."""
    kind, _, number = clause_id.partition("-")
    part = 1 if kind == "mitigate" else 2 if int(number) <= _LAST_GENERAL else 3
    return f"五（二）{part}第（{int(number)}）项"
