"""A real server, and Debian's Chromium with one window for each person. 浏览器测试夹具"""

import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from api.app import create_app
from models.accounts import set_password
from models.database import Register
from models.tables import Person
from tests.builders import Bureau, a_bureau

PASSWORD = "照单办案-2026"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE_MS = 15_000
LONG = 60  # fields of a worksheet, which nobody types one by one in a test
AT_ONCE = """(form, fields) => {
  for (const [name, values] of Object.entries(fields)) values.forEach((value, n) => {
    const all = [...form.elements].filter((c) => c.name === name);
    const one = ["radio", "checkbox"].includes(all[0].type) ? all.find((c) => c.value === value) : all[n];
    if (one.type === "radio" || one.type === "checkbox") one.checked = true; else one.value = value;
    if (one.value !== value) throw new Error(`${name} does not offer ${value}`);
  });
}"""


@pytest.fixture(scope="module")  # no longer: it keeps an event loop running in this thread
def chromium() -> Iterator[Browser]:
    """The browser, without a window."""
    if CHROMIUM is None:
        pytest.skip(
            "no Chromium here, so no story runs in a browser; on Debian: apt-get install chromium fonts-noto-cjk"
        )
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        except Error as error:
            pytest.skip(f"Chromium does not start here: {error.message.splitlines()[0]}")
        yield opened
        opened.close()


@dataclass
class Site:
    """The pages as people reach them."""

    url: str
    app: FastAPI
    bureau: Bureau
    chromium: Browser
    windows: list[BrowserContext] = field(default_factory=list)

    def window(self, *, width: int = 1280, height: int = 900, script: bool = True) -> Page:
        """A new window that knows nobody."""
        opened = self.chromium.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=script,
        )
        opened.set_default_timeout(PATIENCE_MS)
        self.windows.append(opened)
        return opened.new_page()

    def sign_in(
        self, username: str, *, to: str = "/inbox", page: Page | None = None, width: int = 1280
    ) -> Page:
        """Somebody at their own screen, signed in through the form."""
        page = page or self.window(width=width)
        page.goto(to)
        enter(page, username)
        return page


def enter(page: Page, username: str) -> None:
    """Fill in and send the sign-in form of this page."""
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def fill(page: Page, action: str, fields: Mapping[str, Sequence[str]]) -> None:
    """Fill in a form of the page, field by field, as somebody would who types and ticks."""
    form = page.locator(f"form[action='{action}']")
    unfold(page)
    if len(fields) > LONG:
        form.evaluate(AT_ONCE, fields)
        return
    for name, values in fields.items():
        controls = form.locator(f"[name='{name}']")
        kind = controls.first.evaluate("c => c.type")
        for n, value in enumerate(values):
            if kind in ("radio", "checkbox"):
                controls.and_(form.locator(f"[value='{value}']")).check()
            elif kind == "select-one":
                controls.nth(n).select_option(value)
            else:
                controls.nth(n).fill(value)


def unfold(page: Page) -> None:
    """Open every folded part of the page."""
    page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true })")


@pytest.fixture
def site(register: Register, chromium: Browser) -> Iterator[Site]:
    """The application behind a real socket, over a register with the people of the demonstration."""
    bureau = a_bureau(register)
    with register.writing() as session:
        first, *others = bureau.ids.values()
        set_password(session, first, PASSWORD)  # slow on purpose, so once
        one_hash = session.get_one(Person, first).password_hash
        for person_id in others:
            session.get_one(Person, person_id).password_hash = one_hash
    app = create_app()
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    opened = Site(f"http://127.0.0.1:{port}", app, bureau, chromium)
    yield opened
    for window in opened.windows:
        window.close()
    server.should_exit = True
    running.join(timeout=20)
