// What every view of a widget does: it says when its kernel is gone, and leaves to the next view what only the page knows.

import { element } from "./parts.js";

const ENDS = ["autorestarting", "dead"];                           // a kernel that died, or was shut down: of these the model hears nothing
const states = new WeakMap();

// The object in which all views of a model keep what only the page knows; `first` has its values for the first view. A view reads it when it is
// made, and writes into it at every change: a cell that is moved closes its views and makes new ones. The model has an empty object as the
// key to it, since all that a model has is sent to Python.
export function pageState(model, first) {
  let key = model.get("page_state");
  if (!states.has(key)) {
    key = {};
    states.set(key, {});
    model.set("page_state", key);
  }
  const state = states.get(key);
  for (const [name, value] of Object.entries(first)) if (!(name in state)) state[name] = value;
  return state;
}

// Puts the root of a widget on the page. `still` says what works without a kernel, or what does not. Returns `on`, which hears events of the
// model as long as the view is there; `send`, for messages to Python; and `end`, the last call of `render`, which makes what it returns. A number that was
// typed and not yet taken stands in its field again.
export function openView({ model, el }, root, still = "") {
  const state = pageState(model, { lost: false, typed: {} }), heard = [];
  const gone = element("div", { class: "gone", role: "status" });
  const words = ["The kernel of this widget is gone.", still, "Run the cells of this notebook again."].filter(Boolean).join(" ");
  const status = model.widget_manager?.kernel?.statusChanged;
  root.prepend(gone);
  el.append(root);

  function show() {
    root.classList.toggle("disconnected", state.lost);
    gone.textContent = state.lost ? words : "";
  }

  function lose() {
    state.lost = true;
    show();
  }

  const follow = (_, now) => { if (ENDS.includes(now)) lose(); };
  const on = (events, act) => {
    heard.push([events, act]);
    model.on(events, act);
  };
  const send = (message, buffers) => {
    try {
      model.send(message, undefined, buffers);
    } catch (error) {                                               // there is no kernel any more to send it to
      console.error(error);
      lose();
    }
  };
  const numbers = () => [...root.querySelectorAll("input[type=number]")], name = (field) => field.getAttribute("aria-label");
  root.addEventListener("input", ({ target }) => { if (numbers().includes(target)) state.typed[name(target)] = target.value; });
  root.addEventListener("change", ({ target }) => { delete state.typed[name(target)]; });
  status?.connect(follow);
  on("comm_live_update", lose);                                       // a restart: a connection that has ended never begins again
  show();
  const end = (leave) => {
    for (const field of numbers()) if (name(field) in state.typed) field.value = state.typed[name(field)];
    return () => {
      leave();
      status?.disconnect(follow);
      for (const [events, act] of heard) model.off(events, act);
    };
  };
  return { on, send, end };
}
