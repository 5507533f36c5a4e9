/* "Cut it yourself": a program with choices, each of whose outcomes was executed when the site was built (cut_yourself.py).
   The address holds the choices; the score, the solved challenges and the setting stay in this browser. */
"use strict";

const KEEP = "cut-it-yourself";

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const slug = (text) => text.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");

/** What stays on the reader's machine; where nothing may be stored, for this visit. */
const kept = { guessed: 0, right: 0, solved: [], predict: true };
function keep() {
  try {
    localStorage.setItem(KEEP, JSON.stringify(kept));
  } catch {}
}
function recall() {
  try {
    Object.assign(kept, JSON.parse(localStorage.getItem(KEEP)));
  } catch {}
}

/** One program: its lines, what each did, its verdict. `data` is the table, `selection` an option for each choice. */
function outcome(data, selection) {
  const at = (count) =>
    data.choices.slice(0, count).reduce((row, { taken }, i) => row * taken.length + taken.indexOf(selection[i]), 0);
  const texts = Object.fromEntries(data.choices.map(({ name, options }, i) => [name, options[selection[i]]]));
  let choices = 0;
  const lines = data.lines.map((line, index) => {
    choices += (line.match(/{\w+}/g) ?? []).length;
    const row = at(choices);
    const text = line.replace(/{(\w+)}/g, (_, name) => texts[name]);
    return { text, note: data.texts[data.notes[index][row]], raised: data.texts[data.raised[index][row]] };
  });
  const row = at(data.choices.length);
  const [verdict, reason] = data.reasons[data.rows.reason[row]];
  const line = lines.findIndex(({ raised }) => raised);
  return {
    ...{ selection, lines, line, reason, verdict: data.verdicts[verdict], message: lines[line]?.raised },
    statement: data.rows.statement[row],
    states: data.states[data.rows.state[row]],
    before: data.drawings[data.rows.before[row]],
    after: data.drawings[data.rows.after[row]],
  };
}

function drawn(data, drawing, caption) {
  if (!drawing) return `<figure class="gs"><figcaption>${caption}</figcaption><p>Not reached.</p></figure>`;
  const [sentences, places] = drawing;
  let svg = "";
  for (let i = 0; i < places.length; i += 3) {
    const [part, x, y] = [data.parts[places[i]], places[i + 1], places[i + 2]];
    svg += x || y ? `<g transform="translate(${x} ${y})">${part}</g>` : part;
  }
  const words = sentences.map((sentence) => data.sentences[sentence]).join("");
  svg = svg.replace('aria-label=""', () => `aria-label="${caption}. ${words}"`);
  return `<figure class="gs"><figcaption>${caption}</figcaption>${svg}</figure>`;
}

const signed = (data, verdict) =>
  `<strong data-verdict="${verdict}"><span aria-hidden="true">${data.signs[verdict]}</span> ${verdict}</strong>`;

class Cut {
  constructor(place, data) {
    this.data = data;
    this.place = place;
    this.small = place.dataset.size === "small";
    this.selects = [...place.querySelectorAll(".cut-program select")];
    this.pinned = null;
    this.challenge = null;
    this.open = true;
    if (!this.small) this.addControls();
    this.takeAddress();
    place.addEventListener("change", (event) => event.target.matches(".cut-program select") && this.chosen());
    if (!this.small) addEventListener("hashchange", () => this.takeAddress() && this.show());
    for (const link of document.querySelectorAll(".cut-surprises a")) link.addEventListener("click", (event) => this.turnTo(event));
    if (!this.small) this.show();
    place.dataset.ready = "";
  }

  part(name) {
    return this.place.querySelector(`.cut-${name}`);
  }

  get selection() {
    const options = Object.fromEntries(this.selects.map(({ name, value }) => [name, Number(value)]));
    return this.data.choices.map(({ name, taken }) => options[name] ?? taken[0]);
  }

  set selection(selection) {
    for (const select of this.selects)
      select.value = selection[this.data.choices.findIndex(({ name }) => name === select.name)];
  }

