/* The search: sections that have any of the words, best first, as you type (search-sections.js); and for a pasted message
   the clinic's entry (search-messages.js). */
"use strict";

const ROOT = document.documentElement.dataset.content_root ?? "./";
// What finds, and what it needs: loaded when somebody searches.
const FILES = ["search-data", "search-messages", "search-sections", "minisearch", "language_data"];
let engine = null;

function load(name) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: `${ROOT}_static/${name}.js`, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

/** Load what is needed, once, and return a function from words to hits. */
function search() {
  engine ??= Promise.all(FILES.map(load)).then(() => searcher());
  engine.catch(() => (engine = null)); // the network may be back for the next letter
  return engine;
}

/** A line of a hit's text around the words that were found. */
function context(hit, asked) {
  const stems = new Set(Object.keys(hit.match));
  const stemmer = new Stemmer();
  const words = hit.text.split(" ");
  const told = words.map((word) => terms(word).some((term) => stems.has(stemmer.stemWord(term))));
  let best = 0, most = -1;
  for (let i = 0; i < words.length; i += 4) {
    const count = told.slice(i, i + 24).filter(Boolean).length;
    if (count > most) [best, most] = [i, count];
  }
  const line = document.createElement("p");
  if (best) line.append("… ");
  words.slice(best, best + 24).forEach((word, i) => {
    line.append(told[best + i] ? Object.assign(document.createElement("mark"), { textContent: word }) : word, " ");
  });
  return line;
}

function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}

function messageBox(found) {
  const box = element("section", { className: "clinic-hit" });
  box.setAttribute("aria-label", "The error clinic");
  for (const { text, title, href, sure } of found) {
    const first = sure ? "This message is explained in " : "Perhaps the message that is explained in ";
    const link = element("a", { href: ROOT + href, textContent: title });
    box.append(element("p", {}, box.childElementCount ? "Or in " : first, link, ": ", element("code", { textContent: text })));
  }
  return box;
}

/** Where a place says how much was found: it stays, so that what is said in it is read out. */
function statusOf(place) {
  const status = place.querySelector(":scope > [role=status]") ?? place.appendChild(element("div", {}));
  status.setAttribute("role", "status");
  return status;
}

/** Show what is found for the words in `place`. */
async function show(words, place) {
  const status = statusOf(place);
  const say = (textContent) => status.replaceChildren(element("p", { className: "search-count", textContent }));
  place.setAttribute("aria-busy", "true"); // until the index is loaded
  const find = words.trim() && (await search().catch(() => () => null));
  place.removeAttribute("aria-busy");
  const result = find && find(words);
  for (const old of place.querySelectorAll(":scope > :not([role=status])")) old.remove();
  if (!find) return status.replaceChildren();
  if (!result) return say("The search could not be loaded.");
  const found = alike(words, window.searchData.messages);
  const known = new Set(found.map((message) => message.href));
  const hits = result.hits.filter((hit) => !known.has(hit.id));
  const list = element("ol", { className: "search-hits" });
  for (const hit of hits) {
    const link = element("a", { href: ROOT + hit.id }, element("span", { textContent: hit.title }));
    if (hit.page !== hit.title) link.append(element("small", { textContent: hit.page }));
    list.append(element("li", {}, link, context(hit)));
  }
  const count = found.length + hits.length;
  const meant = result.meant.length ? `; also for ${result.meant.join(", ")}` : "";
  const none = "Nothing has one of these words. Try fewer, or the text of the message.";
  say(count ? `${count} places, the best first${meant}` : none);
  place.append(...(found.length ? [messageBox(found)] : []), list);
}

/** Search as somebody types in a field; the arrow keys go through the hits. */
function attach(form) {
  const field = form.querySelector("input[name=q]");
  const inDialog = form.closest("dialog");
  const onPage = document.getElementById("search-results");
  const place = onPage && !inDialog ? onPage : form.insertAdjacentElement("afterend", element("div", { className: "search-place" }));
  statusOf(place);
  let waiting = 0;
  field.addEventListener("focus", () => search(), { once: true });
  const answer = () => {
    clearTimeout(waiting);
    show(field.value, place);
    // Who comes back from a hit finds what was asked.
    if (!inDialog) history.replaceState(history.state, "", field.value ? `?q=${encodeURIComponent(field.value)}` : location.pathname);
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(answer, 120);
  });
  if (place === onPage) {
    form.addEventListener("submit", (event) => {
      event.preventDefault(); // the form leads to this page
      answer();
    });
  }
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = [field, ...place.querySelectorAll("a")];
    const next = links[links.indexOf(document.activeElement) + step];
    if (next) event.preventDefault(), next.focus();
  };
  field.addEventListener("keydown", move);
  place.addEventListener("keydown", move);
  const asked = new URLSearchParams(location.search).get("q");
  if (!inDialog && asked) {
    field.value = asked;
    show(asked, place);
  }
}

document.querySelectorAll("form.bd-search").forEach(attach);
