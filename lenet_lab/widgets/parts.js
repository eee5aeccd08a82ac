// The parts that all widgets are made of: buttons, sliders with their value, bars, the line that says what changed.
// JupyterLab would take the keys pressed in a cell for its own (x cuts a cell), unless the focused element itself says no.

import { percent } from "./numbers.js";

// What an arrow key does in a grid: so many rows down, so many columns to the right.
export const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const FOCUSABLE = ["button", "canvas", "input", "select", "summary", "td"];

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) made.setAttribute(name, value === true ? "" : value);
  }
  if (FOCUSABLE.includes(tag) || attributes.tabindex != null) made.setAttribute("data-lm-suppress-shortcuts", "true");
  made.append(...children);
  return made;
}

// Put HTML that Python made, of numbers only, into a part of the page, if it is not there already: a picture put in anew is decoded anew.
const filled = new WeakMap();
export function fill(host, html) {
  if (filled.get(host) === html) return;
  filled.set(host, html);
  host.innerHTML = html;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag, attributes, text = "") {               // an element of an SVG
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

export const widget = (kind, label, ...children) =>
  element("div", { class: `lenet-widget lenet-${kind}`, role: "group", "aria-label": label }, ...children);

// A button that is out of use keeps the focus: `disabled` would throw it to the page.
export function button(text, title, act, more = {}) {
  return element("button", { type: "button", title, ...more,
    onclick: (event) => { if (event.currentTarget.getAttribute("aria-disabled") !== "true") act(event); } }, text);
}

export function usable(control, works) {
  control.setAttribute("aria-disabled", String(!works));
}

// One of a list of values (`choices`), or a number from `low` to `high`. `put` shows a value, and what it means in `words`.
export function slider(name, { low = 0, high, by = 1, choices = null, unit = "", words = String }, act) {
  const output = element("output", { class: "value", "aria-hidden": "true" });
  const valueOf = (at) => (choices ? choices[at] : at);
  const input = element("input", { type: "range", min: choices ? 0 : low, max: choices ? choices.length - 1 : high, step: choices ? 1 : by,
    "aria-label": name, oninput: () => { show(); act(valueOf(+input.value)); } });
  const show = (more = "") => {
    const text = words(valueOf(+input.value)) + unit;
    if (output.textContent !== text) output.textContent = text;
    input.setAttribute("aria-valuetext", text + more);
  };
  const put = (value, more = "") => {
    input.value = choices ? Math.max(0, choices.indexOf(value)) : value;
    show(more);
  };
  return { input, output, put, get value() { return valueOf(+input.value); },
    host: element("label", { class: "slider" }, element("span", { class: "label", "aria-hidden": "true" }, name), input, output) };
}

export function choice(name, options, act) {                      // a select; `options` are [value, text]
  return element("select", { "aria-label": name, onchange: (event) => act(event.currentTarget.value) },
    ...options.map(([value, text]) => element("option", { value }, text)));
}

// What a screen reader is told: once, when nothing has changed for a moment. Nobody can listen as fast as one moves a slider.
export function announcer(rest = 400) {
  const host = element("div", { class: "heard", role: "status", "aria-live": "polite" });
  let timer = null, pending = null;
  const stop = () => { clearTimeout(timer); pending = null; };
  const say = (text, soon = rest) => {
    if (text === pending) return;                                   // said again and again while something runs: it is waiting already
    stop();
    pending = text;
    timer = setTimeout(() => { pending = null; if (host.textContent !== text) host.textContent = text; }, soon);
  };
  return { host, say, now: (text) => { stop(); host.textContent = text; }, stop };
}

// A list of classes with a bar, a share and what it is. `put` takes the shares of all classes.
export function barList(label) {
  const body = element("tbody"), host = element("table", { class: "bars", "aria-label": label }, body);
  let rows = [];
  const build = (names) => {
    rows = names.map((name) => {
      const parts = { bar: element("div", { class: "bar" }), share: element("td", { class: "share" }), mark: element("td", { class: "mark" }) };
      parts.row = element("tr", {}, element("th", { scope: "row" }, name),
        element("td", { class: "track", "aria-hidden": "true" }, parts.bar), parts.share, parts.mark);
      return parts;
    });
    body.replaceChildren(...rows.map((parts) => parts.row));
  };
  const put = (shares, marks = {}, texts = null) => {
    if (rows.length !== shares.length) build(Array.from(shares, (_, k) => String(k)));
    const best = shares.indexOf(Math.max(...shares));
    rows.forEach(({ row, share, bar, mark }, k) => {
      share.textContent = texts ? texts[k] : percent(shares[k]);
      bar.style.width = `${100 * (Number.isFinite(shares[k]) ? shares[k] : 0)}%`;
      row.classList.toggle("best", k === best);
      mark.textContent = [k === best && "answer", marks[k]].filter(Boolean).join(", ");
    });
  };
  return { host, put };
}

// Sends one question at a time: while the answer is awaited, only the newest is kept, and goes when it has come. If it does not come, `late`
// is told a sentence, the newest question goes out once more, and the next one need not wait: an answer may be lost with its kernel's thread.
export const LATE = 1500;                                          // milliseconds
export function newestOnly(send, late = () => {}) {
  let waiting = false, next = null, last = null, timer = null;
  const put = (question) => {
    [waiting, next, last] = [true, null, question];
    clearTimeout(timer);
    send(question);
  };
  const ask = (question) => {
    if (waiting) { next = question; return; }
    put(question);
    timer = setTimeout(() => {
      late("The kernel is busy; the answer comes when it is free. If it was restarted, run the cell again.");
      put(next ?? last);
      waiting = false;
    }, LATE);
  };
  return { ask, answered() {
    clearTimeout(timer);
    late("");
    waiting = false;
    if (next !== null) ask(next);
  }, get busy() { return waiting; } };
}
