"""Whoever objected can take a certificate home, and hand it in where it counts. 反对意见留存证明"""

import pytest
from sqlmodel import select

import zhaodan
from models.certificates import Statement, check, issue, key_path, public_key
from models.database import Register
from models.tables import Case, Effect, Event, Organ, Person
from tasks.office import office_work
from tests.api.door import Door, on_sqlite, refused
from tests.builders import Told, a_case

pytestmark = on_sqlite
FORM = {"kind": "书证", "collected_by": "唐蔚"}


@pytest.fixture
def door(register: Register) -> Door:
    return Door(register)


@pytest.fixture
def told(door: Door) -> Told:
    """A case in which the last of five saw it otherwise."""
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "signature" for i in t.open_items()))
    office_work(told.case_id)
    return told


def papers(door: Door, told: Told, by: str) -> list[dict]:
    listed = door.get(f"/api/cases/{told.case_id}/documents", by).json()
    return [paper for paper in listed if paper["kind"] == "dissent-certificate"]


def objector(door: Door, told: Told) -> str:
    (effect,) = {e.person_id for e in _rows(door, told) if e.subject == "dissent-certificate"}
    return door.bureau.username(effect)


def _rows(door: Door, told: Told) -> list:

    with door.register.reading() as session:
        wanted = select(Effect).where(Effect.case_id == told.case_id, Effect.kind == "document")
        return list(session.exec(wanted))


def fetched(door: Door, told: Told, by: str) -> str:
    (paper,) = papers(door, told, by)
    return door.get(f"/api/documents/{paper['id']}/certificate", by).text


def hand_in(door: Door, told: Told, text: str, by: str = "luo.ying"):
    files = {"file": ("证明.txt", text.encode(), "text/plain")}
    return door.post(f"/api/cases/{told.case_id}/evidence", by, data=FORM, files=files)


def test_who_objected_is_given_what_a_third_party_can_check(door: Door, told: Told) -> None:
    who = objector(door, told)
    found = check(fetched(door, told, who), key=public_key())
    assert found.holds
    said = found.statement
    assert said is not None
    with door.register.reading() as session:
        case, person = session.get_one(Case, told.case_id), session.get_one(Person, door.bureau.ids[who])
        assert (said.kind, said.member, said.round) == ("dissent", person.name, 1)
        assert said.organ == session.get_one(Organ, case.organ_id).name
    assert "不同意上述审议结论" in said.text
    printed = door.get(f"/api/documents/{papers(door, told, who)[0]['id']}", who).text
    assert said.text.splitlines()[-1] in printed


def test_the_certificate_is_for_whoever_sees_the_paper_and_only_some_papers_have_one(
    door: Door, told: Told
) -> None:
    who = objector(door, told)
    (paper,) = papers(door, told, who)
    for stranger in ("zhou.kai", "lou.ming"):
        refused(door.get(f"/api/documents/{paper['id']}/certificate", stranger), 404, "not-found")
    other = next(
        p
        for p in door.get(f"/api/cases/{told.case_id}/documents", who).json()
        if p["kind"] == "investigation-report"
    )
    refused(door.get(f"/api/documents/{other['id']}/certificate", who), 404, "not-found")


def test_it_is_evidence_in_another_case_and_says_itself_what_it_proves(door: Door, told: Told) -> None:
    armour, other = fetched(door, told, objector(door, told)), a_case(door.bureau, title="另一案件")
    added = hand_in(door, other, armour)
    assert added.status_code == 201, added.text
    assert "签名相符" in added.json()["proves"]
    assert hand_in(door, other, armour).json()["id"] == added.json()["id"]
    with door.register.reading() as session:
        events = session.exec(
            select(Event).where(Event.case_id == other.case_id, Event.tag == "evidence:added")
        )
        assert [e.data.get("certified", False) for e in events][-1] is True


def test_a_changed_certificate_proves_nothing_and_is_refused(door: Door, told: Told) -> None:
    armour, other = fetched(door, told, objector(door, told)), a_case(door.bureau, title="另一案件")
    lines = armour.splitlines()
    before = door.dump()
    problem = refused(hand_in(door, other, "\n".join([lines[0], *lines[2:]])), 422, "incomplete")
    assert "不能作为证据" in problem["detail"]
    assert {k: v for k, v in door.dump().items() if k != "files"} == {
        k: v for k, v in before.items() if k != "files"
    }


def test_a_certificate_of_a_key_we_do_not_know_says_so(door: Door, told: Told) -> None:
    said = Statement("dissent", "某局", "某1号", 1, "某人", "某事", "2026-01-01T00:00:00+00:00", "")
    fetched(door, told, objector(door, told))
    kept = key_path().read_bytes()
    key_path().unlink()
    foreign = issue(said)
    key_path().write_bytes(kept)
    added = hand_in(door, a_case(door.bureau, title="另一案件"), foreign)
    assert "公钥须另行核对" in added.json()["proves"]
    assert "某人" not in added.json()["proves"]


def test_a_third_party_checks_on_the_command_line(
    door: Door, told: Told, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, key = tmp_path / "证明.txt", tmp_path / "公钥.txt"
    file.write_text(fetched(door, told, objector(door, told)), encoding="utf-8")
    assert zhaodan.main(["seal-key"]) == 0
    key.write_text(capsys.readouterr().out, encoding="utf-8")
    for given in (str(key), public_key()):
        assert zhaodan.main(["verify-certificate", str(file), "--key", given]) == 0
        assert "签名有效" in capsys.readouterr().out
    key_path().unlink()  # a third party has no key of ours
    assert zhaodan.main(["verify-certificate", str(file), "--key", str(key)]) == 0
    assert zhaodan.main(["verify-certificate", str(file)]) == 2
    assert "seal-key" in capsys.readouterr().err
    file.write_text(file.read_text(encoding="utf-8").replace("A", "B", 1), encoding="utf-8")
    assert zhaodan.main(["verify-certificate", str(file), "--key", str(key)]) == 1
    assert zhaodan.main(["verify-certificate", str(tmp_path / "none"), "--key", str(key)]) == 2
    assert zhaodan.main(["verify-certificate", str(file), "--key", "nonsense"]) == 2
