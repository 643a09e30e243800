"""Taking out of a text what must not be read in public. 脱敏

Kept: organ, date, clause, outcome. Taken out: names of officers without separate consent (个人信息保护法 25), of
parties, reporters and witnesses, identity, phone, bank, plate and certificate numbers, addresses, and the unit where
it identifies. Masking errs on the side of silence.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

MASK = "＊＊＊"
_ORDINALS = "甲乙丙丁戊己庚辛壬癸"

_COMPOUND = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "长孙",
        "宇文",
        "司徒",
        "司空",
        "夏侯",
        "南宫",
        "端木",
        "闻人",
        "澹台",
        "公羊",
        "赫连",
        "淳于",
        "单于",
        "太史",
        "申屠",
        "轩辕",
        "钟离",
        "鲜于",
        "闾丘",
        "独孤",
        "呼延",
        "万俟",
        "百里",
        "东郭",
        "西门",
        "公冶",
        "宗政",
        "濮阳",
        "拓跋",
    ]
)
_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗"
    "凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛"
    "禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌"
    "霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊惠甄曲家封芮羿储靳汲"
    "邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印宿白"
    "怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦尚农温"
    "别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖"
    "融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公肖付闫岳代邸尧帅佘覃"
)

# Words that introduce somebody who is not an officer of the case. 举报人、当事人等
_ROLES = (
    "举报人|投诉人|反映人|检举人|控告人|信访人|申请人|被申请人|当事人|被处罚人|利害关系人|证人|第三人|委托人|代理人|"
    "法定代表人|负责人|经营者|业主|消费者|患者|死者|伤者|受害人|家属|实名举报人"
)
_NAME = rf"(?:(?:{'|'.join(sorted(_COMPOUND))})|[{_SURNAMES}])[\u4e00-\u9fff]{{1,2}}"
# Words that may follow a role and are no name; a name swallowed too far only loses a verb.
_VERB = (
    "称|说|反映|举报|投诉|认为|表示|提供|提交|于|在|与|和|及|的|向|对|到|已|未|又|曾|系|为|将|是|以|等|从|被|把|因|经|"
    "电话|手机|身份证|住|隐瞒|申请|要求|来|去"
)

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
# A sign that may belong to the name of a place or firm: no date, no word that leads up to it.
_PLACE = r"(?:(?![年月日在于从到往至位的住址为是和与、向对由被将把])[\u4e00-\u9fff])"
_GAP = r"[ \u3000·•.\-－—]?"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something that is recognised by its form. 识别规则"""

    kind: str
    form: re.Pattern[str]


def _pattern(kind: str, form: str) -> Pattern:
    return Pattern(kind, re.compile(form))


