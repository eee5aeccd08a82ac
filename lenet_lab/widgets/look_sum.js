// The sum behind one number, drawn: the way of the window over the map below to the number, and the products as grids with their total.

import { colour, inkOn, scaleOf } from "./colours.js";
import { number, typeset } from "./numbers.js";
import { element } from "./parts.js";
import { inCells } from "./sheet.js";

const FONT = "13px sans-serif", BOLD = "bold 13px sans-serif", EDGE = "#767e87", LINE = 20, JOINT = 40, BETWEEN = 20, LETTERED = 34;     // pixels
const numberOf = (v) => (v == null ? NaN : v), flatten = (part) => part.flat(2).map(numberOf);

// A canvas of a size in CSS pixels, emptied; returns its context.
function cleared(canvas, wide, tall) {
  const ratio = window.devicePixelRatio || 1, [width, height] = [Math.ceil(wide * ratio), Math.ceil(tall * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    [canvas.style.width, canvas.style.height] = [`${wide}px`, `${tall}px`];
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, tall);
  context.textBaseline = "middle";
  return context;
}

function write(context, text, x, y, align = "left", font = FONT) {
  Object.assign(context, { fillStyle: getComputedStyle(context.canvas).color, font, textAlign: align });
  context.fillText(text, x, y);
}

function block(context, rows, scale, x, y, cw, ch, lettered) {
  const cells = inCells(scale.top, rows.every((row) => row.every(Number.isInteger)));
  rows.forEach((row, i) => row.forEach((value, j) => {
    const v = numberOf(value), rgb = colour(v, scale.top, scale.ink);
    context.fillStyle = `rgb(${rgb})`;
    context.fillRect(x + j * cw, y + i * ch, cw, ch);
    if (!lettered) return;
    Object.assign(context, { fillStyle: inkOn(rgb), font: FONT, textAlign: "center" });
    context.fillText(Number.isFinite(v) ? cells.text(v) : "?", x + (j + 0.5) * cw, y + (i + 0.5) * ch + 0.5);
  }));
  Object.assign(context, { strokeStyle: EDGE, lineWidth: 0.75 });
  context.strokeRect(x + 0.4, y + 0.4, rows[0].length * cw - 0.8, rows.length * ch - 0.8);
}

function frame(context, x, y, wide, tall) {
  for (const [width, line] of [[4, "#111"], [2, "#ffd400"]]) {
    Object.assign(context, { lineWidth: width, strokeStyle: line });
    context.strokeRect(x, y, wide, tall);
  }
}

// The pictures behind a number: { host, put(unit, level, below, way, room), clear() }.
export function sumPictures() {
  const route = element("canvas", { class: "way", role: "img" }), grids = element("canvas", { class: "tiles", role: "img" });
  const host = element("div", { class: "pictures" }, route, grids);

  // The map below with the window on it, the kernel (or the maximum), and the map of the unit, joined by lines from corner to corner.
  function drawWay(unit, level, below, { map, part, length, row, column }, room) {
    const [, h, w] = below.shape, [, H, W] = level.shape, kernel = unit.kernel?.[part];
    const side = Math.min(150, (room - 2 * JOINT) / 3), s = Math.max(1, Math.min(18, side / Math.max(h, w))), S = Math.max(1, Math.min(18, side / Math.max(H, W)));
    const cell = Math.min(24, side / length), inside = length * cell, x1 = Math.max(w * s, 70) + JOINT, x2 = x1 + Math.max(inside, 60) + JOINT;
    const tall = Math.max(h * s, inside, H * S) + LINE, top = (of) => LINE + (tall - LINE - of) / 2;
    const context = cleared(route, x2 + Math.max(W * S, 110), tall + 2);
    const lines = (values, from, width, height) => Array.from({ length: height }, (_, i) => Array.from(values.subarray(from + i * width, from + (i + 1) * width)));
    const at = { below: top(h * s), middle: top(inside), unit: top(H * S) };
    block(context, lines(below.out, map * h * w, w, h), below.scale.out, 0, at.below, s, s, false);
    const shown = kernel ?? unit.patch[part];
    block(context, shown, kernel ? scaleOf(flatten(unit.kernel)) : below.scale.out, x1, at.middle, cell, cell, false);
    block(context, lines(level.out, unit.index[0] * H * W, W, H), level.scale.out, x2, at.unit, S, S, false);
    const window = [column * s, at.below + row * s, length * s], place = [x2 + unit.index[2] * S, at.unit + unit.index[1] * S];
    Object.assign(context, { strokeStyle: getComputedStyle(root()).color, lineWidth: 1 });
    context.beginPath();
    for (const [from, to] of [[0, 0], [window[2], inside]]) {
      context.moveTo(window[0] + window[2], window[1] + from);
      context.lineTo(x1, at.middle + to);
      context.moveTo(x1 + inside, at.middle + to);
      context.lineTo(place[0], place[1] + (from ? S : 0));
    }
    context.stroke();
    frame(context, window[0], window[1], window[2], window[2]);
    frame(context, place[0], place[1], S, S);
    const many = below.shape[0] > 1 ? `, map ${map}` : "";
    write(context, `${below.name}${many}`, 0, 8);
    write(context, kernel ? `kernel${many && ` ${part}`}` : "maximum", x1, 8);
    write(context, `${level.name}, map ${unit.index[0]}`, x2, 8);
    route.setAttribute("aria-label", `The window at row ${row}, column ${column} of ${below.name}${many}, ${kernel ? "times the kernel, gives" : "has the maximum that is"} `
      + `row ${unit.index[1]}, column ${unit.index[2]} of ${level.name}, map ${unit.index[0]}`);
  }

  const root = () => route.closest(".lenet-widget");

  // One map: every number of the window, of the kernel and their products. As many side by side as there is room for, the others below.
  function drawNumbers(unit, parts, room) {
    const k = unit.patch[0].length, fitting = (n) => Math.floor((room - BETWEEN * n) / n / k);
    const across = [3, 2].find((n) => n <= parts.length && fitting(n) >= LETTERED) ?? 1, rows = Math.ceil(parts.length / across);
    const cw = Math.max(14, Math.min(46, fitting(across))), ch = 20, tile = k * ch + LINE + 4, pitch = Math.max(k * cw + BETWEEN, across > 1 ? 120 : 0);
    const sum = unit.kernel ? LINE : 0, wide = rows > 1 ? room : Math.max((across - 1) * pitch + k * cw, sum && 330), tall = rows * tile + sum;
    const context = cleared(grids, Math.min(wide, room), tall);
    parts.forEach((part, n) => {
      const x = (n % across) * pitch, y = Math.floor(n / across) * tile;
      const { unit: times } = inCells(part.scale.top, part.values[0].every((row) => row.every(Number.isInteger)));
      const sign = ["", "· ", "= "][n];
      write(context, (x ? "" : sign) + (times === 1 ? part.title : `${part.title}, ×${number(times)}`), x, y + 8);
      block(context, part.values[0], part.scale, x, y + 18, cw, ch, cw >= LETTERED);
      if (x) write(context, sign.trim(), x - BETWEEN / 2, y + 18 + k * ch / 2, "center", "17px sans-serif");
    });
    if (sum) write(context, `sum ${number(unit.sums[0], 4)}, with the bias ${typeset(unit.value)}`, 0, tall - 10, "left", BOLD);
    grids.setAttribute("aria-label", `${parts.map(({ title }) => title).join(", ")}: ${k}x${k} numbers, written out below`);
  }

  // Many maps: for each the window, its kernel and the sum of their products.
  function drawMaps(unit, parts, room) {
    const C = unit.patch.length, k = unit.patch[0].length, s = Math.max(1, Math.min(8, Math.floor(36 / k))), left = 62, pitch = Math.max(k * s, 34) + 4;
    const across = Math.max(1, Math.floor((room - left) / pitch)), tile = k * s + 3, group = 2 * tile + 38;
    const context = cleared(grids, left + Math.min(C, across) * pitch, Math.ceil(C / across) * group), sums = inCells(scaleOf(unit.sums.map(numberOf)).top, false);
    const heads = [["map", 7], ["under it", 18 + tile / 2], ["kernel", 18 + tile * 1.5], [sums.unit === 1 ? "sum" : `sum·${number(1 / sums.unit)}`, 26 + 2 * tile]];
    for (let c = 0; c < C; c++) {
      const x = left + (c % across) * pitch, y = Math.floor(c / across) * group;
      if (c % across === 0) for (const [text, at] of heads) write(context, text, 0, y + at);
      write(context, String(c), x + k * s / 2, y + 7, "center");
      parts.forEach((part, n) => block(context, part.values[c], part.scale, x, y + 18 + n * tile, s, s, false));
      write(context, sums.text(unit.sums[c] ?? NaN), x + k * s / 2, y + 26 + 2 * tile, "center");
    }
    grids.setAttribute("aria-label", `for each of ${C} maps: the patch under the unit, its kernel, and the sum of their products`);
  }

  function put(unit, level, below, way, room) {
    host.hidden = !unit.patch;
    if (host.hidden) return;
    route.hidden = !way;
    if (way) drawWay(unit, level, below, way, room);
    const parts = [{ title: unit.kernel ? "under it" : "the window", values: unit.patch, scale: below.scale.out }];
    if (unit.kernel) parts.push({ title: "kernel", values: unit.kernel, scale: scaleOf(flatten(unit.kernel)) });
    const plain = unit.patch.length === 1 && unit.patch[0].length <= 9;
    if (plain && unit.kernel) {
      const products = [unit.patch[0].map((row, i) => row.map((v, j) => numberOf(v) * numberOf(unit.kernel[0][i][j])))];
      parts.push({ title: "products", values: products, scale: scaleOf(flatten(products)) });
    }
    if (plain || !unit.kernel) drawNumbers(unit, parts, room);
    else drawMaps(unit, parts, room);
  }
  return { host, put };
}
