// The beginning of every widget's script: an element with its attributes, listeners ("onclick") and children.
// JupyterLab would take the keys pressed in a cell for its own (x cuts a cell), unless the focused element itself says no.

const FOCUSABLE = ["button", "canvas", "input", "select", "summary", "td"];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  if (FOCUSABLE.includes(tag) || attributes.tabindex != null) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}
