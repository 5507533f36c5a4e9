/* Of a pasted message, the clinic's entries that explain it. */
"use strict";

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

// Python's own messages, which differ in no more than names, and what names these are.
const OWN = /'([\w.]+)' object has no attribute '(\w+)'|operand type\(s\) for [^:]+: '([\w.]+)' and '([\w.]+)'|'([\w.]+)' object is not (\w+)|(\w+)\(\) takes \d+ positional/;
const named = (text) => OWN.exec(text)?.slice(1).filter(Boolean).sort().join();

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
  // Of Python's own message on an attribute all but its name is the same for each.
  const attribute = (text) => /has no attribute '(\w+)'/.exec(text)?.[1];
  const wanted = attribute(text), names = named(text);
  for (const message of known) {
    const both = sum([...message.grams].filter((gram) => asked.has(gram)));
    const ofMessage = both / sum([...message.grams]); // all of the message is there, with a traceback around it
    const ofText = both / sum([...asked]); // a piece of the message is all that was pasted
    message.score = both && Math.max(ofMessage, ofText);
    message.both = both;
    message.sure = (ofMessage > 0.5 || (ofText > 0.75 && asked.size >= 9)) && (!names || named(message.text) === names);
    message.enough = ofMessage > 0.55 || ofText > (asked.size < 9 ? 0.85 : 0.55); // a few words are in many messages
  }
  const found = known.filter((message) => message.enough && (!wanted || attribute(message.text) === wanted));
  found.sort((a, b) => b.score * b.both - a.score * a.both || a.order - b.order);
  const best = found.filter((message) => message.score * message.both > 0.7 * found[0].score * found[0].both);
  return best.filter((message, i) => best.findIndex((other) => other.href === message.href) === i).slice(0, 3);
}
