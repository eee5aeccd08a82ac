// Maps of numbers as one canvas that can be pointed at, tapped, and walked with the arrow keys.

import { packedColour } from "./colours.js";
import { number } from "./numbers.js";
import { element } from "./parts.js";

export const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
  Home: [-1, -1], PageUp: [1, -1], End: [-1, 1], PageDown: [1, 1] };

// A function that paints `count` maps of rows x columns numbers into a canvas, `across` in a row. One image for all maps: a drawing has 140.
function painter(canvas, { count, rows, columns, scale, across, gap }) {
  const context = canvas.getContext("2d"), pitch = [columns * scale + gap, rows * scale + gap];
  [canvas.width, canvas.height] = [Math.min(count, across) * pitch[0] - gap, Math.ceil(count / across) * pitch[1] - gap];
  const image = context.createImageData(canvas.width, canvas.height), points = new Uint32Array(image.data.buffer);
  return (values, top, ink) => {
    for (let map = 0, n = 0; map < count; map++)
      for (let row = 0; row < rows; row++) {
        const from = (Math.floor(map / across) * pitch[1] + row * scale) * canvas.width + (map % across) * pitch[0], to = from + columns * scale;
        for (let at = from; at < to; n++) {
          const colour = packedColour(values[n], top, ink);
          for (const end = at + scale; at < end; at++) points[at] = colour;
        }
        for (let line = 1; line < scale; line++) points.copyWithin(from + line * canvas.width, from, to);
      }
    context.putImageData(image, 0, 0);
  };
}

// Maps that are only looked at.
export function still({ count = 1, rows, columns, scale, across = 1 }) {
  const canvas = element("canvas", { class: "tile", role: "img" }), put = painter(canvas, { count, rows, columns, scale, across, gap: scale });
  return { canvas, paint(values, label, top, ink = false) {
    canvas.setAttribute("aria-label", label);
    put(values, top, ink);
  } };
}

// `count` maps of rows x columns numbers as one canvas, `across` in a row. Point at a number, or walk to it with the arrow keys,
// and `tell` hears of it. The colours are those of `colour`.
export function picture({ name, count, rows, columns, scale, across, more, tell, decorate }) {
  const gap = count > 1 ? 2 : 0, pitch = [columns * scale + gap, rows * scale + gap];
  const canvas = element("canvas", { class: "picture tile", tabindex: 0, role: "application", "aria-roledescription": "picture of numbers",
    onpointermove: (event) => look(below(event)), onpointerdown: (event) => look(below(event)),
    onpointerleave: (event) => event.pointerType === "mouse" && look(null), onblur: () => look(null),     // a tap leaves its number
    onfocus: () => canvas.matches(":focus-visible") && look(last), onkeydown: key });
  const context = canvas.getContext("2d"), put = painter(canvas, { count, rows, columns, scale, across, gap });
  let values = new Float32Array(count * rows * columns), top = 1, at = null, last = [0, 0, 0];

  function below(event) {
    const box = canvas.getBoundingClientRect();
    const x = (event.clientX - box.left) * canvas.width / box.width, y = (event.clientY - box.top) * canvas.height / box.height;
    const map = Math.floor(y / pitch[1]) * across + Math.floor(x / pitch[0]);
    const row = Math.floor((y % pitch[1]) / scale), column = Math.floor((x % pitch[0]) / scale);
    return x >= 0 && y >= 0 && map < count && row < rows && column < columns && x < canvas.width ? [map, row, column] : null;
  }

  function key(event) {
    const move = KEYS[event.key];
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [map, row, column] = last, lines = Math.ceil(count / across);
    const x = Math.max(0, Math.min(across * columns - 1, (map % across) * columns + column + move[0]));
    const y = Math.max(0, Math.min(lines * rows - 1, Math.floor(map / across) * rows + row + move[1]));
    const to = Math.floor(y / rows) * across + Math.floor(x / columns);
    look(to < count ? [to, y % rows, x % columns] : last);
  }

  function look(place) {
    if (String(place) === String(at)) return;
    at = place;
    if (at) last = at;
    draw();
    say();
  }

  function say() {
    if (!at) return tell("");
    const [map, row, column] = at, value = values[(map * rows + row) * columns + column];
    tell(`${name}${count > 1 ? `, map ${map + 1}` : ""}, row ${row + 1}, column ${column + 1}: ${number(value)}. ${more()}`);
  }

  function draw() {
    put(values, top, decorate?.ink);
    decorate?.over?.(context, scale, values, top);
    if (!at) return;
    const [map, row, column] = at;
    const x = (map % across) * pitch[0] + column * scale, y = Math.floor(map / across) * pitch[1] + row * scale;
    for (const [colour, wider] of [["#fff", 2], ["#111", 1]]) {
      context.strokeStyle = colour;
      context.strokeRect(x - wider + 0.5, y - wider + 0.5, scale + 2 * wider - 1, scale + 2 * wider - 1);
    }
  }

  function paint(newest, label, scaleTop) {
    values = newest;
    top = scaleTop || 1;
    canvas.setAttribute("aria-label", label);
    draw();
    if (at) say();
  }
  return { canvas, paint };
}

// The outline of the ink, to find one's way in the gradient, and signs on its strongest pixels, so that not colour alone tells them.
export function outlineAndSigns(image, side) {
  return { over(context, scale, values, top) {
    const ink = (row, column) => row >= 0 && column >= 0 && row < side && column < side && image()[row * side + column] > 0.4;
    context.strokeStyle = "#888";
    context.beginPath();
    for (let row = 0; row <= side; row++)
      for (let column = 0; column <= side; column++) {
        if (ink(row, column) !== ink(row - 1, column)) { context.moveTo(column * scale, row * scale); context.lineTo((column + 1) * scale, row * scale); }
        if (ink(row, column) !== ink(row, column - 1)) { context.moveTo(column * scale, row * scale); context.lineTo(column * scale, (row + 1) * scale); }
      }
    context.stroke();
    context.fillStyle = "#fff";
    for (let i = 0; i < values.length; i++) {
      if (!(Math.abs(values[i]) >= 0.6 * top)) continue;
      const x = (i % side) * scale, y = Math.floor(i / side) * scale, middle = (scale - 1) / 2;
      context.fillRect(x + 1, y + middle, scale - 2, 1);
      if (values[i] > 0) context.fillRect(x + middle, y + 1, 1, scale - 2);
    }
  } };
}
