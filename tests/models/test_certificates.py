"""Certificates hold without the register, and every letter of them counts. 留存证明"""

import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import models.settings
from models.certificates import (
    SealClosed,
    Statement,
    check,
    find,
    fingerprint,
    issue,
    key_path,
    own_key,
    public_key,
    read_key,
)
from models.rules.errors import Incomplete

SAID = Statement(
    kind="dissent",
    organ="江州市市场监督管理局",
    case="江市监责〔2026〕1号",
    round=1,
    member="冯五",
    text="审议结论：免于追究\n留存人的意见：追究\n理由：形式审查没有完成。",
    at="2026-11-20T07:04:00+00:00",
    head="ab" * 32,
)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZHAODAN_DATA_DIR", str(tmp_path))
    models.settings.settings.cache_clear()
    yield tmp_path
    models.settings.settings.cache_clear()


def altered(armour: str, **changes: object) -> str:
    """The certificate with its words changed and the signature left as it was."""
    begin, *lines, end = armour.splitlines()
    content = json.loads(base64.b64decode("".join(lines)))
    content["statement"] |= changes
    return "\n".join((begin, base64.b64encode(json.dumps(content).encode()).decode(), end))


def test_a_certificate_holds_against_the_key_that_signed_it() -> None:
    found = check(issue(SAID), key=public_key())
    assert (found.statement, found.fault) == (SAID, "")
    assert issue(SAID) == issue(SAID)


def test_it_is_found_inside_any_text_and_survives_other_line_ends() -> None:
    armour = issue(SAID)
    paper = f"<p>证明</p>\r\n<pre>{armour}</pre>".replace("\n", "\r\n  ")
    assert check(paper, key=public_key()).holds
    assert find(f"前{armour}后") == armour
    assert find("没有") is None


@pytest.mark.parametrize(
    "changes",
    [{"text": "审议结论：追究"}, {"member": "郑四"}, {"at": "2020-01-01T00:00:00+00:00"}, {"round": 2}],
)
def test_a_changed_word_a_borrowed_name_or_an_earlier_day_is_found_out(changes: dict[str, object]) -> None:
    found = check(altered(issue(SAID), **changes), key=public_key())
    assert not found.holds
    assert "改动" in found.fault


@pytest.mark.parametrize("changes", [{"round": True}, {"text": 7}, {"more": "x"}])
def test_what_does_not_fit_the_form_is_refused_in_words(changes: dict[str, object]) -> None:
    assert "格式" in check(altered(issue(SAID), **changes)).fault


@pytest.mark.parametrize("text", ["", "x" * 10, issue.__doc__ or "", "-----BEGIN ZHAODAN CERTIFICATE-----"])
def test_what_is_no_certificate_is_told_so(text: str) -> None:
    assert "没有找到" in check(text).fault


def test_a_cut_certificate_is_told_so() -> None:
    begin, first, *_, end = issue(SAID).splitlines()
    assert "残缺" in check("\n".join((begin, first, end))).fault


def test_another_key_does_not_pass_for_the_organs(place: Path) -> None:
    ours = public_key()
    key_path().unlink()
    forged = issue(replace(SAID, text="伪造"))
    assert check(forged).holds, "against its own key it only shows that nothing was changed"
    assert "公钥" in check(forged, key=ours).fault


def test_the_key_is_made_once_even_by_many_and_read_by_nobody_else(place: Path) -> None:
    assert own_key() == ""
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: public_key(), range(8)))) == 1
    assert stat.S_IMODE(key_path().stat().st_mode) == 0o600
    assert [p.name for p in place.iterdir()] == ["certificate.key"]
    key_path().chmod(0o644)
    with pytest.raises(SealClosed, match="0600"):
        issue(SAID)


def test_a_broken_key_signs_nothing() -> None:
    public_key()
    key_path().write_text("-----BEGIN PRIVATE KEY-----")
    with pytest.raises(SealClosed, match="损坏"):
        issue(SAID)


def test_a_public_key_is_read_from_a_letter_and_has_a_short_name() -> None:
    key = public_key()
    assert read_key(f"本局公钥为：{key}。") == key
    assert len(fingerprint(key).split()) == 8
    with pytest.raises(Incomplete, match="ed25519"):
        read_key("ed25519:短")
