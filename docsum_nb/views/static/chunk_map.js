// The map of a run's chunks: one canvas, one cell a chunk. Texts are set as text, never as markup.

const VARIABLES = ["queued", "running", "waiting", "retrying", "done", "ledger", "failed", "skipped"];
const MOST_HEIGHT = 160; // pixels, unless the cells would be smaller than SMALLEST
const SMALLEST = 3;
const LARGEST = 14;
const PATIENCE = 1000; // milliseconds until a silent kernel is remarked upon

function element(name, className, parent) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (parent) parent.append(made);
  return made;
}

function isDark(node) {
  for (let at = node; at; at = at.parentElement) {
    const [r, g, b, a] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? []).map(Number);
    if (r !== undefined && a !== 0) return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function layout(count, width) {
  const fitting = Math.floor(Math.sqrt((width * MOST_HEIGHT) / Math.max(count, 1)));
  const size = Math.max(SMALLEST, Math.min(LARGEST, fitting));
  const columns = Math.max(1, Math.floor(width / size));
  return { size, columns, rows: Math.ceil(count / columns), gap: size > 4 ? 1 : size > 3 ? 0.5 : 0 };
}

function render({ model, el }) {
  const root = element("div", "docsum-map", el);
  const frame = element("div", "docsum-map-frame", root);
  const canvas = element("canvas", "", frame);
  const line = element("div", "docsum-map-line", root);
  const detail = element("div", "docsum-map-detail", root);
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  line.setAttribute("aria-live", "polite");
  detail.hidden = true;

  let cells = new Uint8Array();
  let drawn = null; // the states on the canvas; null where all is to be drawn anew
  let grid = layout(0, 1);
  let colors = [];
  let selected = -1;
  let asked = -1;
  let patience = 0;
  let frameAsked = 0;

  const states = () => model.get("states");
  const nameOf = (place) => model.get("labels")[place] || `number ${place + 1}`;

  function restyle() {
    if (!root.isConnected) return; // it has no colors before it is on the page
    root.toggleAttribute("data-dark", isDark(el));
    const style = getComputedStyle(root);
    colors = VARIABLES.map((name) => style.getPropertyValue(`--m-${name}`).trim());
    drawn = null;
    later();
  }

  function resize() {
    const width = Math.floor(frame.clientWidth);
    if (!width) return;
    grid = layout(cells.length, width);
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [grid.columns * grid.size, grid.rows * grid.size];
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
    canvas.width = Math.round(w * scale);
    canvas.height = Math.round(h * scale);
    canvas.getContext("2d").setTransform(scale, 0, 0, scale, 0, 0);
    restyle();
  }

  function paint(context, place) {
    const { size, columns, gap } = grid;
    const [x, y] = [(place % columns) * size, Math.floor(place / columns) * size];
    context.clearRect(x, y, size, size);
    context.fillStyle = colors[cells[place]];
    context.fillRect(x, y, size - gap, size - gap);
    if (place === selected) {
      context.strokeStyle = getComputedStyle(root).color;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(1, size - gap - 2), Math.max(1, size - gap - 2));
    }
  }

  function draw() {
    frameAsked = 0;
    if (!canvas.width || !colors.length) return;
    const context = canvas.getContext("2d");
    for (let place = 0; place < cells.length; place++) {
      if (!drawn || drawn[place] !== cells[place]) paint(context, place);
    }
    drawn = cells.slice();
  }

  function later() {
    if (!frameAsked) frameAsked = requestAnimationFrame(draw);
  }

  function take() {
    const data = model.get("cells");
    const next = data ? new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength) : [];
    const grown = next.length !== cells.length;
    cells = Uint8Array.from(next);
    root.hidden = cells.length === 0;
    if (grown) {
      canvas.setAttribute(
        "aria-label",
        `Map of ${cells.length} parts. Arrow keys move, Enter shows text and summary.`,
      );
      resize();
    }
    if (selected < 0) key();
    else tell(selected);
    later();
  }

  // What the colors mean; only of the states that are there.
  function key() {
    const there = new Set(cells);
    const parts = [];
    states().forEach((state, byte) => {
      if (!there.has(byte)) return;
      const part = element("span", "docsum-map-key");
      element("i", "", part).style.background = `var(--m-${VARIABLES[byte]})`;
      part.append(state);
      parts.push(part);
    });
    line.replaceChildren(...parts);
  }

  function tell(place) {
    const text = `${nameOf(place)}: ${states()[cells[place]]}`;
    if (line.textContent !== text) line.textContent = text;
  }

  function select(place) {
    const before = selected;
    selected = place;
    const context = canvas.getContext("2d");
    for (const changed of [before, place]) {
      if (changed >= 0 && changed < cells.length) paint(context, changed);
    }
    if (place < 0) key();
    else tell(place);
  }

  function placeAt(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / grid.size);
    const row = Math.floor((event.clientY - box.top) / grid.size);
    const place = row * grid.columns + column;
    return column >= 0 && column < grid.columns && place >= 0 && place < cells.length ? place : -1;
  }

  function inspect(place) {
    if (place < 0) return;
    asked = place;
    show({ label: nameOf(place), note: "asking the kernel …" });
    clearTimeout(patience);
    patience = setTimeout(() => {
      show({ label: nameOf(place), note: "The kernel is busy with a cell; it answers when it can." });
    }, PATIENCE);
    model.send({ inspect: place });
  }

  function show({ label, note, text, result, error }) {
    const header = element("header", "");
    element("span", "", header).textContent = label;
    const close = element("button", "", header);
    close.type = "button";
    close.textContent = "Close";
    close.addEventListener("click", hide);
    const blocks = [];
    for (const [title, content] of [["", note], ["Error", error], ["Summary", result], ["Text", text]]) {
      if (!content) continue;
      if (title) blocks.push(Object.assign(element("h4"), { textContent: title }));
      const pre = element("pre");
      pre.textContent = content;
      pre.dir = "auto";
      pre.tabIndex = 0;
      blocks.push(pre);
    }
    detail.replaceChildren(header, ...blocks);
    detail.hidden = false;
  }

  function hide() {
    clearTimeout(patience);
    asked = -1;
    detail.hidden = true;
    model.send({ closed: true });
    canvas.focus();
  }

  function answered(message) {
    if (message?.place !== asked) return;
    clearTimeout(patience);
    const nothing = !message.text && !message.result && !message.error;
    const state = states()[cells[message.place]];
    const note = nothing ? "Nothing can be shown of it yet." : "";
    const label = `${message.label || nameOf(message.place)}: ${state}`;
    const { text, result, error } = message;
    show({ label, note, text, result, error });
  }

  function move(event) {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -grid.columns, ArrowDown: grid.columns };
    if (event.key in steps) {
      const next = Math.max(0, selected) + (selected < 0 ? 0 : steps[event.key]);
      if (next >= 0 && next < cells.length) select(next);
    } else if (event.key === "Enter" || event.key === " ") {
      inspect(selected);
    } else if (event.key === "Escape") {
      if (!detail.hidden) hide();
      else select(-1);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  canvas.addEventListener("mousemove", (event) => select(placeAt(event)));
  canvas.addEventListener("mouseleave", () => select(-1));
  canvas.addEventListener("blur", () => select(-1));
  canvas.addEventListener("click", (event) => inspect(placeAt(event)));
  canvas.addEventListener("keydown", move);
  detail.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    hide();
  });
  model.on("change:cells", take);
  model.on("msg:custom", answered);

  const sizes = new ResizeObserver(resize);
  sizes.observe(frame);
  const themes = new MutationObserver(restyle);
  themes.observe(document.body, { attributes: true });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", restyle);
  take();

  return () => {
    clearTimeout(patience);
    cancelAnimationFrame(frameAsked);
    sizes.disconnect();
    themes.disconnect();
    scheme.removeEventListener("change", restyle);
    model.off("change:cells", take);
    model.off("msg:custom", answered);
  };
}

export default { render };
