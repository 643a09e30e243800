"""Redaction: what identifies goes, what the public needs stays. 脱敏"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.redaction import aliases, hide_reporter, leaks, mask_name, mask_unit, redact, reporters

ORGAN = "章江市云溪区市场监督管理局"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("李小明", "李某"),
        ("欧阳静", "欧阳某"),
        ("欧阳", "欧某"),
        ("王五", "王某"),
        ("艾尼·买买提", "艾某"),
        ("", ""),
    ],
)
def test_a_name_keeps_its_surname_only(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_two_people_of_one_surname_stay_two_people() -> None:
    assert aliases(["李一", "李二", "王五", "李一"]) == {"李一": "李某甲", "李二": "李某乙", "王五": "王某"}


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("身份证36210119900101123X", "36210119900101123X"),
        ("身份证：３６２１０１１９９００１０１１２３４", "３６２１０１"),
        ("身份证362101 19900101 1234", "19900101"),
        ("电话13812345678", "13812345678"),
        ("电话138 1234 5678", "1234"),
        ("手机+8613812345678", "13812345678"),
        ("手机１３８１２３４５６７８", "１３８"),
        ("座机0791-88888888", "88888888"),
        ("座机(0797)8123456", "8123456"),
        ("卡号6222 0202 0000 1234 567", "6222"),
        ("账户622202020000123", "622202"),
        ("邮箱zhang.san@example.com", "zhang.san"),
        ("微信号zhang_san3", "zhang_san3"),
        ("车牌赣B12345", "B12345"),
        ("车牌赣B·D12345", "D12345"),
        ("信用代码91360000MA35XW1Y2K", "91360000MA35XW1Y2K"),
        ("住章江市云溪区文清路12号3栋501室", "文清路"),
        ("到甲电力设计有限公司检查", "甲电力"),
        ("在老王大药房购买", "老王"),
        ("举报人张三称", "张三"),
        ("投诉人：李晓梅提出", "李晓梅"),
        ("当事人欧阳小明拒不配合，小明", "欧阳小明"),
    ],
)
def test_what_identifies_somebody_is_taken_out(text: str, secret: str) -> None:
    result = redact(text)
    assert secret not in result.text
    assert result.removed


@pytest.mark.parametrize(
    "text",
    [
        "赣市监公示〔2026〕3号",
        "实施意见五（二）3第（41）项（exempt-41）",
        "2026年11月25日，章江市云溪区市场监督管理局决定免于追究责任。",
        "当事人应当在30日内提交材料，申请人经营食品。",
        "申请人于当日提交申请，当事人和其他利害关系人均无异议。",
        "罚款300000元，涉案金额1500000元。",
    ],
)
def test_what_the_public_needs_stays(text: str) -> None:
    assert redact(text).text == text
    assert redact(text).removed == {}


def test_known_people_are_replaced_wherever_they_stand_and_kept_names_stay() -> None:
    result = redact(
        "李小明与李小明的同事在某某有限公司、城东有限公司", {"李小明": "李某"}, keep=["城东有限公司"]
    )
    assert "李小明" not in result.text
    assert "城东有限公司" in result.text
    assert result.removed["姓名"] == 2


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        (ORGAN, ORGAN),
        (f"{ORGAN}城南分局", f"{ORGAN}某分局"),
        ("云溪区市场监督管理局城南分局", f"{ORGAN}某分局"),
        (f"{ORGAN}水东市场监督管理所", f"{ORGAN}某市场监管所"),
        (f"{ORGAN}执法三大队", f"{ORGAN}某执法队"),
        (f"{ORGAN}登记科", f"{ORGAN}某内设机构"),
        ("外县市场监督管理局", "某市场监管部门"),
    ],
)
def test_a_unit_that_points_to_a_handful_loses_its_name(unit: str, shown: str) -> None:
    assert mask_unit(unit, ORGAN) == shown


def test_a_reporter_disappears_with_everything_that_hangs_on_the_name() -> None:
    text = "举报人张三（电话13812345678）反映李小明未检查；张三提供照片。"
    assert hide_reporter(text) == "有关人员反映李小明未检查；有关人员提供照片。"
    assert reporters(text) == {"张三"}


def test_an_officer_who_bore_witness_keeps_the_name_in_the_officers_paper() -> None:
    assert hide_reporter("证人唐蔚说明情况", staff={"唐蔚"}) == "证人唐蔚说明情况"


def test_a_name_learnt_elsewhere_is_hidden_here() -> None:
    assert hide_reporter("张三来局说明", ["张三"]) == "有关人员来局说明"


def test_leaks_names_what_is_still_to_be_seen() -> None:
    assert leaks("李小明，13812345678", ["李小明", "王五"]) == ("李小明", "手机号码", "号码")
    assert leaks("李某，＊＊＊", ["李小明"]) == ()


@given(st.text(alphabet="举报人当事张三李小明1380123456789赣B·路号，。 Xx（）有限公司在", max_size=60))
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text, {"李小明": "李某"}).text
    assert redact(once, {"李小明": "李某"}).text == once
    assert leaks(once, ["李小明"]) == ()
