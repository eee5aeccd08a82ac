// Makes the widgets of a page work without a kernel: `make_site.py` puts this after the widgets' own modules, in one file.
/* global alone, asMnist, facts, inked, lookAt, overview, pageAfter, pageOf, strokesFrom, widgets */

const SENT = 140;                                                   // pixels a side of the drawing that the page sends

function networkOf({ input, layers }) {                             // the numbers of the file network.js, which is loaded before
  const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  return { input, layers: layers.map((layer) => (layer.W ? { ...layer, W: floats(layer.W), b: floats(layer.b) } : layer)) };
}

function drawModel() {
  const net = networkOf(window.lenetNetwork);
  let grey = new Uint8Array(SENT * SENT), drawing = "blank";
  const computed = (centred, towards) => pageOf(net, drawing, grey, SENT, centred, towards);
  const model = alone({ name: "draw", state: { centred: true, towards: null, page: computed(true, null) },
    answer(self, message, [ink]) {
      grey = new Uint8Array(ink);
      drawing = message.drawing;
      self.set("page", computed(self.get("centred"), self.get("towards")));
    } });
  model.on("change:centred change:towards", () => model.set("page", computed(model.get("centred"), model.get("towards"))));
  return model;
}

function stepModel({ page: original }) {                             // the address keeps what was changed: [cell or "label", text] one after the other
  let changes = [];
  const applied = (page, [what, text]) => pageAfter(page, what === "label" ? { do: "label", label: text } : { do: "edit", cell: what, text });
  const model = alone({ name: "step", state: { page: original }, answer(self, message) {
    try {
      const change = message.do === "label" ? ["label", message.label] : [message.cell, message.text];
      const page = message.do === "reset" ? original : applied(self.get("page"), change);
      changes = message.do === "reset" ? [] : [...changes, change];
      self.remember("step", JSON.stringify(changes));
      queueMicrotask(() => self.set("page", page));
    } catch (refused) {
      queueMicrotask(() => self.tell("msg:custom", { refused: refused.message }));
    }
  } });
  try {
    const found = JSON.parse(model.remembered("step") ?? "[]");
    model.set("page", found.reduce(applied, original));
    changes = found;
  } catch { /* an address that was changed by hand is as good as none */ }
  return model;
}

// Digits to look at, drawn for this page: [label, strokes]. A drawing in the address of the page comes first.
const DIGITS = [[7, "24,70,60,210,60,130,240"], [1, "24,110,85,150,50,150,235"], [4, "24,160,45,65,170,225,170;24,180,110,180,250"],
  [0, "24,140,45,95,70,75,140,95,210,140,235,185,210,205,140,185,70,140,45"], [2, "24,75,90,110,50,170,50,200,90,185,135,80,230,215,230"],
  [3, "24,80,60,200,60,135,120,190,150,200,195,150,235,80,215"]];

function lookModel() {
  const net = networkOf(window.lenetNetwork), described = window.lenetNetwork.levels, sheet = 280;
  const mine = strokesFrom(new URLSearchParams(location.hash.slice(1)).get("strokes") ?? "", sheet);
  const digits = [...(mine.length ? [[null, mine]] : []), ...DIGITS.map(([label, text]) => [label, strokesFrom(text, sheet)])];
  const looks = digits.map(([label, strokes]) => () => lookAt(net, asMnist(inked(strokes, sheet, SENT)), label));
  let look = null, unit = null, shown = null;

  function page(image) {
    look = looks[image]();
    shown = image;
    if (!unit) {
      const first = look.levels[1], at = first.out.reduce((best, value, n) => (Math.abs(value) > Math.abs(first.out[best]) ? n : best), 0);
      const [, height, width] = first.outShape;
      unit = { layer: first.name, index: [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width], weight: null };
    }
    return { count: looks.length, image, ...overview(look, described), unit: facts(look, unit.layer, unit.index, unit.weight) };
  }

  function values() {
    const all = look.levels.flatMap((level) => [level.out, level.dout]), made = new Float32Array(all.reduce((sum, one) => sum + one.length, 0));
    let at = 0;
    for (const one of all) { made.set(one, at); at += one.length; }
    return made;
  }

  function known(layer, index) {                                    // is there such a number? an address may say anything
    const level = look.levels.find((one) => one.name === layer);
    return level && Array.isArray(index) && index.length === level.outShape.length
      && index.every((i, axis) => Number.isInteger(i) && i >= 0 && i < level.outShape[axis]);
  }

  const model = alone({ name: "look", state: {}, answer(self, message) {
    if (message.do === "weights") {
      const { W, dW, b } = look.levels.find((level) => level.name === message.layer);
      queueMicrotask(() => self.tell("msg:custom", { view: message.view, image: shown, weights: message.layer }, [W, dW, b].map((part) => Float32Array.from(part))));
      return;
    }
    unit = { layer: message.layer, index: message.index, weight: message.weight };
    self.remember("unit", JSON.stringify([shown, unit.layer, unit.index]));
    queueMicrotask(() => self.tell("msg:custom", { view: message.view, image: shown, unit: facts(look, unit.layer, unit.index, unit.weight) }));
  } });
  let image = 0;
  try {
    const [number, layer, index] = JSON.parse(model.remembered("unit"));
    if (looks[number]) {
      image = number;
      page(image);
      if (known(layer, index)) unit = { layer, index, weight: null };
    }
  } catch { /* an address that was changed by hand is as good as none */ }
  const show = () => {
    const next = page(model.get("image"));
    model.set("values", values());
    model.set("page", next);
    model.remember("unit", JSON.stringify([shown, unit.layer, unit.index]));
  };
  model.set("image", image);
  const first = page(image);
  model.set("values", values());
  model.set("page", first);
  model.on("change:image", show);
  return model;
}

function hingesModel(state) {
  const valid = ({ b, hinges, shown }) => Number.isFinite(b) && Math.abs(b) <= 5 && Array.isArray(hinges) && hinges.length === state.hinges.length
    && hinges.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => Number.isFinite(part) && Math.abs(part) <= 20))
    && Number.isInteger(shown) && shown >= 0 && shown <= hinges.length;
  return alone({ name: "hinges", state, kept: ["b", "hinges", "shown"], valid });
}

const MODELS = { draw: drawModel, step_through: stepModel, hinges: hingesModel, look_inside: lookModel };

for (const place of document.querySelectorAll(".live")) {
  const { widget, state } = place.dataset;
  const host = document.createElement("div");
  widgets[widget].render({ model: MODELS[widget](state && JSON.parse(state)), el: host });
  place.replaceChildren(host);
  const still = place.closest(".output_area")?.nextElementSibling;
  if (still?.classList.contains("still")) still.textContent = "This works here, without Python. The address of the page keeps what you set.";
}