  /** Take the choices of the address; without any there are none to take. */
  takeAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (this.small || !this.data.choices.some(({ name }) => asked.has(name))) return false;
    this.selection = this.data.choices.map(({ name, options }) =>
      Math.max(0, options.findIndex((text) => slug(text) === asked.get(name))),
    );
    const number = Number(asked.get("challenge"));
    this.challenge = this.data.challenges[number - 1] ?? null;
    this.part("challenge").querySelector("select").value = this.challenge ? String(number - 1) : "";
    this.open = !kept.predict;
    return true;
  }

  address(selection) {
    const told = this.data.choices.map(({ name, options }, i) => [name, slug(options[selection[i]])]);
    if (this.challenge) told.push(["challenge", 1 + this.data.challenges.indexOf(this.challenge)]);
    return "#" + new URLSearchParams(told);
  }

  /** Show the program to who has chosen it further down, and go on from it. */
  turnTo(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // into another tab
    event.preventDefault();
    history.pushState(null, "", event.currentTarget.hash);
    this.takeAddress();
    this.show();
    const next = this.open ? this.part("verdict") : this.part("predict").querySelector("button");
    next.focus({ preventScroll: true });
    this.part("program").scrollIntoView();
  }

  chosen() {
    this.open = this.small || !kept.predict;
    if (!this.small) history.replaceState(null, "", this.address(this.selection));
    this.show();
  }

  addControls() {
    this.open = !kept.predict;
    const field = this.part("challenge").querySelector("select");
    field.addEventListener("change", () => this.begin(field.value));
    this.markSolved();
    this.part("predict").querySelector("input").checked = kept.predict;
    for (const button of this.part("predict").querySelectorAll("fieldset button"))
      button.addEventListener("click", () => this.guess(button.value));
    this.part("predict").querySelector("input").addEventListener("change", (event) => {
      kept.predict = event.target.checked;
      this.open = this.open || !kept.predict;
      keep();
      this.show();
    });
    this.part("clear").addEventListener("click", () => {
      Object.assign(kept, { guessed: 0, right: 0, solved: [] });
      keep();
      this.markSolved();
      this.show();
    });
    this.part("pin").addEventListener("click", () => {
      this.pinned = this.pinned ? null : this.selection;
      this.show();
    });
  }

  begin(value) {
    this.challenge = value === "" ? null : this.data.challenges[value];
    if (this.challenge) this.selection = this.challenge.start;
    this.chosen();
  }

  guess(verdict) {
    this.open = true;
    this.guessed = verdict;
    const found = outcome(this.data, this.selection);
    if (verdict) {
      kept.guessed += 1;
      kept.right += verdict === found.verdict;
      keep();
    }
    this.show();
    this.part("verdict").focus();
  }

  solves(found) {
    const { start, changes, verdicts, needs, line } = this.challenge;
    return (
      verdicts.includes(found.verdict) &&
      found.selection.filter((option, i) => option !== start[i]).length <= changes &&
      this.data.choices.every(({ name, options }, i) => !needs[name] || needs[name].includes(options[found.selection[i]])) &&
      (line === null || line === found.line)
    );
  }

  markSolved() {
    for (const option of this.part("challenge").querySelectorAll("option[value]:not([value=''])"))
      option.textContent =
        option.textContent.replace(/^✓ /, "").replace(/^/, kept.solved.includes(option.value) ? "✓ " : "");
  }

  show() {
    const found = outcome(this.data, this.selection);
    const other = this.pinned && outcome(this.data, this.pinned);
    this.place.classList.toggle("cut-covered", !this.open);
    for (const element of this.place.querySelectorAll(".cut-line")) {
      const line = found.lines[element.dataset.line];
      const raised = line.raised ? `raises ${line.raised.split(":")[0]}` : "";
      const note = element.querySelector(".cut-note");
      const unreached = found.line >= 0 && element.dataset.line > found.line;
      note.textContent = this.open && !this.small ? (unreached ? "not reached" : [line.note, raised].filter(Boolean).join("; ")) : "";
      note.classList.toggle("cut-raised", Boolean(raised));
    }
    this.part("verdict").innerHTML = this.open ? this.told(found) : "";
    this.part("outcome").querySelectorAll("style").forEach((style) => (this.style = `<style>${style.textContent}</style>`));
    this.part("outcome").innerHTML = (this.style ?? "") + (this.open ? this.shown(found, other) : "");
    if (!this.small) this.showControls(found);
    this.guessed = "";
  }

  told(found) {
    const { data } = this;
    const root = document.documentElement.dataset.content_root ?? "./";
    const prediction = this.guessed
      ? `<p>You said ${this.guessed}: ${this.guessed === found.verdict ? "so it is." : "it is not."}</p>`
      : "";
    const second = found.statement ? ", in its second statement" : "";
    const message = found.message
      ? `<p>Line ${found.line + 1}${second}: <a href="${root}${data.clinic[found.message]}"><code>${escaped(found.message)}</code></a></p>`
      : `<p>${escaped(found.reason)}</p>`;
    return `${prediction}<p class="cut-said">${signed(data, found.verdict)}</p>${message}`;
  }

  shown(found, other) {
    const { data } = this;
    if (this.small) return drawn(data, found.after, "At the end");
    const pinned = other ? this.compared(found, other) : "";
    const pictures = drawn(data, found.before, "Before backward") + drawn(data, found.after, "At the end");
    return `${pinned}<div class="gs-beside">${pictures}</div>${this.states(found)}${this.reading(found)}`;
  }

  states(found) {
    const { data } = this;
    const heads = { kind: "kind", values: "values", grad: ".grad", grad_fn: "grad_fn", version: "version", memory: "memory" };
    const head = data.names.map((name) => `<th scope="col">${name}</th>`).join("");
    const rows = data.fields.map((field, i) => {
      const cells = found.states.map((state) => `<td>${state.length ? escaped(state[i]) || "its own" : "not there"}</td>`);
      return `<tr><th scope="row">${heads[field]}</th>${cells.join("")}</tr>`;
    });
    return `<table class="table cut-states"><caption>The tensors at the end</caption><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }

  reading(found) {
    const { data } = this;
    const root = document.documentElement.dataset.content_root ?? "./";
    const texts = data.choices.map(({ options }, i) => options[found.selection[i]]);
    const places = new Map(texts.filter((text) => data.sections[text]).map((text) => data.sections[text]));
    const links = [...places].map(([href, title]) => `<a href="${root}${href}">${escaped(title)}</a>`);
    return links.length ? `<p>Read: ${links.join("; ")}. Executed on torch ${data.torch}.</p>` : "";
  }

  /** The pinned program beside the chosen one, line by line; what differs is marked. */
  compared(found, other) {
    if (found.selection.every((option, i) => option === other.selection[i])) return "<p>This program is pinned. Choose another one: the lines that differ are shown here.</p>";
    const mark = (text, against) => (text === against ? escaped(text) : `<mark>${escaped(text) || "nothing"}</mark>`);
    const note = ({ note, raised }) => [note, raised].filter(Boolean).join("; ");
    const rows = found.lines.map((line, i) => {
      const pinned = other.lines[i];
      const cell = (one, two) => `<td><code>${mark(one.text, two.text)}</code><br><small>${mark(note(one), note(two))}</small></td>`;
      return line.text === pinned.text && note(line) === note(pinned) ? "" : `<tr>${cell(pinned, line)}${cell(line, pinned)}</tr>`;
    });
    const verdicts = [other, found].map((one) => `<td>${signed(this.data, one.verdict)}</td>`).join("");
    const head = `<thead><tr><th scope="col">pinned</th><th scope="col">chosen</th></tr></thead>`;
    return `<table class="table cut-compared"><caption>The lines that differ</caption>${head}<tbody>${rows.join("")}<tr>${verdicts}</tr></tbody></table>`;
  }

  showControls(found) {
    const { guessed, right, solved } = kept;
    this.part("score").textContent = `Right: ${right} of ${guessed} predictions. Solved: ${solved.length} of ${this.data.challenges.length} challenges.`;
    this.part("pin").textContent = this.pinned ? "unpin" : "pin this program";
    this.part("predict").querySelector("fieldset").hidden = this.open;
    const said = this.part("challenge").querySelector("p");
    const number = this.part("challenge").querySelector("select").value;
    if (!this.challenge) return void (said.textContent = "");
    const done = this.open && this.solves(found);
    if (done && !solved.includes(number)) {
      solved.push(number);
      keep();
      this.markSolved();
      return this.showControls(found);
    }
    said.textContent = this.challenge.text + (done ? " ✓ Solved." : this.open ? " Not yet." : "");
  }
}

function start() {
  const place = document.querySelector(".cut-it");
  if (!place) return;
  recall();
  const root = document.documentElement.dataset.content_root ?? "./";
  const script = Object.assign(document.createElement("script"), { src: `${root}_static/cut-${place.dataset.size}.js` });
  script.onload = () => new Cut(place, window.cutData);
  script.onerror = () => (place.querySelector(".cut-verdict").textContent = "What torch did could not be loaded. Load the page once more.");
  document.head.append(script);
}

start();
