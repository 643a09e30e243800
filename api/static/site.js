// What somebody types in an answer is kept as a draft while they type. Without scripts the button does the same.
"use strict";

const PAUSE_MS = 20000;

for (const form of document.querySelectorAll("form[data-draft]")) {
  const said = form.querySelector("[data-saved]");
  let typed = false;
  let sending = false;

  form.addEventListener("input", () => { typed = true; });
  form.addEventListener("submit", () => { sending = true; });

  const keep = async () => {
    if (!typed || sending) return;
    typed = false;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "draft");
    try {
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", headers: { accept: "text/html" } });
      if (answer.type === "opaqueredirect") {
        const now = new Date();
        const two = (n) => String(n).padStart(2, "0");
        said.textContent = `${said.dataset.saved} ${two(now.getHours())}:${two(now.getMinutes())}`;
      } else {
        said.textContent = answer.status === 401 ? said.dataset.ended : said.dataset.refused;
      }
    } catch {
      typed = true;
      said.textContent = said.dataset.refused;
    }
  };
  setInterval(keep, PAUSE_MS);
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
}
