"""Declaring kin over JSON and on the page; whom it keeps out stands on the case page. 亲属关系申报"""

from httpx import Response

from api import forms
from tests.api.browser import Browser
from tests.api.door import Door, refused
from tests.builders import a_case
from tests.models.test_verbs import waiting

SAID = {"to": "zhou.kai", "relation": "affinity"}


def test_one_declares_over_json_once_and_ends_it_and_nobody_else_sees_it(door: Door) -> None:
    made = [door.post("/api/kin", "gu.ping", json=SAID) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201]
    (row,) = door.get("/api/kin", "gu.ping").json()
    assert (row["relation_zh"], row["ended_at"]) == ("近姻亲关系", None)
    assert door.get("/api/kin", "zhou.kai").json() == []
    refused(door.post(f"/api/kin/{row['id']}/end", "zhou.kai"), 404, "not-found")
    assert door.post(f"/api/kin/{row['id']}/end", "gu.ping").status_code == 200
    assert door.get("/api/kin", "gu.ping").json()[0]["ended_at"]
    refused(door.post("/api/kin", "gu.ping", json=SAID | {"to": "nobody"}), 404, "not-found")
    refused(door.post("/api/kin", "gu.ping", json=SAID | {"relation": "friend"}), 422, "validation")


def sent(screen: Browser, address: str, **fields: str) -> Response:
    """Fill in a form of the page and send it."""
    form = screen.open("/me/kin").form(address)
    return screen.client.post(address, data=form.fill({name: [value] for name, value in fields.items()}))


def test_the_page_declares_says_what_is_wrong_and_keeps_what_was_typed(door: Door) -> None:
    screen = Browser(door.app, door.bureau, "gu.ping")
    wrong = sent(screen, "/me/kin", to="nobody", relation="spouse")
    assert wrong.status_code == 404
    assert "没有用户名为“nobody”的人员" in wrong.text
    assert 'value="nobody"' in wrong.text
    assert sent(screen, "/me/kin", to="zhou.kai").status_code == 422
    assert sent(screen, "/me/kin", **SAID).status_code == 303
    assert "近姻亲关系" in screen.open("/me/kin").text
    number = door.get("/api/kin", "gu.ping").json()[0]["id"]
    assert sent(screen, f"/me/kin/{number}/end").status_code == 303
    assert "起不再成立" in screen.open("/me/kin").text


def test_the_case_page_names_who_is_kept_out_to_those_who_handle_the_case_only(door: Door) -> None:
    told = a_case(door.bureau)
    member = told.who(waiting(told, "ballot"))
    door.post("/api/kin", member, json=SAID)
    address = f"/cases/{told.case_id}"
    assert "与被核查人员有申报的亲属关系" in Browser(door.app, door.bureau, "cao.ran").open(address).text
    assert "亲属关系" not in Browser(door.app, door.bureau, "zhou.kai").open(address).text
    Browser(door.app, door.bureau, member).open(address, 404)


def test_a_clerk_names_who_handled_the_matter_on_the_page(door: Door) -> None:
    told = a_case(door.bureau)
    clerk = Browser(door.app, door.bureau, "luo.ying")
    fields = forms.write(forms.NEW_CASE, dict(told.story.case) | {"involved": ["gu.ping"]})
    made = clerk.send("/cases/new", fields)
    assert made.status_code == 303, made.text[:500]
    address = made.headers["location"].partition("?")[0]
    assert "经办、审核或者批准过本案所涉事项" in Browser(door.app, door.bureau, "cao.ran").open(address).text
    again = clerk.send("/cases/new", fields | {"involved": ["nobody"]})
    assert again.status_code == 404
    assert "没有用户名为“nobody”的经办人员" in again.text
