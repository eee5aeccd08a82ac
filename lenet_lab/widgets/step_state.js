// The state of StepThrough: how many steps are done, which number is looked at, how every cell looks for that, and what there is to say.
// Nothing here needs a browser.

import { typeset } from "./numbers.js";

// A number as it stands in a grid; the work below has it in full.
export function inGrid(value) {
  if (value.includes("e-")) return "≈0";
  if (!value.includes(".") || value.includes("/") || value.length <= 6) return typeset(value);
  return Number(Number(value).toFixed(3)) === 0 ? "≈0" : typeset(Number(value).toFixed(3));
}

// The gradients that are not zero on the way from a cell back to the loss.
export function wayBack(cells, id, found = new Set()) {
  for (const term of cells[id].terms ?? [])
    if (term.value !== "0")
      for (const from of term.inputs)
        if (from.startsWith("d") && !found.has(from)) { found.add(from); wayBack(cells, from, found); }
  return found;
}

// The number of steps done when the grid of the next one is complete.
export function endOfGrid(steps, done) {
  const key = (id) => id.split(":")[0];
  let to = done;
  while (to < steps.length && key(steps[to]) === key(steps[done])) to++;
  return to;
}

// Whether two pages say the same of every number.
export const sameNumbers = (one, other) => one.label === other.label && one.steps.length === other.steps.length
  && Object.entries(one.cells).every(([id, { value, arithmetic }]) => other.cells[id]?.value === value && other.cells[id].arithmetic === arithmetic);

// Whether two pages have the same grids of the same cells, so that only numbers differ.
export const sameGrids = (one, other) => one.name === other.name && one.classes === other.classes && String(one.steps) === String(other.steps)
  && JSON.stringify(one.grids) === JSON.stringify(other.grids);

// How far one has come through the steps of a page, and the cell that is looked at: its name, or null.
export class Walk {
  constructor({ done, looked }) {
    Object.assign(this, { done, looked, page: null });
  }

  take(page) {
    this.page = page;
    this.order = new Map(page.steps.map((id, n) => [id, n]));
    this.done = Math.min(this.done, page.steps.length);
    if (!page.cells[this.looked]) this.looked = null;
  }

  go(to) {
    this.done = Math.max(0, Math.min(this.page.steps.length, to));
    this.looked = this.done ? this.page.steps[this.done - 1] : null;
  }

  get finished() { return this.done >= this.page.steps.length; }

  get inputs() { return new Set(this.page.cells[this.looked]?.terms?.flatMap((term) => term.inputs)); }      // of the number looked at

  // [name, how it looks] of every cell: its `text`, its `words` for a screen reader, and which marks it has.
  cells() {
    const { page, order, done, looked, inputs } = this, path = looked?.startsWith("d") ? wayBack(page.cells, looked) : new Set();
    return Object.entries(page.cells).map(([id, { name, value }]) => {
      const now = id === looked, input = inputs.has(id), unseen = order.has(id) && order.get(id) >= done && !now && !input;
      return [id, { text: unseen ? "·" : inGrid(value), words: unseen ? `${name}, not computed yet` : `${name} = ${typeset(value)}`,
        marks: { unseen, now, input, path: path.has(id) && !now && !input } }];
    });
  }

  // What stands below the grids: of the number looked at, else of the network. `paths` are the contributions to a gradient.
  told() {
    const { page, looked } = this, now = page.cells[looked];
    if (!now) return { name: `${page.name}: ${typeset(page.about)}.`, arithmetic: "", note: "", paths: [],
      formula: "Press Step to compute the first number, or look at any cell: click it, or walk there with Tab and the arrow keys." };
    const paths = (looked.startsWith("d") ? now.terms : []).map(({ inputs, text, value }) => ({ zero: value === "0",
      words: typeset(`through ${inputs.map((id) => page.cells[id].name).join(" and ")}: ${text === value ? text : `${text} = ${value}`}`) }));
    return { name: now.array ? `${now.name}   in Python: ${now.array}` : now.name, paths,
      formula: typeset(now.formula ?? `${now.name} is given. Double-click it, or press Enter, to change it.`),
      arithmetic: typeset(`${now.name} = ${now.formula ? now.arithmetic : now.value}`), note: typeset(now.note ?? "") };
  }
}
