// What JupyterLab lacks for this book. make lab loads it from its folder, and the wheel brings it along.

// JupyterLab folds the output that settles a prediction, but writes its first line beside the fold: the answer.
const STYLE = `
.jp-OutputPlaceholder .jp-PlaceholderText { font-size: 0; }
.jp-OutputPlaceholder .jp-PlaceholderText::before {
  content: "Predict, then run the cell";
  font: italic var(--jp-content-font-size1) var(--jp-content-font-family);
}
.jp-RenderedMarkdown .prediction { border-left: 0.25rem solid #7a5195; padding: 0.4rem 0 0.4rem 1rem; }
`;

// JupyterLab 4.6 looks for a link's section before the notebook that it opens knows its headings, and stays at the top.
const LINK = "rendermime:handle-local-link";
const links = {
  id: "gradstop:links",
  autoStart: true,
  activate({ commands, shell }) {
    commands.commandExecuted.connect(async (_, { id, args, result }) => {
      if (id !== LINK || !args.id) return;
      await result;
      const opened = [...shell.widgets("main")].find((widget) => widget.context?.path === args.path);
      const scrolled = opened?.node.querySelector(".jp-WindowedPanel-outer");
      for (let tried = 0; tried < 100 && scrolled?.scrollTop === 0; tried++) {
        opened.setFragment(args.id);
        await new Promise((next) => setTimeout(next, 100));
      }
    });
  },
};

window._JUPYTERLAB = window._JUPYTERLAB || {};
window._JUPYTERLAB["gradstop"] = {
  init() {},
  async get(part) {
    return () => {
      if (part === "./extension") return { __esModule: true, default: links };
      const style = document.createElement("style");
      style.textContent = STYLE;
      document.head.append(style);
      return {};
    };
  },
};
