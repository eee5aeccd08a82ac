// What was done on a sheet to draw on: strokes, wipes, and drawings that came from elsewhere. Nothing here needs a browser.

export class Drawing {
  constructor(done = []) {
    this.done = [...done];
  }

  get empty() { return !this.strokes().length; }

  get untouched() { return !this.done.length; }

  // What is on the sheet now: all after the last wipe, or from the last drawing that came from elsewhere on.
  strokes() {
    const last = this.done.findLastIndex((one) => one.wipe || one.image);
    return last >= 0 && this.done[last].image ? this.done.slice(last) : this.done.slice(last + 1);
  }

  begin(width) {
    const stroke = { width, points: [] };
    this.done.push(stroke);
    return stroke;
  }

  wipe() {
    this.done.push({ wipe: true });
  }

  adopt(image) {                                                    // the newest of several takes the place of the one before
    if (this.done.at(-1)?.image) this.done.pop();
    this.done.push({ image });
  }

  undo() {
    this.done.pop();
  }
}

const NEAR = 5;                                                     // pixels: a point so near to the one before is left out of an address

function thinned(points) {
  let last = points[0];
  return points.filter((point, n) => {
    const stays = n === 0 || n === points.length - 1 || Math.hypot(point[0] - last[0], point[1] - last[1]) >= NEAR;
    if (stays) last = point;
    return stays;
  });
}

// Strokes as text for an address, and back: width, then x and y in pixels of the sheet. Only what is drawn by hand has strokes.
export const written = (strokes) => strokes.filter((one) => one.points).map(({ width, points }) =>
  [width, ...thinned(points).flatMap((point) => point.map((part) => Math.round(part)))].join(",")).join(";");

export function strokesFrom(text, side) {
  const inside = (part) => Math.max(0, Math.min(side, part));
  return text.split(";").map((one) => one.split(",").map(Number)).filter((parts) => parts.length >= 3 && parts.length % 2 && parts.every(Number.isFinite))
    .map(([width, ...parts]) => ({ width: Math.max(8, Math.min(40, width)),
      points: Array.from({ length: parts.length / 2 }, (_, n) => [inside(parts[2 * n]), inside(parts[2 * n + 1])]) }));
}
