/* The left and right arrow keys lead to the previous and the next page, where nothing has the focus that uses them. */
"use strict";

document.addEventListener("keydown", (event) => {
  const place = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  if (!place || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
  document.querySelector(`a.${place === "prev" ? "left" : "right"}-${place}`)?.click();
});
