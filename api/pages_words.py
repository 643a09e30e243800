"""The words pages use: what an item asks for, what happens next, and each step of the case in a sentence. 页面用语"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.dossier.terms import CATEGORY_ZH, CONCLUSION_ZH, POST_ZH, SOURCE_ZH
from models.queries import PinRow, TimelineRow
from models.rules.confidentiality import Level
from models.rules.decision import Outcome
from models.rules.lifecycle import Absence, Kind, Stage
from models.rules.service import Service
from models.rules.timeline import MARKS, Audience

GUIDES: Mapping[Kind, str] = {
    Kind.SCREENING: "判断线索是否属于本机关受理范围，并说明理由；受理的同时指派两名调查人员。",
    Kind.INVESTIGATION: "对每名被核查人员，照履职清单逐项核查，并认定有证据的事实；提交后由另一名调查人员会签。",
    Kind.COUNTERSIGN: "核对主办调查人员的认定和证据。同意会签后认定生效；不同意的写明理由，重新调查。",
    Kind.STATEMENT: "下面是调查人员拟认定的事实。您可以逐条提出陈述和申辩，也可以放弃。",
    Kind.ANSWER: "本人提出的每一条意见都须逐条答复，答复送本人并入卷。",
    Kind.LEGAL_REVIEW: "逐人、逐条审核系统建议的条款，确认或者不予确认并写明理由，然后提出每个人的建议处理意见。",
    Kind.NOTICE_OF_INTENT: "这是集体审议之前拟提出的处理意见，不是最后的决定。您可以提出意见。",
    Kind.CONVENING: "符合条件的审议人员不足，请指定人员补足审议组。",
    Kind.RECUSAL: "您被抽取为本案审议组成员。请先申报有没有应当回避的情形，全体申报后才能表决。",
    Kind.RECUSAL_RULING: "有人申请本案人员回避。请您作出裁定并写明理由；准许的，其立即不再接触本案。",
    Kind.BALLOT: "本页先是逐人的依据、事实和证据，末尾是表决。请对每个人选一项结论、写明理由，再点“投票”；不能选择的结论写明了原因。",
    Kind.CLOSE_SESSION: "成员表决后，由您结束审议。系统公开计票；没有多数意见的，由您书面说明理由提出处理意见。",
    Kind.SIGNATURE: "核对审议组意见和依据后逐人签发，或者退回。",
    Kind.SERVICE_RECEIPT: "请签收送达给您的决定。",
    Kind.AUTHORITY_REPLY: "收到受移送机关书面答复后在此登记；登记之前本机关不作处理。",
    Kind.CLEARING_CONSENT: "结论对您有利。是否澄清正名、用什么形式、在什么范围，由您决定。",
    Kind.CLEARING_APPROVAL: "按本人意愿审批澄清正名，并确定是否公开。",
    Kind.PUBLICATION_REVIEW: "公开之前须完成保密审查和个人信息审查。",
    Kind.ARCHIVING: "核对案卷是否齐全。归档后案件终结。",
}

_RETURNED = {
    "declined": "不予受理",
    "forwarded": "转有权机关处理",
    "not-countersigned": "会签人不同意，重新调查",
    "facts-missing": "事实不足，退回补充核实",
    "supplement": "审议组要求补充核实",
    "returned-to-panel": "退回审议组重新审议",
    "returned-to-investigators": "退回调查人员",
    "returned-by-authority": "受移送机关退回",
    "nothing-to-clear": "没有需要澄清的事项",
    "no-clearing-wanted": "本人不要求澄清",
    "not-published": "不主动公开",
    "unfounded": "反映失实",
    "out-of-scope": "不属本机制",
    "transfer": "提请移送",
}
SERVICES = tuple((service.value, service.zh) for service in Service if service is not Service.ELECTRONIC)
_SAID: Mapping[str, Mapping[Any, str]] = {
    "verdict": {
        "accept": "受理",
        "decline": "不予受理",
        "forward": "转有权机关处理",
        "transfer": "移送",
        "confirm": "审核通过",
        "supplement": "退回补充核实",
        "sign": "签发",
        "return": "退回",
    },
    "conclusion": CONCLUSION_ZH,
    "agreed": {True: "同意", False: "不同意"},
    "declined": {True: "放弃陈述申辩", False: "提出陈述申辩"},
    "result": {"handled": "已作处理", "no-action": "不予追究", "returned": "退回"},
    "method": {service: service.zh for service in Service},
    "absence": {absence: absence.zh for absence in Absence} | {Absence.LEFT: Service.LEFT.zh},
    "recuse": {True: "申请回避", False: "无应当回避的情形"},
    "wanted": {True: "要求澄清", False: "不要求澄清"},
    "publish": {True: "同意公开", False: "不公开"},
}
_TAGS = {
    "case:registered": "登记线索",
    "case:moved": "案件有进展",
    "case:edition-repinned": "改用手册版次",
    "evidence:added": "登记证据",
    "transcript:interview-taken": "登记谈话笔录",
    "transcript:opinion-taken": "登记专业论证意见",
    "evidence:checked": "校验证据完整性",
    "document:filed": "文书归卷",
    "document:laid-out": "制作文书文件",
    "publication:published": "公示公告发布",
    "transfer:handed-over": "移送材料已送出",
    "clock:reminded": "期限提醒",
    "case:level-set": "调整案件密级",
    "document:level-set": "调整文书密级",
    "recusal:kin": "依亲属关系申报回避",
    "identity:requested": "申请使用举报人信息",
    "identity:ruled": "裁定使用举报人信息的申请",
    "identity:opened": "启封举报人信息",
    "clock:recomputed": "期限重新计算",
    "timeline:pinned": "置顶",
    "timeline:unpinned": "取消置顶",
    "case:stands-still": "有事项无人可以办理，告知负责人",
    "clock:restarted": "恢复计算期限",
}


@dataclass(frozen=True)
class Step:
    """One step of the case as a person reads it. 办理进程"""

    at: datetime
    what: str
    who: str
    why: str
    lines: Sequence[str]
    seq: int = 0
    audience: Audience = Audience.INTERNAL
    pin: PinRow | None = None
    may_stand_on_top: bool = True


def step(row: TimelineRow) -> Step:
    """A row of the timeline in words."""
    data = row.data
    who = f"{row.actor}（代{row.on_behalf_of}）" if row.on_behalf_of else row.actor
    lines = [text for move in data.get("moves", ()) if (text := _move(str(move)))]
    if row.tag == "case:moved" and "stage" in data:
        lines.append(f"案件现在『{Stage(data['stage']).zh}』环节。")
    return Step(
        row.at,
        _what(row.tag, row.data),
        who,
        row.reason,
        [*_details(row), *lines],
        row.seq,
        row.audience,
        row.pin,
        row.tag not in MARKS,
    )


def _what(tag: str, data: Mapping[str, Any]) -> str:
    source, _, rest = tag.partition(":")
    if source != "item":
        return _TAGS.get(tag, "办理记录")
    kind = Kind(rest.partition(":")[0])
    said = [_SAID[name].get(value, "") for name, value in data.get("said", {}).items() if name in _SAID]
    return "：".join([kind.zh, "、".join(filter(None, said))]).removesuffix("：")


def _details(row: TimelineRow) -> list[str]:
    match row.tag:
        case "timeline:pinned" | "timeline:unpinned":
            return [f"第 {row.data['step']} 步：{_what(row.data['of'], {})}"]
        case "case:edition-repinned":
            return [f"由 {row.data.get('from', '')} 版改用 {row.data.get('to', '')} 版，条款重新匹配"]
        case "clock:recomputed" | "clock:restarted":
            return [_retimed(clock) for clock in row.data.get("clocks", ())]
        case "evidence:added":
            return [f"证据{row.data.get('number', '')}"]
        case "document:filed" | "transfer:handed-over":
            return [str(row.data["number"])] if row.data.get("number") else []
        case "document:laid-out":
            return [
                f"{form} {n} 份" for form, n in sorted(Counter(f["form"] for f in row.data["files"]).items())
            ]
        case "case:level-set" | "document:level-set":
            return [f"{Level(row.data['before']).zh} → {Level(row.data['after']).zh}"]
        case "evidence:checked":
            bad = len(row.data.get("faults", ()))
            return [f"共 {row.data.get('checked', 0)} 件，" + (f"{bad} 件不符" if bad else "全部相符")]
    return []


def _retimed(clock: Mapping[str, Any]) -> str:
    """One clock of a recomputation; an end may stay where it is and only cease to be provisional."""
    was, now = clock["was"], clock["now"]
    marks = ["（暂定）" if end["provisional"] else "" for end in (was, now)]
    return f"{clock['zh']}：由 {was['due_on']}{marks[0]} 改为 {now['due_on']}{marks[1]}"


def _move(move: str) -> str:
    way, arrow, rest = move.partition("->")
    if not arrow or way not in set(Stage):
        return move
    stage, _, name = rest.partition(":")
    why = f"（{_RETURNED[name]}）" if name in _RETURNED else ""
    return f"进入『{Stage(stage).zh}』{why}"


def level(code: str) -> str:
    """How far something may be known."""
    return Level(code).zh


def category(code: str) -> str:
    """The field of enforcement."""
    return CATEGORY_ZH.get(code, code)


def source(code: str) -> str:
    """Where the lead came from."""
    return SOURCE_ZH.get(code, code)


def post(code: str) -> str:
    """承办、审核 or 批准."""
    return POST_ZH.get(code, code)


def conclusion(code: str) -> str:
    """How the verification ended."""
    return CONCLUSION_ZH.get(code, code)


def outcome(code: str) -> str:
    """What becomes of an officer."""
    return Outcome(code).zh


def clearing_form(code: str) -> str:
    """How a name is cleared."""
    return {"written": "书面", "in-person": "当面", "meeting": "会议", "notice": "通报"}.get(code, "")


_VERBS: Mapping[str, str] = {
    "claim": "由您办理；其他人的待办随即撤下。",
    "release": "退回后同岗位人员都可以认领。",
    "take-back": "收回后仍由委派人办理。",
    "withdraw": "在他人办理之前可以撤回；内容成为草稿，撤回的事实留痕。",
    "extend": "按手册列明的情形和数额延长，只延不缩；理由写入期限的计算过程，办理人看得到。",
    "suspend": "从今天起停止计算，恢复后按中止的天数顺延；中止期间不催办。",
    "restart": "从今天起恢复计算，届满日按中止的天数顺延。",
    "nudge": "提醒办理人尽快办理，二十四小时内只能一次；不改变期限。",
}
_CASE_VERBS: Mapping[str, str] = {
    "hold": "中止期间任何人不能办理，期限不计；到期自动恢复。",
    "resume": "恢复后继续办理，各期限按中止的天数顺延。",
    "copy": "通知有权查看本案的人员知悉；抄送不增加任何权限。",
    "add-members": "审议组须保持单数，一次增加两名；新成员须先申报回避情形。",
    "remove-member": "其已投的票不计，由候补人员递补；没有候补的须补足。",
    "challenge": "写明姓名和理由，由没有利害关系的负责人裁定；此人是否参与本案不因申请而告知。",
}


def verb(name: str) -> str:
    """What a verb does to an item, in a sentence."""
    return _VERBS.get(name, "")


def case_verb(name: str) -> str:
    """What a verb does to a case, in a sentence."""
    return _CASE_VERBS.get(name, "")
