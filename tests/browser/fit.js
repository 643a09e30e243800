// What keeps a page from being fit for everybody: one line for each fault, none when it is fit.
() => {
  const faults = [];
  const seen = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
  const name = (e) => `<${e.tagName.toLowerCase()}${e.id ? " #" + e.id : ""}${e.name ? " " + e.name : ""}> ${(e.textContent || "").trim().slice(0, 24)}`;

  if (!document.documentElement.lang) faults.push("the page has no language");
  if (!document.title.trim()) faults.push("the page has no title");
  for (const mark of ["header", "main", "nav", "footer"]) if (!document.querySelector(mark)) faults.push(`no <${mark}>`);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) faults.push(`the id ${id} stands twice`);

  const heads = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((e) => [Number(e.tagName[1]), e]);
  if (heads.filter(([level]) => level === 1).length !== 1) faults.push("not exactly one h1");
  heads.slice(1).forEach(([level, e], n) => { if (level > heads[n][0] + 1) faults.push(`a level is skipped before ${name(e)}`); });

  for (const e of document.querySelectorAll("input:not([type=hidden]),select,textarea"))
    if (!(e.labels && e.labels.length && [...e.labels].some((l) => l.textContent.trim())) && !e.getAttribute("aria-label")) faults.push(`no label: ${name(e)}`);
  for (const e of document.querySelectorAll("a[href],button"))
    if (!e.textContent.trim() && !e.getAttribute("aria-label")) faults.push(`says nothing: ${name(e)} ${e.getAttribute("href") || ""}`);
  for (const e of document.querySelectorAll("img")) if (!e.hasAttribute("alt")) faults.push(`a picture without words: ${e.src}`);
  for (const e of document.querySelectorAll("[aria-describedby],[aria-labelledby]"))
    for (const id of `${e.getAttribute("aria-describedby") || ""} ${e.getAttribute("aria-labelledby") || ""}`.split(/\s+/).filter(Boolean))
      if (!document.getElementById(id)) faults.push(`${name(e)} is described by ${id}, which is not there`);

  const parse = (text) => { const [r, g, b, a = 1] = (text.match(/[\d.]+/g) || []).map(Number); return [r, g, b, a]; };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const pale = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !e || !seen(e) || e.closest("[disabled],svg,script,option")) continue;
    const style = getComputedStyle(e), size = parseFloat(style.fontSize);
    const [one, two] = [light(parse(style.color)), light(behind(e))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    if (ratio < needed) pale.add(`contrast ${ratio.toFixed(2)} is below ${needed}: ${name(e)}`);
  }
  return [...faults, ...pale];
}
