/* Of words, the sections that have any of them, best first. */
"use strict";

const MOST = 10; // hits that are shown
// Pages that tell less of a thing than its chapter or its message does, and how much they count beside those.
const LESSER = [
  [/^exercises\/|^book\/(teach|write-an-exercise|kept-true|build)\b/, 0.6],
  [/^book\/claims\b/, 0.7],
  [/#(all-messages|errors-you-will-meet|remember|recall|practise|pitfalls|when-not-to-use-it)$/, 0.7],
];
// How a question is asked tells nothing of what is asked. That something does not happen does.
const ASKING = "actually always am an any call called calling can cannot could did do does doing ever exactly explain from get gets getting had happen happens has have help how i instead it its just know me my need once only please really should so some still tell than think understand us use used using want way we what when where which while why would you your".split(" ");
// Somebody who asks for no more than a few words' meaning gets the glossary's entry.
const DEFINED = /^\s*what(?:['’]?s|\s+is|\s+are)\b/i, FEW = 3;
const NAMED = 2; // a name of a program, or a sign, tells more than a word beside it
const SAME = 3; // a title is what was asked
const TYPED = 8; // among more words than these one that no page has is of a path or a program, and not misspelled

/** Words as the index has them: in lower case, without endings and accents; of `retain_graph` also `retain` and `graph`;
    a sign of an edit in place, as in `a += b`; and "in place" as one word. */
function terms(text) {
  const plain = text.toLowerCase().normalize("NFD").replace(/n['’]t\b/g, " not").replace(/\p{M}|['’]s\b/gu, "")
    .replace(/\bin[-\s]place\b/g, "inplace");
  const words = plain.match(/[-+*/]=|[a-z0-9_]*[a-z0-9][a-z0-9_]*/g) ?? [];
  return words.flatMap((word) => (word.includes("_") ? [word, ...word.split("_").filter((part) => part.length > 1)] : [word]));
}

/** Return a function from words to hits, once the data, MiniSearch and the stemmer are loaded. */
function searcher() {
  const stemmer = new Stemmer();
  const ignored = new Set([...stopwords, ...ASKING].filter((word) => word !== "not"));
  const meanings = new Map(Object.entries(window.searchData.meanings));
  const known = new Map(); // how often a word is in the book
  const count = (word) => known.set(word, (known.get(word) ?? 0) + 1);
  const stems = (text) => terms(text).filter((word) => !word.includes("_")).map((word) => stemmer.stemWord(word)).join(" ");
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
      bm25: { k: 1.2, b: 0.4, d: 0.5 }, // people have many words for some sections: b, by which length counts, is less
      boostDocument: (href) => LESSER.reduce((weight, [kind, less]) => (kind.test(href) ? weight * less : weight), 1),
    },
  });
  for (const { title, words, text } of window.searchData.sections) terms(`${title} ${words} ${text}`).forEach(count);
  index.addAll(window.searchData.sections);
  return (words) => {
    const all = terms(words.slice(0, 2000));
    const joined = all.slice(1).map((word, i) => `${all[i]}_${word}`); // "no grad" is meant for no_grad
    const typed = [...all, ...joined.filter((name) => known.has(name))].filter((word) => !ignored.has(word));
    const names = typed.filter((word) => word.includes("_") && (known.has(word) || meanings.has(word)));
    const parts = new Set(names.flatMap((word) => word.split("_"))); // a name that the book has, or knows another for, is one
    const single = typed.filter((word) => !parts.has(word));
    const other = (word) => meanings.get(word) ?? (typed.length > TYPED ? [] : (nearest(word, known) ?? []));
    const meant = [...new Set(single.flatMap(other))].filter(Boolean);
    const asked = single.filter((word) => !meanings.has(word));
    const defined = DEFINED.test(words) && asked.length <= FEW ? ["glossary"] : [];
    const wanted = [...new Set([...asked, ...meant.flatMap(terms), ...defined])];
    const hits = index.search(wanted.join(" "), {
      tokenize: (text) => text.split(" "),
      boostTerm: (term) => (/[_=]/.test(term) && typed.includes(term) ? NAMED : 1),
    });
    // A section that has several of the words is likelier meant than one that has the rarest; one with this very title most.
    const said = stems([...new Set(asked)].join(" "));
    const isTitle = ({ title, page }) => stems(title) === said && (page === "Glossary") === wanted.includes("glossary");
    for (const hit of hits) hit.score *= Math.sqrt(hit.queryTerms.length) * (isTitle(hit) ? SAME : 1);
    return { meant, hits: hits.sort((a, b) => b.score - a.score).slice(0, MOST) };
  };
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
