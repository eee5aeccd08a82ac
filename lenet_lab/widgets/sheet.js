// Sheets of maps: many maps in rows, each with its label, frames over them, and numbers in the cells where there is room.

import { colour, inkOn, paintPixel } from "./colours.js";
import { typeset } from "./numbers.js";
import { element } from "./parts.js";

const GAP = 6, LABEL = 17, ONE_LINE = 112, TWO_LINES = 82, NUMBER_HEIGHT = 20, TARGET = 24;           // pixels
export const NUMBER_WIDTH = 42;                                       // of a cell with a number, at 13 pixels
export const WIDEST_CELL = 44;

export function inCells(top, whole) {                                    // how numbers are written into cells: { unit, text }
  if (whole && top < 1000) return { unit: 1, text: (v) => typeset(v) };
  const power = Math.floor(Math.log10(top));
  const unit = power < -1 || power > 2 ? 10 ** power : 1;
  const decimals = top / unit >= 100 ? 0 : top / unit >= 10 ? 1 : 2;
  return { unit, text: (v) => (v === 0 ? "0" : typeset((v / unit).toFixed(decimals).replace(/^-(0\.?0*)$/, "$1"))) };
}

// A sheet: the tiles of a picture on a canvas, a second canvas over it for the frames, and under each tile its label.
// A picture is { tiles, h, w, value(t, i, j), unit(t, i, j), place(cursor), label(t), across, numbers, free }.
export function makeSheet(attributes = {}) {
  const base = element("canvas", { role: "img" }), over = element("canvas", { class: "over", ...attributes });
  const labels = element("div", { class: "labels" });
  const host = element("div", { class: "sheet" }, base, labels, over);
  let picture, scale, cells, cw, ch, across, stepX, stepY, width, height;

  // The largest of `sizes` with which the tiles fit; returns whether one does.
  function lay(shown, colours, room, tall, sizes, labelled) {
    [picture, scale, cells] = [shown, colours, inCells(colours.top, colours.whole)];
    const { tiles, h, w } = picture, gap = picture.across ? 1 : labelled ? GAP : 2, lettered = labelled && picture.label;
    let lines = 0;
    const fit = (x, y) => {
      [cw, ch] = [x, y];
      lines = !lettered ? 0 : w * cw >= ONE_LINE ? 1 : 2;
      stepX = Math.max(w * cw, lettered ? TWO_LINES : 0) + gap;
      stepY = h * ch + lines * LABEL + gap;
      across = picture.across ?? Math.max(1, Math.min(tiles, Math.floor((room + gap) / stepX)));
      width = Math.max(across * stepX - gap, 1);
      height = Math.ceil(tiles / across) * stepY - gap;
      return width <= room && height <= tall(x);
    };
    const fits = picture.numbers ? fit(Math.max(NUMBER_WIDTH, Math.min(WIDEST_CELL, Math.floor(room / w))), Math.max(NUMBER_HEIGHT, TARGET / h))
      : picture.free ? fit(Math.max(1, Math.min(24, Math.floor(room / w))), Math.max(1, Math.min(16, Math.floor(tall(1) / h))))
        : sizes.some((s) => fit(s, s));
    for (const canvas of [base, over]) {
      const ratio = window.devicePixelRatio || 1;
      [canvas.width, canvas.height] = [Math.ceil(width * ratio), Math.ceil(height * ratio)];
      [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    [host.style.width, host.style.height] = [`${width}px`, `${height}px`];
    labels.replaceChildren(...(lettered ? Array.from({ length: tiles }, (_, t) => {
      const [left, top] = corner(t), [number, range] = picture.label(t, cells.text);
      return element("span", { style: `left:${left}px;top:${top + h * ch + 1}px` },
        element("b", {}, number), lines === 1 ? " " : element("br"), range);
    }) : []));
    return fits;
  }

  const corner = (t) => [(t % across) * stepX, Math.floor(t / across) * stepY];

  function draw() {
    const { tiles, h, w } = picture, context = base.getContext("2d");
    const stamp = new OffscreenCanvas(w, h), inside = stamp.getContext("2d"), dots = inside.createImageData(w, h);
    const lettered = picture.numbers || (cw >= NUMBER_WIDTH && ch >= 14);
    context.clearRect(0, 0, width, height);
    context.imageSmoothingEnabled = cw < 1;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "13px sans-serif";
    for (let t = 0; t < tiles; t++) {
      const [left, top] = corner(t);
      for (let i = 0, at = 0; i < h; i++)
        for (let j = 0; j < w; j++, at += 4) {
          const value = picture.value(t, i, j);
          if (value === undefined) dots.data[at + 3] = 0;
          else paintPixel(dots.data, at, value, scale.top, scale.ink);
        }
      inside.putImageData(dots, 0, 0);
      context.drawImage(stamp, left, top, w * cw, h * ch);
      if (lettered)
        for (let i = 0; i < h; i++)
          for (let j = 0; j < w; j++) {
            const value = picture.value(t, i, j);
            if (value === undefined) continue;
            context.fillStyle = inkOn(colour(value, scale.top, scale.ink));
            context.fillText(cells.text(value), left + (j + 0.5) * cw, top + (i + 0.5) * ch);
          }
      context.strokeStyle = "#767e87";
      context.lineWidth = 0.5;
      if (!picture.across) context.strokeRect(left + 0.25, top + 0.25, w * cw - 0.5, h * ch - 0.5);
    }
    return lettered || picture.label ? cells.unit : 1;              // what the numbers on the sheet are multiplied by
  }

  function hit(event) {                                           // the cell under the pointer: [t, i, j], or null between the tiles
    const box = over.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const column = Math.floor(x / stepX), row = Math.floor(y / stepY), t = row * across + column;
    const j = Math.floor((x - column * stepX) / cw), i = Math.floor((y - row * stepY) / ch);
    return x < 0 || y < 0 || column >= across || t >= picture.tiles || i >= picture.h || j >= picture.w ? null : [t, i, j];
  }

  function frame(style, [t, i, j], [i2, j2] = [i, j]) {
    const context = over.getContext("2d"), corners = corner(t), thick = cw < 6 ? 1 : 2;
    let [x, y, wide, tall] = [corners[0] + j * cw, corners[1] + i * ch, (j2 - j + 1) * cw, (i2 - i + 1) * ch];
    const grow = Math.max(0, (5 - Math.min(wide, tall)) / 2);
    [x, y, wide, tall] = [x - grow, y - grow, wide + 2 * grow, tall + 2 * grow];
    const line = (thick, colour, dash = []) => {
      const ends = [Math.max(x, 1), Math.max(y, 1), Math.min(x + wide, width - 1), Math.min(y + tall, height - 1)];
      const [left, top, right, bottom] = ends.map((end) => Math.round(end - 0.5) + 0.5);           // sharp lines
      context.lineWidth = thick;
      context.strokeStyle = colour;
      context.setLineDash(dash);
      context.strokeRect(left, top, right - left, bottom - top);
    };
    if (style === "unit") { line(4, "#111"); line(2, "#ffd400"); }
    else if (style === "winner") {
      context.setLineDash([]);
      for (const [colour, radius] of [["#fff", 4], ["#111", 2.7]]) {
        context.fillStyle = colour;
        context.beginPath();
        context.arc(x + wide / 2, y + tall / 2, radius, 0, 7);
        context.fill();
      }
    } else { line(thick + 2, "#fff"); line(thick, "#111", style === "feeds" ? [3, 2] : []); }
  }

  const clear = () => over.getContext("2d").clearRect(0, 0, width, height);

  function step([t, i, j], down, right) {                         // the next cell in a direction, over the edge into the next tile
    const { tiles, h, w } = picture, to = [t, i + down, j + right];
    if (to[1] >= 0 && to[1] < h && to[2] >= 0 && to[2] < w) return to;
    const column = (t % across) + right, next = t + down * across + right;
    return column < 0 || column >= across || next < 0 || next >= tiles ? null : [next, (i + down + h) % h, (j + right + w) % w];
  }

  const box = ([t, i, j]) => { const [left, top] = corner(t); return { left: left + j * cw, top: top + i * ch, width: cw, height: ch }; };
  return { host, base, over, lay, draw, hit, frame, clear, step, box, get picture() { return picture; } };
}
