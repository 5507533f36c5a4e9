/* The search: sections that have any of the words, best first, as you type; and for a pasted message the clinic's entry.
   What it needs (search-data.js, minisearch.js, the stemmer of language_data.js) is loaded when somebody searches. */
"use strict";

const ROOT = document.documentElement.dataset.content_root ?? "./";
const MOST = 10; // hits that are shown
let engine = null;

// Pages that tell less of a thing than its chapter or its message does, and how much they count beside those.
const LESSER = [
  [/^exercises\/|^book\/(teach|write-an-exercise|kept-true|build)\b/, 0.6],
  [/^book\/claims\b/, 0.7],
  [/#(all-messages|errors-you-will-meet|remember|recall|practise|pitfalls|when-not-to-use-it)$/, 0.7],
];
// How a question is asked tells nothing of what is asked.
const ASKING = "am an any can cannot could did do does doing from get gets getting had has have how i it its me my need should so some than us use used using want we what when where which while why would you your".split(" ");
const TYPED = 8; // among more words than these one that no page has is of a path or a program, and not misspelled

/** The words of a text, and its pairs of neighbours; numbers and shapes differ from case to case and do not count. */
function grams(text) {
  // Older versions of torch call the transposed weight of a layer by another name.
  const words = text.replace(/\bTBackward\d?\b|\bAsStridedBackward\d?\b/g, "AsStrided").toLowerCase().match(/[a-z_]{2,}/g) ?? [];
  return new Set([...words, ...words.slice(1).map((word, i) => `${words[i]} ${word}`)]);
}

/** What may be a message in a text: all of it, and what stands after each name of an exception, without torch's own place. */
function messagesIn(text) {
  const told = text.replace(/\(Triggered internally at [^)]*\).*?(?=\w+(Error|Warning)|$)/gs, " ");
  return [text, ...told.split(/\b[\w.]+(?:Error|Exception|Warning): /).slice(1)];
}

/** The entries whose message is most like the text, best first: at most three, and none if nothing is like it.
    `sure` says whether most of a message is in the text, or the text is a long piece of a message. */
function alike(text, messages) {
  for (const part of messagesIn(text)) {
    const found = likeAll(part, messages);
    if (found.length) return found;
  }
  return [];
}

function likeAll(text, messages) {
  // Of two entries with the same words, the one that gives them first in its cells is the more likely.
  const before = (i) => messages.slice(0, i).filter((message) => message.href === messages[i].href).length;
  const known = messages.map((message, i) => ({ ...message, grams: grams(message.text), order: before(i) }));
  const counts = new Map();
  for (const { grams } of known) for (const gram of grams) counts.set(gram, (counts.get(gram) ?? 0) + 1);
  const weight = (gram) => Math.log((known.length + 1) / (counts.get(gram) ?? 1)); // a rare word tells more
  const sum = (grams) => grams.reduce((total, gram) => total + weight(gram), 0);
  const asked = grams(text);
  if (asked.size < 5) return []; // three words
  for (const message of known) {
    const both = sum([...message.grams].filter((gram) => asked.has(gram)));
    const ofMessage = both / sum([...message.grams]); // all of the message is there, with a traceback around it
    const ofText = both / sum([...asked]); // a piece of the message is all that was pasted
    message.score = both && Math.max(ofMessage, ofText);
    message.both = both;
    message.sure = ofMessage > 0.5 || (ofText > 0.75 && asked.size >= 9);
    message.enough = ofMessage > 0.55 || ofText > (asked.size < 9 ? 0.85 : 0.55); // a few words are in many messages
  }
  const found = known.filter((message) => message.enough);
  found.sort((a, b) => b.score * b.both - a.score * a.both || a.order - b.order);
  const best = found.filter((message) => message.score * message.both > 0.7 * found[0].score * found[0].both);
  return best.filter((message, i) => best.findIndex((other) => other.href === message.href) === i).slice(0, 3);
}

/** Words as the index has them: in lower case, without endings; of `retain_graph` also `retain` and `graph`. */
function terms(text) {
  const words = text.toLowerCase().replace(/n't\b|'s\b/g, "").match(/[a-z0-9_]*[a-z0-9][a-z0-9_]*/g) ?? [];
  return words.flatMap((word) => (word.includes("_") ? [word, ...word.split("_").filter((part) => part.length > 1)] : [word]));
}

