"""Settings that cannot be are refused in one sentence. 系统设置"""

import pytest

from models.settings import SettingsError, read_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZHAODAN_DATA_DIR", raising=False)


def test_nothing_set_is_enough_for_a_laptop() -> None:
    assert read_settings().register_url.startswith("sqlite:///")


def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHAODAN_PROT", "8000")
    with pytest.raises(SettingsError, match="ZHAODAN_PROT"):
        read_settings()


@pytest.mark.parametrize(("name", "value"), [("ZHAODAN_PORT", "70000"), ("ZHAODAN_EVIDENCE_MAX_MB", "-1")])
def test_a_value_out_of_range_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name) as refused:
        read_settings()
    assert "\n" not in str(refused.value)


def test_production_wants_cookies_over_https_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHAODAN_ENVIRONMENT", "production")
    with pytest.raises(SettingsError, match="ZHAODAN_SECURE_COOKIES"):
        read_settings()
    monkeypatch.setenv("ZHAODAN_SECURE_COOKIES", "true")
    assert read_settings().secure_cookies
