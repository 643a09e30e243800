"""A case over HTTP: registered, read, answered stage by stage. 案件"""

from models.rules.lifecycle import Stage
from tests.api.door import Door, on_sqlite, refused
from tests.builders import a_case

CASE = {
    "organ": "zj-yx",
    "title": "某公司分公司登记被撤销一案",
    "category": "licensing",
    "source": "report",
    "conduct_on": "2020-08-17",
    "narrative": "登记因材料虚假被撤销。",
    "respondents": [{"username": "zhou.kai", "post": "reviewer", "unit": "城南分局"}],
    "allegations": [{"text": "审查不严", "username": "zhou.kai"}],
}


def test_a_registered_case_is_numbered_listed_and_read(door: Door) -> None:
    made = door.post("/api/cases", "luo.ying", json=CASE)
    assert made.status_code == 201
    case = made.json()
    assert case["number"].startswith("章云市监责〔")
    assert case["stage_zh"] == "受理"
    listed = door.get("/api/cases?stage=intake", "cao.ran").json()
    assert [c["id"] for c in listed["cases"]] == [case["id"]]
    assert listed["count"] == 1
    assert listed["next"] is None
    read = door.get(f"/api/cases/{case['id']}", "cao.ran")
    assert read.headers["ETag"] == f'"{case["version"]}"'
    assert read.headers["Cache-Control"] == "no-store"
    assert read.json()["respondents"][0]["name"] == "周凯"
    steps = door.get(f"/api/cases/{case['id']}/timeline", "cao.ran").json()
    assert [s["tag"] for s in steps] == ["case:registered"]
    assert steps[0]["actor"] == "罗颖"


def test_a_whole_case_is_answered_over_http(door: Door) -> None:
    told = a_case(door.bureau)
    answers = 0
    while told.case().state != "archived":
        response = door.tell(told)
        assert response.status_code == 200, response.text
        answers += 1
    assert answers > 15
    done = response.json()
    assert (done["state"], done["case"]["state_zh"]) == ("done", "已归档")


def test_lists_go_page_by_page(door: Door) -> None:
    for _ in range(3):
        assert door.post("/api/cases", "luo.ying", json=CASE).status_code == 201
    first = door.get("/api/cases?limit=2", "cao.ran").json()
    rest = door.get(f"/api/cases?limit=2&cursor={first['next']}", "cao.ran").json()
    assert (len(first["cases"]), len(rest["cases"]), rest["next"]) == (2, 1, None)
    items = door.get("/api/work-items?limit=2", "he.jun").json()
    more = door.get(f"/api/work-items?limit=2&cursor={items['next']}", "he.jun").json()
    assert len({i["id"] for i in items["items"] + more["items"]}) == 3
    assert items["count"] == 3
    refused(door.get("/api/cases?cursor=x!", "cao.ran"), 422, "bad-cursor")
    refused(door.get("/api/cases?limit=100000", "cao.ran"), 422, "validation")


