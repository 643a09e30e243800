"""What is wrong with a field, in Chinese. 填写错误提示"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_SAID = {
    "missing": "必填，请填写",
    "extra_forbidden": "没有这个字段，请核对字段名",
    "string_type": "应为文字",
    "string_too_short": "至少 {min_length} 个字符",
    "string_too_long": "最多 {max_length} 个字符，请精简",
    "string_pattern_mismatch": "格式不符，请核对",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "literal_error": "只能是 {expected} 之一",
    "enum": "只能是 {expected} 之一",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "bool_type": "应为 true 或者 false",
    "bool_parsing": "应为 true 或者 false",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "date_type": "应为日期，例如 2026-03-02",
    "date_parsing": "应为日期，例如 2026-03-02",
    "date_from_datetime_parsing": "应为日期，例如 2026-03-02",
    "date_from_datetime_inexact": "应为日期，例如 2026-03-02，不带时间",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
}
_PLACES = {"body", "query", "path", "header"}
MOST = 50  # faults told at once


def field_errors(faults: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, str]]:
    """One entry per field: where it is and what to do. What was typed is never sent back."""
    return [{"field": _where(fault["loc"]), "message": _message(fault)} for fault in list(faults)[:MOST]] or [
        {"field": "请求内容", "message": "格式不符，请核对"}
    ]


def _where(loc: Sequence[int | str]) -> str:
    inner = loc[1:] if loc and loc[0] in _PLACES else loc
    return ".".join(str(part)[:60] for part in inner) or "请求内容"


def _message(fault: Mapping[str, Any]) -> str:
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        return str(context.get("error", "格式不符，请核对"))
    said = _SAID.get(fault["type"], "格式不符，请核对")
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", "、").replace(", ", "、")
    return said.format_map({**context, "expected": expected})
