// Makes the widgets of a page work without a kernel: `make_site.py` puts this after the widgets' own modules, in one file.
/* global alone, asMnist, pageAfter, read, sentence, widgets */

const SENT = 140;                                                   // pixels a side of the drawing that the page sends

function networkOf({ input, layers }) {                             // the numbers of the file network.js, which is loaded before
  const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  return { input, layers: layers.map((layer) => (layer.W ? { ...layer, W: floats(layer.W), b: floats(layer.b) } : layer)) };
}

function drawModel() {
  const net = networkOf(window.lenetNetwork), abouts = Object.fromEntries(net.layers.map(({ name, about }) => [name, about]));
  let grey = new Uint8Array(SENT * SENT), drawing = "blank";
  const computed = (centred, towards) => {
    const image = asMnist({ pixels: Float64Array.from(grey, (level) => level / 255), rows: SENT, columns: SENT }, centred);
    const reading = read(net, image, towards), blank = !grey.some(Boolean);
    return { drawing, ink: grey, blank, said: sentence(reading.p, blank), towards: reading.towards, p: reading.p,
      image: Float32Array.from(image), gradient: reading.gradient, layers: reading.maps.map((one) => ({ ...one, about: abouts[one.name] })) };
  };
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

function hingesModel(state) {
  const valid = ({ b, hinges, shown }) => Number.isFinite(b) && Math.abs(b) <= 5 && Array.isArray(hinges) && hinges.length === state.hinges.length
    && hinges.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => Number.isFinite(part) && Math.abs(part) <= 20))
    && Number.isInteger(shown) && shown >= 0 && shown <= hinges.length;
  return alone({ name: "hinges", state, kept: ["b", "hinges", "shown"], valid });
}

const MODELS = { draw: drawModel, step_through: stepModel, hinges: hingesModel };

for (const place of document.querySelectorAll(".live")) {
  const { widget, state } = place.dataset;
  const host = document.createElement("div");
  widgets[widget].render({ model: MODELS[widget](state && JSON.parse(state)), el: host });
  place.replaceChildren(host);
  const still = place.closest(".output_area")?.nextElementSibling;
  if (still?.classList.contains("still")) still.textContent = "This works here, without Python. The address of the page keeps what you set.";
}