def test_an_item_says_what_it_asks_and_how_to_answer(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    read = door.get(f"/api/work-items/{item.id}", "he.jun")
    assert read.headers["ETag"] == '"1"'
    page = read.json()
    assert page["asked"] == "受理审查"
    assert page["may_answer"] is True
    assert "verdict" in page["answer_schema"]["properties"]
    assert {i["username"] for i in page["context"]["investigators"]} == {"tang.wei", "shen.lan"}
    registrar = door.get(f"/api/work-items/{item.id}", "luo.ying").json()
    assert registrar["may_answer"] is False
    assert "登记人" in registrar["why_not"] or "角色" in registrar["why_not"]


def test_a_draft_is_seen_by_its_writer_only(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.open_items()[0]
    path = f"/api/work-items/{item.id}"
    half = {"verdict": "accept", "reason": "{{ 7*7 }}"}
    assert door.ask("PUT", f"{path}/draft", "he.jun", json=half).status_code == 204
    assert door.ask("PUT", f"{path}/draft", "he.jun", json=half).status_code == 204
    assert door.get(path, "he.jun").json()["draft"] == half
    assert door.get(path, "luo.ying").json()["draft"] is None
    bad = '{"reason": "\\ud800"}'
    json = {"Content-Type": "application/json"}
    refused(door.ask("PUT", f"{path}/draft", "he.jun", content=bad, headers=json), 422, "incomplete")
    deep = {"reason": [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]}
    refused(door.ask("PUT", f"{path}/draft", "he.jun", json=deep), 422, "incomplete")


@on_sqlite
def test_a_stranger_cannot_tell_a_hidden_case_from_none(door: Door) -> None:
    told = a_case(door.bureau)
    for path in ("", "/timeline", "/documents"):
        hidden = door.get(f"/api/cases/{told.case_id}{path}", "lou.ming")
        none = door.get(f"/api/cases/{'0' * 32}{path}", "lou.ming")
        refused(hidden, 404, "not-found")
        assert hidden.json() == none.json()


@on_sqlite
def test_an_officer_cannot_tell_a_case_before_acceptance_from_none(door: Door) -> None:
    told = a_case(door.bureau)
    item = told.item("screening")
    paths = [f"/api/cases/{told.case_id}{rest}" for rest in ("", "/timeline", "/documents")]
    for path in paths:
        none = door.get(path.replace(told.case_id, "0" * 32), "zhou.kai")
        hidden = door.get(path, "zhou.kai")
        refused(hidden, 404, "not-found")
        assert hidden.json() == none.json()
    refused(door.get(f"/api/work-items/{item.id}", "zhou.kai"), 404, "not-found")
    refused(door.answer(item.id, told.content(item), "zhou.kai"), 404, "not-found")
    assert door.get("/api/cases", "zhou.kai").json() == {"cases": [], "count": 0, "next": None}
    assert door.tell(told).status_code == 200
    assert [door.get(path, "zhou.kai").status_code for path in paths] == [200, 200, 200]
    assert door.get("/api/cases", "zhou.kai").json()["count"] == 1


def test_who_stepped_aside_sees_nothing_any_more(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.REVIEW)
    item = next(i for i in told.open_items() if i.kind == "recusal")
    who = told.who(item)
    assert door.get(f"/api/cases/{told.case_id}", who).status_code == 200
    gone = door.answer(item.id, {"recuse": True, "ground": "近亲属"}, who, version=item.version)
    assert gone.status_code == 200
    assert set(gone.json()["case"]) == {"id", "stage", "stage_zh", "round"}
    told.to(Stage.DECISION)
    again = door.answer(item.id, {"recuse": True, "ground": "近亲属"}, who, version=item.version)
    assert (again.status_code, again.json()) == (200, gone.json())
    other = door.answer(item.id, {"recuse": True, "ground": "利害关系"}, who, version=item.version)
    refused(other, 403, "recused")
    for path in (
        f"/api/cases/{told.case_id}",
        f"/api/cases/{told.case_id}/timeline",
        f"/api/work-items/{item.id}",
    ):
        refused(door.get(path, who), 404, "not-found")
    assert door.get("/api/cases", who).json() == {"cases": [], "count": 0, "next": None}
    assert door.get("/api/work-items", who).json()["count"] == 0


def test_an_officer_reads_own_items_and_no_file(door: Door) -> None:
    told = a_case(door.bureau).go_on(lambda t: any(i.kind == "statement" for i in t.open_items()))
    page = door.get(f"/api/cases/{told.case_id}", "zhou.kai").json()
    assert page["narrow"] is True
    assert [r["username"] for r in page["respondents"]] == ["zhou.kai"]
    assert page["evidence"] == []
    assert page["narrative"] == ""
    assert {i["kind"] for i in page["items"]} == {"statement"}
    steps = door.get(f"/api/cases/{told.case_id}/timeline", "zhou.kai").json()
    assert {s["actor"] for s in steps} == {""}
    assert {s["reason"] for s in steps} == {""}


def test_clauses_and_decisions_are_read_with_their_reasons(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.MATCHING)
    path = f"/api/cases/{told.case_id}"
    item = told.item("legal-review")
    asked = door.get(f"/api/work-items/{item.id}", "gu.ping").json()["context"]
    assert {c["clause"] for c in asked["clauses"] if c["proposed"]} >= {"exempt-41", "exempt-42"}
    told.to(Stage.DECISION)
    signature = door.get(f"/api/work-items/{told.item('signature').id}", "meng.fan").json()["context"]
    first = told.respondents["zhou.kai"]
    opened = {o["outcome"] for o in signature["outcomes"] if o["respondent"] == first and o["open"]}
    assert {"exempt", "accountable"} <= opened
    assert all(o["open"] or len(o["why_not"]) > 4 for o in signature["outcomes"])
    assert door.get(path, "cao.ran").json()["decisions"] == []
    told.answer(told.item("signature"))
    file = door.get(path, "cao.ran").json()
    agreed = [c for c in file["clauses"] if c["confirmed"]]
    assert {c["clause"] for c in agreed} == {"exempt-41", "exempt-42"}
    assert all(c["text"] and c["reasons"] and c["confirmed_reason"] for c in agreed)
    assert [d["outcome_zh"] for d in file["decisions"]] == ["免于追究", "免于追究"]
    assert file["decisions"][0]["tally"]["dissenters"]
    own = door.get(path, "zhou.kai").json()
    assert own["clauses"] == []
    assert [(d["respondent"], d["tally"]) for d in own["decisions"]] == [(first, {})]


def test_the_weighing_of_a_case_is_read_by_those_who_may_read_its_file(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.REVIEW)
    read = door.get(f"/api/cases/{told.case_id}/weighing", "cao.ran")
    assert read.status_code == 200, read.text
    officer = read.json()[0]
    assert (officer["respondent"], officer["balance"]) == (told.respondents["zhou.kai"], "exempting")
    tree = next(c["tree"] for c in officer["clauses"] if c["clause"] == "exempt-41")
    assert tree["text"].startswith("五（二）")
    assert {child["part"] for child in tree["children"]} >= {"elements", "bars", "premise"}
    assert officer["turns"][0]["facts"][0]["question"].endswith("？")
    assert door.get(f"/api/cases/{told.case_id}/weighing", "cao.ran").json() == read.json()


def test_an_officer_reads_reasons_in_papers_and_not_in_the_file(door: Door) -> None:
    told = a_case(door.bureau).to(Stage.REVIEW)
    refused(door.get(f"/api/cases/{told.case_id}/weighing", "zhou.kai"), 403, "not-permitted")
    refused(door.get(f"/api/cases/{'0' * 32}/weighing", "cao.ran"), 404, "not-found")
