"""A browser without scripts: it reads forms from pages and sends only what the page lets one type. 测试浏览器"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from api.deps import COOKIE, clock
from models.accounts import open_session
from tests.builders import Bureau


@dataclass
class Control:
    """One thing a form lets one fill in."""

    kind: str
    id: str = ""
    value: str = ""
    checked: bool = False
    closed: bool = False
    labelled: bool = False  # it stands inside its label
    options: list[str] = field(default_factory=list)


@dataclass
class Form:
    """A form of a page."""

    action: str
    controls: dict[str, list[Control]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def typed(self) -> dict[str, list[str]]:
        """What would be sent if nobody touched anything."""
        sent: dict[str, list[str]] = {}
        for name, controls in self.controls.items():
            for control in controls:
                if control.kind in ("radio", "checkbox") and not control.checked:
                    continue
                sent.setdefault(name, []).append(control.value)
        return sent

    def fill(self, fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """What is sent after filling these in. Fails for a field or choice the page does not offer."""
        sent = self.typed()
        for name, values in fields.items():
            controls = self.controls.get(name)
            assert controls, f"the page has no field {name}; it has {sorted(self.controls)[:40]}"
            assert len(values) <= len(controls) or controls[0].kind == "radio", f"too few fields {name}"
            for value in values:
                self._check(name, controls, value)
            sent[name] = list(values)
        return sent

    def _check(self, name: str, controls: list[Control], value: str) -> None:
        first = controls[0]
        if first.kind in ("radio", "checkbox"):
            offered = {c.value for c in controls if not c.closed}
            assert value in offered, f"{name} offers {offered}, not {value}"
        elif first.kind == "select":
            assert value in first.options, f"{name} offers {first.options}, not {value}"


class Page(HTMLParser):
    """A page as a browser without scripts sees it."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.inputs: list[Control] = []
        self.labels: set[str] = set()
        self.ids: list[str] = []
        self.styled: list[str] = []
        self.words: list[str] = []
        self._select: Control | None = None
        self._area: Control | None = None
        self._in_label = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, their controls, labels, and anything a strict policy forbids."""
        a = {name: value or "" for name, value in attrs}
        if a.get("id"):
            self.ids.append(a["id"])
        inline = tag == "script" and not a.get("src", "").startswith("/static/")
        if inline or tag == "style" or "style" in a or any(name.startswith("on") for name in a):
            self.styled.append(f"<{tag} {a}>")
        match tag:
            case "form":
                self.forms.append(Form(a["action"]))
            case "label":
                self.labels.add(a.get("for", ""))
                self._in_label = "for" not in a
            case "input":
                kind = a.get("type", "text")
                control = Control(kind, a.get("id", ""), a.get("value", ""), "checked" in a, "disabled" in a)
                self._add(a["name"], control)
            case "select":
                self._select = Control("select", a.get("id", ""))
                self._add(a["name"], self._select)
            case "option" if self._select:
                self._select.options.append(a["value"])
                if "selected" in a:
                    self._select.value = a["value"]
            case "textarea":
                self._area = Control("textarea", a["id"])
                self._add(a["name"], self._area)
            case "button" if a.get("name"):
                self.forms[-1].buttons.append((a["name"], a["value"]))

    def _add(self, name: str, control: Control) -> None:
        self.forms[-1].controls.setdefault(name, []).append(control)
        control.labelled = self._in_label
        if control.kind != "hidden":
            self.inputs.append(control)

    def handle_data(self, data: str) -> None:
        """Words, and what stands in a text area."""
        if self._area is not None:
            self._area.value += data
        self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        """A text area loses the line break after its tag, as in a browser."""
        if tag == "textarea" and self._area is not None:
            self._area.value = self._area.value.removeprefix("\n")
            self._area = None
        if tag == "select":
            self._select = None
        if tag == "label":
            self._in_label = False

    def form(self, action: str) -> Form:
        """The form that sends to an address."""
        found = next((f for f in self.forms if f.action == action), None)
        assert found, f"no form for {action}: {[f.action for f in self.forms]}"
        return found

    @property
    def text(self) -> str:
        """All words of the page."""
        return "".join(self.words)


class Browser:
    """One person at a screen."""

    def __init__(self, app: FastAPI, bureau: Bureau, username: str = "") -> None:
        self.client = TestClient(app, headers={"accept": "text/html"}, follow_redirects=False)
        self.seen: dict[str, str] = {}
        if username:
            with bureau.register.writing() as session:
                opened = open_session(session, bureau.ids[username], now=clock())
            self.client.cookies.set(COOKIE, opened.token)

    def open(self, address: str, status: int = 200) -> Page:
        """Open a page."""
        response = self.client.get(address)
        assert response.status_code == status, (response.status_code, response.text[:400])
        return self.read(address, response)

    def read(self, address: str, response: Response) -> Page:
        """Read a page that came back."""
        self.seen[address] = response.text
        return Page(response.text)

    def send(
        self, address: str, fields: Mapping[str, Sequence[str]], *, do: str = "submit", at: str = ""
    ) -> Response:
        """Open a page, fill in its form and send it."""
        form = self.open(at or address).form(address)
        assert ("do", do) in form.buttons
        return self.client.post(address, data=form.fill(fields) | {"do": [do]})
