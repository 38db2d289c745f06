// The form by keyboard. Keys that are pressed in it stay in it: JupyterLab would take them for its
// own and delete a cell at "d d". Where the focused control is disabled or hidden, the focus goes on
// to the one that is used next; a browser would leave it nowhere.
const CONTROLS = "input, select, textarea, button, [tabindex='0']";

const usable = (control) => !control.disabled && control.offsetParent !== null;

function setUp(form) {
  let last = null;
  const within = (selector) => [...form.querySelectorAll(selector)].find(usable);

  function moveOn() {
    const at = document.activeElement;
    const nowhere = at === last || at === document.body || at === null;
    if (!last || !form.contains(last) || usable(last) || !nowhere) return;
    const before = [...form.querySelectorAll(CONTROLS)].filter(
      (each) => usable(each) && each.compareDocumentPosition(last) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    const isOfRun = last.classList.contains("docsum-of-run");
    const next = isOfRun ? (within(".docsum-cancel") ?? within(".docsum-primary")) : before.at(-1);
    next?.focus();
  }

  // Before the control itself: text fields of ipywidgets pass no key on.
  function escaped(event) {
    if (event.key !== "Escape" || event.target.closest(".docsum-panel")) return;
    const chooser = event.target.closest(".docsum-field")?.querySelector(".docsum-chooser");
    const open = chooser?.offsetParent ? chooser.parentElement.querySelector(".docsum-path button") : null;
    const cancel = within(".docsum-cancel");
    if (!open && !cancel) return; // JupyterLab leaves the form
    if (open) open.click();
    (open ?? cancel).focus();
    event.preventDefault();
    event.stopPropagation();
  }

  function pressed(event) {
    const isForNotebook = event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape";
    const moves = event.key === "Tab" || (event.shiftKey && event.key === "Enter");
    if (!isForNotebook && !moves) event.stopPropagation();
  }

  const focused = (event) => {
    last = event.target;
  };
  form.addEventListener("focusin", focused);
  form.addEventListener("keydown", escaped, true);
  form.addEventListener("keydown", pressed);
  const changes = new MutationObserver(moveOn);
  changes.observe(form, { subtree: true, attributes: true, attributeFilter: ["disabled", "style"] });
  return () => {
    form.removeEventListener("focusin", focused);
    form.removeEventListener("keydown", escaped, true);
    form.removeEventListener("keydown", pressed);
    changes.disconnect();
  };
}

function render({ el }) {
  let cleanUp = () => {};
  let asked = 0;
  // It is rendered before it is on the page.
  (function look() {
    const form = el.closest(".docsum-form");
    if (form) cleanUp = setUp(form);
    else asked = requestAnimationFrame(look);
  })();
  return () => {
    cancelAnimationFrame(asked);
    cleanUp();
  };
}

export default { render };
