/* A word of the glossary says what it means when it is pointed at or has the focus; Escape takes the definition away. */
"use strict";

(() => {
  const ROOT = document.documentElement.dataset.content_root ?? "./";
  const NAME = "term-definition";
  let data = null; // loaded when the first word is pointed at
  let shown = null;

  function load() {
    data ??= new Promise((resolve) => {
      const onload = () => resolve(window.glossary);
      document.head.append(Object.assign(document.createElement("script"), { src: `${ROOT}_static/glossary-data.js`, onload }));
    });
    return data;
  }

  function hide() {
    document.getElementById(NAME)?.remove();
    shown?.removeAttribute("aria-describedby");
    shown = null;
  }

  /** Put the definition above its word, or below where there is no room. */
  function place(link, box) {
    const word = link.getClientRects()[0];
    const left = Math.min(word.left, document.documentElement.clientWidth - box.offsetWidth - 8);
    const above = word.top > box.offsetHeight + 8;
    box.style.left = `${Math.max(8, left)}px`;
    box.style.top = `${above ? word.top - box.offsetHeight : word.bottom}px`;
  }

  async function show(link) {
    if (link === shown) return;
    hide();
    shown = link;
    const text = (await load())[decodeURIComponent(link.hash.slice(1))];
    if (shown !== link || !text) return;
    const box = Object.assign(document.createElement("div"), { id: NAME, textContent: text });
    box.setAttribute("role", "tooltip");
    document.querySelector("article").append(box);
    link.setAttribute("aria-describedby", NAME);
    place(link, box);
    box.addEventListener("pointerleave", (event) => event.relatedTarget !== link && hide());
  }

  for (const link of document.querySelectorAll('article a[href*="glossary.html#"]')) {
    link.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && show(link));
    link.addEventListener("focus", () => show(link));
    link.addEventListener("pointerleave", (event) => event.relatedTarget?.id !== NAME && hide());
    link.addEventListener("blur", hide);
  }
  document.addEventListener("scroll", () => document.getElementById(NAME) && place(shown, document.getElementById(NAME)), { passive: true });
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());
})();
