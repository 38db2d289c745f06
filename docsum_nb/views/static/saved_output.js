// What a notebook that is open here saves of a run, and what it shows of one that is over.
//
// A widget is nothing without its kernel: JupyterLab shows "Error displaying widget" in its place.
// So while the run goes on, the last state is saved as HTML, with the id of the panel. A notebook
// that is opened again beside its kernel gets the panel back by that id. Messages of the kernel to
// the output do not reach such a page, so the end is put there from here.
const PANEL = "application/vnd.jupyter.widget-view+json";
const OURS = "docsum_nb";
const GONE = ["restarting", "autorestarting", "terminating", "dead"];

const idOf = (output) => output.data?.[PANEL]?.model_id ?? output.metadata?.[OURS]?.panel;

// Return what saves a panel, by its id: one for each notebook, however many runs it has shown.
function savers(notebook) {
  if (notebook.docsumSavers) return notebook.docsumSavers;
  const known = (notebook.docsumSavers = new Map());
  const toJSON = notebook.toJSON.bind(notebook);
  const saved = (output) => known.get(idOf(output))?.(output) ?? output;
  // A change of the output itself would draw the panel anew, and lose an answer half typed in it.
  notebook.toJSON = () => {
    const content = toJSON();
    const cells = content.cells?.map((cell) =>
      cell.outputs ? { ...cell, outputs: cell.outputs.map(saved) } : cell,
    );
    return { ...content, cells };
  };
  return known;
}

function parse(html) {
  const page = document.createElement("template");
  page.innerHTML = html;
  return page;
}

// Return a bundle with the state that the panel shows in the place of an empty one.
function withState(bundle, html) {
  const empty = parse(bundle["text/html"]);
  const page = parse(html ?? "");
  const stage = page.content.querySelector(".docsum-stage");
  if (!stage) return { ...bundle };
  stage.textContent += `; ${empty.content.querySelector(".docsum-stage").textContent}`;
  page.content.firstElementChild.prepend(empty.content.querySelector("style"));
  return { ...bundle, "text/html": page.innerHTML };
}

function initialize({ model }) {
  const manager = model.widget_manager;
  const context = manager?.context;
  // JupyterLab and Notebook 7 have a document; other front ends have none here.
  if (!context?.ready) return;
  const panel = model.get("panel");
  let state = null;
  const isOver = () => Object.keys(model.get("ended")).length > 0;

  async function replace(dataOf) {
    await context.ready;
    for (const cell of context.model?.cells ?? []) {
      const outputs = cell.outputs;
      for (let at = 0; at < (outputs?.length ?? 0); at++) {
        const output = outputs.get(at).toJSON();
        const data = idOf(output) === panel ? dataOf(output) : null;
        if (data) outputs.set(at, { output_type: "display_data", data, metadata: {} });
      }
    }
  }

  function save(output) {
    const data = isOver() ? model.get("ended") : withState(model.get("running"), state?.get("value"));
    const metadata = isOver() ? {} : { ...output.metadata, [OURS]: { panel } };
    return { ...output, data: { ...data }, metadata };
  }

  async function start() {
    await context.ready;
    savers(context.model).set(panel, save);
    // A page that is loaded gets its widgets from the kernel one by one.
    if (!manager.restoredStatus) await new Promise((done) => manager.restored.connect(done));
    const view = { version_major: 2, version_minor: 0, model_id: panel };
    if (isOver()) return ended();
    await replace((output) => (output.data[PANEL] ? null : { ...output.data, [PANEL]: view }));
    state = await manager.get_model(model.get("state"));
  }

  const ended = () => replace(() => (isOver() ? { ...model.get("ended") } : null));
  const lost = () => {
    const kernel = context.sessionContext?.session?.kernel;
    // A connection that is merely interrupted comes back, and the run goes on meanwhile.
    if (!isOver() && (!kernel || GONE.includes(kernel.status))) {
      replace(() => withState(model.get("lost"), state?.get("value")));
    }
  };
  model.on("change:ended", ended);
  model.on("comm_live_update", lost);
  start();
  return () => {
    model.off("change:ended", ended);
    model.off("comm_live_update", lost);
  };
}

export default { initialize, render() {} };