# Longest first: an identity number must not be read as a bank card, nor a card as a phone.
PATTERNS = (
    _pattern("电子邮箱", r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+"),
    _pattern(
        "统一社会信用代码",
        r"(?<![0-9A-Za-z])(?=[0-9A-Z]*[A-HJ-NPQRTUWXY])[1-9A-HJ-NPQRTUWXY][0-9A-HJ-NPQRTUWXY]{17}(?![0-9A-Za-z])(?<!\d{17}X)",
    ),
    _pattern(
        "身份证号",
        r"(?<!\d)\d{6}[ \-]?(?:18|19|20)?\d{2}[ \-]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ \-]?\d{3}[ \-]?[0-9Xx]?(?![0-9A-Za-z])",
    ),
    _pattern("银行账号", r"(?<!\d)(?:\d{4}[ \-]?){3,4}\d{0,7}(?!\d)"),
    _pattern("手机号码", r"(?<!\d)(?:(?:\+|00)?86[ \-]?)?1[3-9]\d[ \-]?\d{4}[ \-]?\d{4}(?!\d)"),
    _pattern("电话号码", r"(?<!\d)(?:[(（]0\d{2,3}[)）]|0\d{2,3}[ \-])[ ]?\d{7,8}(?:[ \-转]\d{1,6})?(?!\d)"),
    _pattern("号码", r"(?<!\d)\d{10,}(?!\d)"),
    _pattern(
        "车牌号",
        rf"[{_PROVINCES}][A-HJ-NP-Z]{_GAP}[A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])",
    ),
    _pattern("证件号", r"(?<=证号)[:： ]?[0-9A-Za-z\-]{4,}|(?<=(?:证|码|账)[号码])[:： ]?[0-9A-Za-z\-]{4,}"),
    _pattern("社交账号", r"(?:微信|QQ|qq|抖音|快手)(?:号码?|账号)?[:： ]?[A-Za-z0-9_\-]{5,}"),
    _pattern(
        "地址",
        rf"(?:{_PLACE}{{2,7}}(?:省|自治区))?(?:{_PLACE}{{2,7}}[市州])?(?:{_PLACE}{{1,7}}[区县旗])?"
        rf"(?:{_PLACE}|[0-9]){{1,10}}(?:路|街|大道|巷|弄|道|小区|村|组|社区|花园|广场)[\u4e00-\u9fff0-9]{{0,6}}?"
        r"\d+(?:号|栋|幢|座|单元|室|楼|层)(?:[之\-]?\d*(?:号|栋|幢|座|单元|室|楼|层|铺|店面))*",
    ),
    _pattern(
        "单位名称",
        rf"{_PLACE}(?:{_PLACE}|[（）()]){{1,19}}?(?:有限责任公司|股份有限公司|有限公司|分公司|合作社|经营部|商行|超市|餐厅|饭店|酒店|"
        r"药店|大药房|诊所|医院|幼儿园|门市部|批发部|食品厂|加工厂|工厂)",
    ),
)
_KEPT_DIGITS = str.maketrans("０１２３４５６７８９＠．－", "0123456789@.-")
_FULL_LETTERS = {0xFF21 + i: chr(65 + i) for i in range(26)} | {0xFF41 + i: chr(97 + i) for i in range(26)}


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text that may be shown, and what was taken out: kind -> how often. 脱敏结果"""

    text: str
    removed: Mapping[str, int]


def mask_name(name: str) -> str:
    """Surname and 某, e.g. 李某; a name that is not Chinese keeps its first sign only."""
    name = name.strip()
    if not name:
        return ""
    surname = name[:2] if name[:2] in _COMPOUND and len(name) > 2 else name[:1]
    return f"{surname}某"


def aliases(names: Iterable[str]) -> dict[str, str]:
    """A masked name for each person, told apart by 甲、乙 where two would read alike."""
    by_mask: dict[str, list[str]] = {}
    for name in dict.fromkeys(names):
        by_mask.setdefault(mask_name(name), []).append(name)
    return {
        name: mask if len(group) == 1 else f"{mask}{_ordinal(place)}"
        for mask, group in by_mask.items()
        for place, name in enumerate(group)
    }


def _ordinal(place: int) -> str:
    return _ORDINALS[place] if place < len(_ORDINALS) else str(place + 1)


def mask_unit(unit: str, organ: str) -> str:
    """The organ stays; a station, branch or section that points to a handful of people loses its name."""
    unit = unit.strip()
    # A unit is often written without the city before it: 云溪区…局城南分局 of 章江市云溪区…局.
    own = next((organ[i:] for i in range(len(organ) - 3) if unit.startswith(organ[i:])), "")
    rest = unit.removeprefix(own).strip()
    if not rest:
        return organ
    return (organ if own else "") + _generic(rest)


def _generic(rest: str) -> str:
    for ending, generic in (
        ("分局", "某分局"),
        ("所", "某市场监管所"),
        ("大队", "某执法队"),
        ("中队", "某执法队"),
        ("支队", "某执法队"),
        ("局", "某市场监管部门"),
    ):
        if rest.endswith(ending):
            return generic
    return "某内设机构"


def redact(text: str, names: Mapping[str, str] | None = None, *, keep: Iterable[str] = ()) -> Redacted:
    """Take out everything that identifies. `names` are known people with what stands for them.

    `keep` are names of organs that stay as they are. Doing it twice changes nothing.
    """
    flat = text.translate(_KEPT_DIGITS).translate(_FULL_LETTERS)
    removed: dict[str, int] = {}
    shelter = {
        f"\ue000{place}\ue001": kept for place, kept in enumerate(sorted(set(keep), key=len, reverse=True))
    }
    for token, kept in shelter.items():
        flat = flat.replace(kept, token)
    for name in sorted(names or {}, key=len, reverse=True):
        if name and name in flat and (names or {})[name] != name:
            removed["姓名"] = removed.get("姓名", 0) + flat.count(name)
            flat = flat.replace(name, (names or {})[name])
    flat = _hide_introduced(flat, removed)
    for pattern in PATTERNS:
        flat, count = pattern.form.subn(_replacement(pattern.kind), flat)
        if count:
            removed[pattern.kind] = removed.get(pattern.kind, 0) + count
    for token, kept in shelter.items():
        flat = flat.replace(token, kept)
    return Redacted(flat, removed)


def _replacement(kind: str) -> str:
    return {"单位名称": "某单位", "地址": "某地"}.get(kind, MASK)


# Words that begin like a surname: 当事人应当…, 申请人经营….
_WORDS = (
    "应当|应该|应在|应依|应向|应予|于当|于是|于今|于本|于次|于同|于该|于前|于上|和其|和第|和被|和利|和证|和举|向|经查|经营|经核|"
    "经调|经过|经济|经办|经检|经常|经本|连续|后续|从业|从事|都是|都有|都未|时任|时间|有关|有权|有异|明知|明确|安排|方面|任意|任何|"
    "关于|常年|平时|满意|文书|全部|查看|查阅|相关|强行|单独|单方|单位|管理|成立|权利|解释|利用|利益|能够|充分|公开|公司|公布|包括|"
    "居住|简单|项目|水产|支付|党员|施工|曾经|曾在|曾向|曾因|曾被|曾以|申请|申报|申诉|申辩|习惯|终止|商品|商家|商户|须在|须经|暴力|"
    "房屋|车辆|路过|家属|家中|宣称|国家|通讯|通话|易地|计划|游客|危害|温和|严重|严格|金额|钱款|高度|安全|江西|广东|贵州|云南"
)
_INTRODUCED = re.compile(rf"({_ROLES})([（(]?[：: ]?)((?!某|{_WORDS}){_NAME})")


def _hide_introduced(text: str, removed: dict[str, int]) -> str:
    """举报人张三称 -> 举报人张某称: the name of somebody introduced by a role, and wherever it stands again."""
    for found in list(_INTRODUCED.finditer(text)):
        name = _trimmed(found.group(3))
        if len(name) < 2 or name.endswith("某") or "某" in name:
            continue
        removed["姓名"] = removed.get("姓名", 0) + text.count(name)
        text = text.replace(name, mask_name(name))
    return text


def _trimmed(name: str) -> str:
    """Without the verb that the pattern took for the last sign of a name."""
    surname = 2 if name[:2] in _COMPOUND else 1
    given = name[surname:]
    cut = re.search(_VERB, given)
    return name[: surname + cut.start()] if cut else name


def reporters(text: str) -> frozenset[str]:
    """The names a text introduces as those who reported or bore witness."""
    found = (_trimmed(m.group(3)) for m in _INTRODUCED.finditer(text) if m.group(1) in _REPORTERS)
    return frozenset(name for name in found if len(name) > 1)


def hide_reporter(text: str, known: Collection[str] = (), *, staff: Collection[str] = ()) -> str:
    """For papers an officer is handed: who reported stays hidden, as do numbers that lead there. 举报人保护

    处分条例 25(2), 信访工作条例 30: the rest of the text stays as it was written. `known` are names learnt from
    other texts of the case; `staff` are names of people who act in it and stay.
    """
    for name in sorted({*known, *reporters(text)} - set(staff), key=len, reverse=True):
        text = text.replace(name, _HIDDEN)
    for pattern in PATTERNS:
        if pattern.kind in _CONTACTS:
            text = pattern.form.sub(_replacement(pattern.kind), text)
    return _AROUND.sub("有关人员", text)


_HIDDEN = "\ue002"
# The role, the name and what stands in brackets after it go together: 举报人张三（电话…）反映 -> 有关人员反映.
_AROUND = re.compile(rf"(?:{_ROLES})?[：: ]?{_HIDDEN}(?:[（(][^（）()]*[）)])?")
_REPORTERS = frozenset(["举报人", "投诉人", "反映人", "检举人", "控告人", "信访人", "实名举报人", "证人"])
_CONTACTS = frozenset(["电子邮箱", "身份证号", "银行账号", "手机号码", "电话号码", "号码", "社交账号"])


def leaks(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """What a text still shows of the given names and of numbers that identify; nothing when it may be shown."""
    flat = text.translate(_KEPT_DIGITS).translate(_FULL_LETTERS)
    found = [name for name in names if name and name in flat]
    numbers = [
        pattern.kind for pattern in PATTERNS if pattern.kind in _CONTACTS and pattern.form.search(flat)
    ]
    return tuple(found + numbers)
