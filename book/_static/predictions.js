/* Remembers the first option that a reader opens of each prediction, on the reader's machine, until it is cleared. */
"use strict";

(() => {
  const KEY = "gradstop-predictions";
  const PAGE = location.pathname.split("/").pop();
  const predictions = [...document.querySelectorAll(".prediction")];
  const said = (element) => element.textContent.trim();
  const question = (prediction) => `${PAGE}: ${said(prediction.querySelector(".prediction-question"))}`;
  let first = {}; // for each question the option that was opened first, and whether it is right

  try {
    first = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {} // none is kept, or none may be

  function keep() {
    try {
      localStorage.setItem(KEY, JSON.stringify(first));
    } catch {} // then it is remembered while the page is open
  }

  const counted = (answers) => `${answers.filter(({ right }) => right).length} of ${answers.length}`;

  function show() {
    const here = predictions.map((prediction) => first[question(prediction)]).filter(Boolean);
    for (const prediction of predictions) {
      const answer = first[question(prediction)];
      for (const option of prediction.querySelectorAll("details[data-answer]"))
        option.classList.toggle("predicted", said(option.querySelector("summary")) === answer?.option);
      prediction.querySelector(".prediction-score")?.remove();
      if (!answer) continue;
      const score = Object.assign(document.createElement("p"), { className: "prediction-score" });
      score.append(`First choices that were right: ${counted(here)} on this page, ${counted(Object.values(first))} in the book. `);
      const clear = Object.assign(document.createElement("button"), { type: "button", textContent: "Clear all" });
      clear.addEventListener("click", () => {
        first = {};
        keep();
        prediction.querySelector("summary").focus();
        for (const option of document.querySelectorAll(".prediction details[data-answer]")) option.open = false;
        show();
      });
      score.append(clear);
      prediction.append(score);
    }
  }

  for (const prediction of predictions)
    for (const option of prediction.querySelectorAll("details[data-answer]")) {
      const text = said(option.querySelector("summary"));
      if (first[question(prediction)]?.option === text) option.open = true;
      option.querySelector("summary").addEventListener("click", () => {
        if (option.open || first[question(prediction)]) return;
        first[question(prediction)] = { option: text, right: option.dataset.answer === "right" };
        keep();
        show();
      });
    }
  show();
})();
