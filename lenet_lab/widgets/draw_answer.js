// What DrawDigit shows of an answer: the probabilities, what the network sees, the maps of its layers, and the gradient.

import { scaleOf } from "./colours.js";
import { floats, strongest } from "./draw_state.js";
import { number, plus } from "./numbers.js";
import { barList, button, element } from "./parts.js";
import { outlineAndSigns, picture } from "./picture.js";
import { FIELD } from "./reading.js";

const HINT = "Point at any picture, tap it, or walk in it with the arrow keys, to read its numbers.";

const single = { count: 1, rows: FIELD, columns: FIELD, across: 1 };
const WIDEST = 350;                                                 // pixels of a layer's maps: LeNet's layers fit beside each other on a laptop

// The gradient, which is computed and painted while it is open: { host, put(page, image), choose() }.
function gradientView({ view, model, state, tell, set }) {
  let page, image;
  const map = picture({ ...single, tell, scale: 7, name: "Gradient", decorate: outlineAndSigns(() => image, FIELD),
    more: () => `How fast log p(${page.towards}) rises with the ink of this pixel.` });
  const towards = element("select", { "aria-label": "class that the gradient is for",
    onchange: () => set("towards", towards.value === "" ? null : +towards.value) });
  const range = element("div"), pushes = element("div", { class: "pushes" });
  const pushed = element("div", { id: `push-${view}`, hidden: !state.opened }, element("label", {}, "towards a ", towards), map.canvas, range,
    element("div", { class: "note" }, element("span", { class: "swatch" }, "+"), " red: more ink here makes it surer, ",
      element("span", { class: "swatch negative" }, "−"), " blue: less does, white: no difference. Grey line: the drawing."), pushes);
  const why = button("What would change it?", "the gradient of the answer, pixel by pixel", () => {
    state.opened = pushed.hidden;
    pushed.hidden = !state.opened;
    paint();
    why.setAttribute("aria-expanded", String(state.opened));
  }, { "aria-expanded": String(state.opened), "aria-controls": `push-${view}` });

  function paint() {
    if (pushed.hidden) return;
    const g = floats(page.gradient), { low, high, top } = scaleOf(g);
    pushes.textContent = strongest(g, image, FIELD);
    map.paint(g, `Gradient of log p(${page.towards}) for every pixel. ${pushes.textContent}`, top);
    range.textContent = `Gradient: ${number(low)} to ${plus(high)}`;
  }

  function put(newest, seen) {
    [page, image] = [newest, seen];
    const p = floats(page.p), best = p.indexOf(Math.max(...p));
    if (!towards.length)
      towards.append(element("option", { value: "" }), ...Array.from(p, (_, k) => element("option", { value: k }, String(k))));
    towards.options[0].textContent = `surer ${best}`;
    paint();
  }
  return { host: element("div", { class: "push", role: "group", "aria-label": "What would change the answer" }, why, pushed), put,
    choose() { towards.value = model.get("towards") ?? ""; } };
}

// All of it: { words, bars, push, pictures }, parts of the page; `put` shows an answer, `choose` the settings of the model.
export function makeAnswer({ view, model, state }) {
  const readout = element("div", { class: "readout", "aria-live": "polite" });
  const tell = (text) => { readout.textContent = text || HINT; };
  const set = (name, value) => { model.set(name, value); model.save_changes(); };
  const seen = picture({ ...single, tell, scale: 4, name: "What the network sees", more: () => "0 is paper, 1 is ink.", decorate: { ink: true } });
  const centred = element("input", { type: "checkbox", onchange: () => set("centred", centred.checked) });
  const gradient = gradientView({ view, model, state, tell, set }), bars = barList("probabilities");
  const said = element("div", { class: "said" }), layers = element("div", { class: "layers" });
  let maps = null;

  function build(page) {
    layers.append(element("figure", { class: "seen" }, element("figcaption", {}, element("b", {}, "what it sees")), seen.canvas,
      element("label", { title: "MNIST's digits fit 20×20 pixels and have their centre of mass in the middle. "
        + "A network that learned from them has never seen one that is larger, smaller or elsewhere." }, centred, " scaled and centred")));
    const arrow = (sign) => element("span", { class: "arrow", "aria-hidden": "true" }, sign);
    let column, above = null;
    maps = page.layers.map(({ name, shape: [count, height, width], about }) => {
      const scale = Math.max(2, Math.min(5, Math.floor(28 / width)));
      const rows = Math.ceil(count / Math.max(1, Math.floor(WIDEST / (scale * width + 2)))), across = Math.ceil(count / rows);
      const made = picture({ name, count, rows: height, columns: width, scale, across, more: () => about, tell });
      const caption = element("figcaption"), changes = count !== above;        // pooling and ReLU keep the number of maps: they stand below
      if (changes) layers.append(arrow("→"), column = element("div", { class: "column" }));
      column.append(element("figure", {}, caption, made.canvas));
      above = count;
      return { ...made, caption, below: changes ? [] : [arrow("↓"), " "], size: `${count} ${count > 1 ? "maps" : "map"} of ${height}×${width}` };
    });
    layers.after(element("div", { class: "note" }, "In the maps red is positive, blue negative, white 0, each layer on a scale of its own."));
  }

  function put(page) {
    if (!maps) build(page);
    const image = floats(page.image);
    said.textContent = page.said;
    bars.put(floats(page.p));
    seen.paint(image, `What the network sees, 28 by 28 pixels, ${image.filter((v) => v > 0.4).length} of them dark`, 1);
    gradient.put(page, image);
    page.layers.forEach(({ name, maps: data }, n) => {
      const values = floats(data), scale = scaleOf(values);
      const words = `${maps[n].size}, ${number(scale.low)} to ${number(scale.high)}`;
      maps[n].caption.replaceChildren(...maps[n].below, element("b", {}, name), ` ${words}`);
      maps[n].paint(values, `${name}: ${words}`, scale.top);
    });
    choose();
  }

  function choose() {
    centred.checked = model.get("centred");
    gradient.choose();
  }

  tell("");
  return { said, bars: bars.host, push: gradient.host, pictures: [readout, layers], put, choose };
}