function load(name) {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: `${ROOT}_static/${name}`, onload: resolve, onerror: reject });
    document.head.append(script);
  });
}

/** Load what is needed, once, and return a function from words to hits. */
function search() {
  engine ??= Promise.all(["search-data.js", "minisearch.js", "language_data.js"].map(load)).then(() => {
    const stemmer = new Stemmer();
    const ignored = new Set([...stopwords, ...ASKING]);
    const known = new Map(); // how often a word is in the book
    const count = (word) => known.set(word, (known.get(word) ?? 0) + 1);
    const index = new MiniSearch({
      idField: "href",
      fields: ["title", "page", "words", "text"],
      storeFields: ["title", "page", "text", "words"],
      tokenize: terms,
      processTerm: (term) => (ignored.has(term) ? null : stemmer.stemWord(term)),
      searchOptions: {
        boost: { title: 4, words: 4, page: 1.5 },
        prefix: (term) => term.length > 3,
        fuzzy: (term) => (term.length > 5 ? 0.15 : false),
        weights: { prefix: 0.4, fuzzy: 0.2 },
        boostDocument: (href) => LESSER.reduce((weight, [kind, less]) => (kind.test(href) ? weight * less : weight), 1),
      },
    });
    for (const { title, words, text } of window.searchData.sections) terms(`${title} ${words} ${text}`).forEach(count);
    index.addAll(window.searchData.sections);
    return (words) => {
      const asked = words.slice(0, 2000);
      const typed = terms(asked).filter((word) => !ignored.has(word));
      const meant = typed.length > TYPED ? [] : typed.map((word) => nearest(word, known)).filter(Boolean);
      return { meant, hits: index.search([asked, ...meant].join(" ")).slice(0, MOST) };
    };
  });
  return engine;
}

/** How many letters are added, left out, other, or changed with their neighbour between two words. */
function mistakes(one, other) {
  let before = [], last = Array.from({ length: other.length + 1 }, (_, j) => j);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (one[i - 1] !== other[j - 1]));
      if (one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[other.length];
}

/** The book's word that somebody meant who typed one that is not in the book, nor begins one; or null. */
function nearest(word, known) {
  if (word.length < 5 || known.has(word)) return null;
  let best = null, least = word.length < 7 ? 1 : 2, often = 0;
  for (const [other, times] of known) {
    if (other.startsWith(word)) return null; // somebody is typing it
    if (other[0] !== word[0] || Math.abs(other.length - word.length) > least) continue;
    const wrong = mistakes(word, other);
    if (wrong < least || (wrong === least && times > often)) [best, least, often] = [other, wrong, times];
  }
  return best;
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

/** Show what is found for the words in `place`. */
async function show(words, place) {
  if (!words.trim()) return place.replaceChildren();
  const find = await search();
  const found = alike(words, window.searchData.messages);
  const known = new Set(found.map((message) => message.href));
  const { meant, hits: all } = find(words);
  const hits = all.filter((hit) => !known.has(hit.id));
  const list = element("ol", { className: "search-hits" });
  for (const hit of hits) {
    const link = element("a", { href: ROOT + hit.id }, element("span", { textContent: hit.title }));
    if (hit.page !== hit.title) link.append(element("small", { textContent: hit.page }));
    list.append(element("li", {}, link, context(hit)));
  }
  const none = "Nothing has one of these words. Try fewer, or the text of the message.";
  const count = found.length + hits.length;
  const told = `${count} places, the best first${meant.length ? `; also for ${meant.join(", ")}` : ""}`;
  const status = element("p", { className: "search-count", textContent: count ? told : none });
  status.setAttribute("role", "status");
  place.replaceChildren(...(found.length ? [messageBox(found)] : []), status, list);
}

/** Search as somebody types in a field; the arrow keys go through the hits. */
function attach(form) {
  const field = form.querySelector("input[name=q]");
  const onPage = document.getElementById("search-results");
  const place = onPage && !form.closest("dialog") ? onPage : form.insertAdjacentElement("afterend", element("div", { className: "search-place" }));
  let waiting = 0;
  field.addEventListener("focus", () => search(), { once: true });
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show(field.value, place), 120);
  });
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
  if (place === onPage && asked) {
    field.value = asked;
    show(asked, place);
  }
}

document.querySelectorAll("form.bd-search").forEach(attach);
