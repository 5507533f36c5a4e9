// JupyterLab folds the output that settles a prediction, but writes its first line beside the fold: the answer. The
// style is all that this extension holds; make lab loads it, and nothing is installed for it.
const STYLE = `
.jp-OutputPlaceholder .jp-PlaceholderText { font-size: 0; }
.jp-OutputPlaceholder .jp-PlaceholderText::before {
  content: "Predict, then run the cell";
  font: italic var(--jp-content-font-size1) var(--jp-content-font-family);
}
.jp-RenderedMarkdown .prediction { border-left: 0.25rem solid #7a5195; padding: 0.4rem 0 0.4rem 1rem; }
`;

window._JUPYTERLAB = window._JUPYTERLAB || {};
window._JUPYTERLAB["gradstop"] = {
  init() {},
  async get() {
    return () => {
      const style = document.createElement("style");
      style.textContent = STYLE;
      document.head.append(style);
      return {};
    };
  },
};
