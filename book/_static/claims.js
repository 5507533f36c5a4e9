/* claims.html: a bar that filters the claims by verdict and by words. Other pages have no claims, and nothing happens there. */
"use strict";

/** The claims of a section in groups: each with all that belongs to it, up to its code cell; or a row of the table. */
function claimGroups(section) {
  const groups = [];
  let open = null;
  for (const element of section.children) {
    if (element.matches(".claim")) groups.push((open = { claim: element, parts: [] }));
    open?.parts.push(element);
    if (element.matches(".cell")) open = null;
  }
  for (const row of section.querySelectorAll("tr.claim")) groups.push({ claim: row, parts: [row] });
  for (const group of groups)
    group.text = [group.claim.id, ...group.parts.map((part) => part.textContent)].join(" ").toLowerCase();
  return groups;
}

/** The lines of the page's contents that lead to a section. */
function contentsLines(section) {
  return [...document.querySelectorAll(`nav a[href="#${section.id}"]`)].map((link) => link.closest("li") ?? link);
}

function buildBar(counts) {
  const bar = document.createElement("form");
  bar.className = "claims-bar";
  bar.setAttribute("role", "search");
  bar.setAttribute("aria-label", "Filter the claims");
  bar.autocomplete = "off";
  const choice = ([verdict, count]) =>
    `<label><input type="radio" name="verdict" value="${verdict}"> ${verdict} <small>${count}</small></label>`;
  bar.innerHTML =
    `<fieldset><legend>Verdict</legend>${Object.entries(counts).map(choice).join("")}</fieldset>` +
    `<label class="claims-words">Is it true that … <input type="search" name="q" spellcheck="false"></label>` +
    `<output role="status"></output>`;
  bar.addEventListener("submit", (event) => event.preventDefault());
  return bar;
}

function startFilter() {
  const claims = [...document.querySelectorAll(".claim[data-verdict]")];
  if (!claims.length) return;
  const sections = [...new Set(claims.map((claim) => claim.closest("section")))].map((element) => ({
    element,
    groups: claimGroups(element),
    lines: contentsLines(element),
    table: element.querySelector("details:has(tr.claim)"),
  }));
  for (const claim of claims) {
    const name = claim.querySelector("strong");
    if (name) name.innerHTML = `<a href="#${claim.id}">${name.innerHTML}</a>`; // to copy, to share
  }
  const counts = { all: claims.length };
  for (const verdict of ["true", "false", "depends"])
    counts[verdict] = claims.filter((claim) => claim.dataset.verdict === verdict).length;

  const bar = buildBar(counts);
  const { verdict, q } = bar.elements;
  const output = bar.querySelector("output");
  const lead = sections[0].element.parentElement.querySelector(":scope > p:nth-of-type(2)");
  lead.after(bar);
  const opening = []; // how to read the page: no part of a filter's result
  for (let next = bar.nextElementSibling; next !== sections[0].element; next = next.nextElementSibling)
    opening.push(next, ...(next.id ? contentsLines(next) : []));

  function apply() {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtered = verdict.value !== "all" || words.length > 0;
    let shown = 0;
    for (const part of opening) part.hidden = filtered;
    for (const { element, groups, lines, table } of sections) {
      let some = false;
      for (const { claim, parts, text } of groups) {
        const match =
          (verdict.value === "all" || verdict.value === claim.dataset.verdict) && words.every((word) => text.includes(word));
        for (const part of parts) part.hidden = !match;
        if (match) shown += 1;
        some ||= match;
      }
      if (table) table.open = filtered;
      element.hidden = !some;
      for (const line of lines) line.hidden = !some;
    }
    output.textContent = `${shown} of ${claims.length} claims`;
  }

  function remember(hash = "") {
    const url = new URL(location.href);
    const set = (name, value) => (value ? url.searchParams.set(name, value) : url.searchParams.delete(name));
    set("verdict", verdict.value === "all" ? "" : verdict.value);
    set("q", q.value.trim());
    url.hash = hash;
    try {
      history.replaceState(null, "", url);
    } catch {
      // Too many changes in a short time, or a page without an origin: the filter works all the same.
    }
  }

  function goToHash() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.closest("[hidden]")) {
      verdict.value = "all";
      q.value = "";
      apply();
      remember(location.hash);
    }
    const table = target.closest("details");
    if (table) table.open = true;
    target.scrollIntoView();
  }

  const asked = new URLSearchParams(location.search);
  verdict.value = asked.get("verdict") in counts ? asked.get("verdict") : "all";
  q.value = asked.get("q") ?? "";
  apply();
  goToHash();
  addEventListener("hashchange", goToHash);
  bar.addEventListener("input", () => {
    apply();
    remember();
    const above = lead.getBoundingClientRect().bottom - (parseFloat(getComputedStyle(bar).top) || 0);
    if (above < 0) scrollBy({ top: above, behavior: "instant" }); // the results begin below the bar
  });
}

startFilter();
