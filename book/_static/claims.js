/* claims.html: a bar that filters the claims by verdict and by words. Other pages have no claims, and nothing happens there. */
"use strict";

/** The claims of a section in groups: claims one below the other, and all that belongs to them, up to their code cell. */
function claimGroups(section) {
  const groups = [];
  let open = null;
  for (const element of section.children) {
    if (element.matches(".claim")) {
      if (!open) groups.push((open = { claims: [], parts: [] }));
      open.claims.push(element);
    }
    if (open) open.parts.push(element);
    if (element.matches(".cell")) open = null;
  }
  for (const group of groups) {
    // A test holds each group to one verdict.
    group.verdict = group.claims[0].dataset.verdict;
    group.text = group.parts.map((part) => part.textContent).join(" ").toLowerCase();
  }
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
    `<label class="claims-words">Words or id <input type="search" name="q" spellcheck="false"></label>` +
    `<output role="status"></output>`;
  bar.addEventListener("submit", (event) => event.preventDefault());
  return bar;
}

function startFilter() {
  const claims = [...document.querySelectorAll(".claim[data-verdict]")];
  if (!claims.length) return;
  const sections = [...new Set(claims.map((claim) => claim.parentElement))].map((element) => ({
    element,
    groups: claimGroups(element),
    lines: contentsLines(element),
  }));
  for (const claim of claims) {
    const name = claim.querySelector("strong");
    name.innerHTML = `<a href="#${claim.id}">${name.textContent}</a>`; // to copy, to share
  }
  const counts = { all: claims.length };
  for (const verdict of ["true", "misleading", "depends", "false"])
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
    for (const { element, groups, lines } of sections) {
      let some = false;
      for (const group of groups) {
        const match =
          (verdict.value === "all" || verdict.value === group.verdict) && words.every((word) => group.text.includes(word));
        for (const part of group.parts) part.hidden = !match;
        if (match) shown += group.claims.length;
        some ||= match;
      }
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
