// Puts the static end of a run in place of its panel in the notebook that is open here. Whoever
// opened the notebook again during the run has the panel from its file, and messages of the kernel
// to that output no longer reach it. Saving the notebook would keep the panel as it began.
const PANEL = "application/vnd.jupyter.widget-view+json";
const GONE = ["restarting", "autorestarting", "terminating", "dead"];

function initialize({ model }) {
  // JupyterLab and Notebook 7 have a document; other front ends have none here.
  const context = model.widget_manager?.context;
  if (!context?.ready) return;

  async function replace(bundle) {
    if (!bundle || !Object.keys(bundle).length) return;
    await context.ready;
    for (const cell of context.model?.cells ?? []) {
      const outputs = cell.outputs;
      for (let at = 0; at < (outputs?.length ?? 0); at++) {
        if (outputs.get(at).data?.[PANEL]?.model_id !== model.get("panel")) continue;
        outputs.set(at, { output_type: "display_data", data: { ...bundle }, metadata: {} });
      }
    }
  }

  const ended = () => replace(model.get("ended"));
  const lost = () => {
    const kernel = context.sessionContext?.session?.kernel;
    // A connection that is merely interrupted comes back, and the run goes on meanwhile.
    if (!kernel || GONE.includes(kernel.status)) replace(model.get("lost"));
  };
  model.on("change:ended", ended);
  model.on("comm_live_update", lost);
  ended();
  return () => {
    model.off("change:ended", ended);
    model.off("comm_live_update", lost);
  };
}

export default { initialize, render() {} };
