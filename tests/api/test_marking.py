"""A pasted narrative cut for marking, and what programs are told about hints. 叙述标注"""

from api.app import create_app
from api.suggestions import HitView, legible_text, marked


def test_the_api_shows_an_example() -> None:
    described = create_app().openapi()["paths"]["/api/suggestions"]["post"]
    assert "narrative" in described["requestBody"]["content"]["application/json"]["example"]


def test_overlapping_hits_are_cut_so_that_every_character_appears_once() -> None:
    hits = [
        HitView(id="a", zh="甲", quote="", start=1, end=4),
        HitView(id="b", zh="乙", quote="", start=3, end=6),
        HitView(id="a", zh="甲", quote="", start=2, end=3),
    ]
    pieces = marked("零一二三四五六", hits)
    assert "".join(piece.text for piece in pieces) == "零一二三四五六"
    assert [(p.text, p.says) for p in pieces] == [
        ("零", ""), ("一", "甲"), ("二", "甲"), ("三", "甲；乙"), ("四五", "乙"), ("六", ""),
    ]  # fmt: skip


def test_what_cannot_be_seen_becomes_a_blank_of_the_same_length() -> None:
    assert legible_text("甲\u200b乙\u202e丙\n\t\ud800") == "甲 乙 丙\n\t "
