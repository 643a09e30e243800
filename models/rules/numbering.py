"""The series in which papers are numbered, and how a number reads. 发文字号"""

# The series in which papers are numbered, and what is numbered in them.
SERIES_ZH = {
    "不受": "不予受理告知书",
    "权告": "权利告知书",
    "回决": "回避决定书",
    "拟告": "拟处理意见告知书",
    "审通": "集体审议通知",
    "存证": "反对意见留存证明",
    "免决": "免责决定书",
    "轻决": "从轻减轻处理决定书",
    "追决": "追责决定书",
    "认定": "不构成过错认定书",
    "告知": "不属本机制告知书",
    "说明": "不予适用条款说明",
    "处建": "处分建议书",
    "移函": "移送函",
    "澄函": "澄清函",
    "公示": "公示公告",
}


def document_number(organ_mark: str, series: str, year: int, number: int) -> str:
    """The number of a paper as it stands on it, e.g. 赣市监免决〔2026〕3号. 发文字号"""
    return f"{organ_mark}{series}〔{year}〕{number}号"
