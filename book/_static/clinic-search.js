/* search.html: if the words asked for are an error message, the clinic's entry on it stands above the results.
   Sphinx looks for pages that have every word, and a pasted message has numbers and shapes that none has. */
"use strict";

/** The words of a text, and its pairs of neighbours; numbers and shapes differ from case to case and do not count. */
function grams(text) {
  // Older versions of torch call the transposed weight of a layer by another name.
  const words = text.replace(/\bTBackward\d?\b|\bAsStridedBackward\d?\b/g, "AsStrided").toLowerCase().match(/[a-z_]{2,}/g) ?? [];
  return new Set([...words, ...words.slice(1).map((word, i) => `${words[i]} ${word}`)]);
}

/** The entries whose message is most like the text, best first: at most three, and none if nothing is like it. */
function alike(text, messages) {
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
    // All of the message is there, with a traceback around it; or a piece of the message is all that was pasted.
    message.score = both && Math.max(both / sum([...message.grams]), both / sum([...asked]));
    message.both = both;
  }
  const found = known.filter((message) => message.score > 0.55);
  found.sort((a, b) => b.score * b.both - a.score * a.both || a.order - b.order);
  const best = found.filter((message) => message.score * message.both > 0.7 * found[0].score * found[0].both);
  return best.filter((message, i) => best.findIndex((other) => other.href === message.href) === i).slice(0, 3);
}

function showEntries() {
  const results = document.getElementById("search-results");
  const table = document.getElementById("clinic-messages");
  const found = results && table ? alike(new URLSearchParams(location.search).get("q") ?? "", JSON.parse(table.textContent)) : [];
  if (!found.length) return;
  const box = document.createElement("section");
  box.className = "clinic-hit";
  box.setAttribute("aria-label", "The error clinic");
  for (const { text, title, href } of found) {
    const line = document.createElement("p");
    const link = Object.assign(document.createElement("a"), { href, textContent: title });
    const message = Object.assign(document.createElement("code"), { textContent: text });
    line.append(box.childElementCount ? "Or in " : "This message is explained in ", link, ": ", message);
    box.append(line);
  }
  results.before(box);
}

showEntries();
