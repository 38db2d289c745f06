// A question of a run: its text, a field for the answer, and buttons. Texts are set as text, never
// as markup. The answer goes with the click, in one message.

let made = 0;

function element(name, className, parent, text) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function render({ model, el }) {
  const id = `docsum-question-${Date.now()}-${made++}`;
  const judged = model.get("text") !== "";
  const root = element("div", "docsum-question", el);
  root.setAttribute("role", "group");
  root.setAttribute("aria-labelledby", `${id}-heading`);
  const heading = element("div", "docsum-question-heading", root, model.get("heading"));
  heading.id = `${id}-heading`;
  if (judged) {
    const text = element("pre", "docsum-question-text", root, model.get("text"));
    text.tabIndex = 0;
    text.setAttribute("aria-label", "Text to be judged");
  }
  const message = model.get("message");
  const label = element("label", "docsum-question-message", root);
  label.textContent = message || (judged ? "What should be changed?" : "Your answer");
  label.htmlFor = `${id}-field`;
  const field = element("textarea", "", root);
  field.id = label.htmlFor;
  field.rows = 3;
  const foot = element("div", "docsum-question-foot", root);
  const buttons = [];
  const hint = element("span", "docsum-question-hint");
  hint.setAttribute("aria-live", "polite");

  function send(answer) {
    for (const each of [...buttons, field]) each.disabled = true;
    hint.textContent = "sent …";
    model.send({ answer });
  }

  function button(name, act) {
    const node = element("button", "", foot, name);
    node.type = "button";
    node.addEventListener("click", act);
    buttons.push(node);
  }

  function sendBack() {
    if (field.value.trim()) return send(field.value);
    hint.textContent = "Write what should be changed.";
    field.focus();
  }

  if (judged) {
    button("Accept", () => send(""));
    button("Send back", sendBack);
  } else {
    button("Send", () => send(field.value));
  }
  foot.append(hint);
  const behind = element("span", "docsum-question-hint", foot);

  function count() {
    const more = model.get("behind");
    behind.textContent = more ? `${more} more ${more === 1 ? "question waits" : "questions wait"}` : "";
  }

  count();
  model.on("change:behind", count);
  // A notebook's keys, such as Enter and X, act on cells.
  for (const kind of ["keydown", "keypress", "keyup"]) {
    root.addEventListener(kind, (event) => event.stopPropagation());
  }
  return () => model.off("change:behind", count);
}

export default { render };
