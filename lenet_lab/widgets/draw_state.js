// The state of DrawDigit beside its strokes (strokes.js): what draws, whose drawing is where, and what the gradient says in words. Nothing
// here needs a browser.

import { plus } from "./numbers.js";
import { FIELD } from "./reading.js";

export const bytes = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
export const floats = (view) => (view instanceof Float32Array ? view : new Float32Array(bytes(view)));      // of the page, or of Python
const inField = (v) => Math.max(0, Math.min(FIELD - 1, v));

// What draws: a pointer, or the pen that the keyboard moves from pixel to pixel of the field. There is one stroke at a time.
export class Hand {
  constructor() {
    Object.assign(this, { x: FIELD / 2 - 1, y: FIELD / 2 - 1, down: false, moved: false, lifting: false, stroke: null });
  }

  get pointing() { return this.stroke !== null && !this.down; }    // a pointer draws, not the keyboard's pen

  move([right, below], far) {
    this.x = inField(this.x + far * right);
    this.y = inField(this.y + far * below);
    this.moved = true;
  }

  // Space goes down: it puts the pen down, or lifts it.
  press() {
    this.moved = false;
    this.lifting = this.down;
    if (this.down) this.lift();
    else this.down = true;
  }

  // Space comes up; returns whether that lifts the pen. Space held while moving draws just so long; Space tapped stays down.
  release() {
    const lifts = this.down && this.moved && !this.lifting;
    if (lifts) this.lift();
    return lifts;
  }

  lift() {
    if (this.down) this.stroke = null;
    this.down = false;
  }
}

// Drawings on their way to Python and back. A drawing is named after its view, and numbered there. One is under way at a time: when its
// answer comes, the newest goes out, those in between never do. `before` is the name of what was drawn last on the view before this one,
// `shown` that of the drawing which the page has an answer to.
export class Exchange {
  constructor(view, before, shown) {
    Object.assign(this, { view, before, shown, sent: 0, busy: false, waits: false });
  }

  get next() { return `${this.view}:${this.sent + 1}`; }

  // The name for the drawing that goes out now; null while one is under way, and then the newest waits.
  take() {
    this.waits = this.busy;
    if (this.busy) return null;
    this.busy = true;
    this.sent += 1;
    return `${this.view}:${this.sent}`;
  }

  // What was under way is answered; returns whether a newer one waits.
  finish() {
    this.busy = false;
    return this.waits;
  }

  // Whose the drawing is that an answer names: "newest" for the one under way, "own" for an older one of this page, "other" for one from
  // Python or another page, null for the one that is shown already.
  arrive(name) {
    if (name === this.shown) return null;
    this.shown = name;
    if (name === `${this.view}:${this.sent}`) return "newest";
    const [from, number] = name.split(":"), [before, last] = this.before.split(":");
    return from === this.view || (from === before && +number <= +last) ? "own" : "other";
  }
}

// The two pixels where more ink, or less, would do most for the class of the gradient, in words.
export function strongest(gradient, image, side) {
  const [more, less] = [(i) => (image[i] < 1 ? gradient[i] : 0), (i) => (image[i] > 0 ? -gradient[i] : 0)].map((gain) =>
    gradient.reduce((best, _, i) => (gain(i) > gain(best) ? i : best), 0));
  const at = (i, what) => `${what} ink at row ${Math.floor(i / side) + 1}, column ${i % side + 1} (${plus(gradient[i])})`;
  const found = [gradient[more] > 0 && image[more] < 1 && at(more, "more"), gradient[less] < 0 && image[less] > 0 && at(less, "less")].filter(Boolean);
  return found.length ? `Does most: ${found.join("; ")}.` : "No pixel makes a difference.";
}
