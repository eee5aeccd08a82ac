// A page without a kernel: the state of a widget, with the names that its script asks for, and the state's place in the address of the page.

const address = () => new URLSearchParams(location.hash.slice(1));

function keep(name, text) {
  const all = address();
  all.set(name, text);
  history.replaceState(null, "", `#${all}`);
}

// `state` are the traits. `answer(model, message, buffers)` does what Python would. The trait names in `kept` go into the address, in one
// field `name`; `valid` says whether what is found there may be taken.
export function alone({ name, state, kept = [], valid = () => true, answer = () => {} }) {
  const heard = new Map(), traits = { ...state };
  const tell = (event, ...what) => { for (const act of heard.get(event) ?? []) act(...what); };
  const model = {
    get: (trait) => traits[trait],
    set(trait, value) {
      if (traits[trait] === value) return;
      traits[trait] = value;
      tell(`change:${trait}`);
    },
    save_changes() { if (kept.length) keep(name, JSON.stringify(kept.map((trait) => traits[trait]))); },
    on(events, act) { for (const event of events.split(" ")) heard.set(event, [...heard.get(event) ?? [], act]); },
    off(events, act) { for (const event of events.split(" ")) heard.set(event, (heard.get(event) ?? []).filter((one) => one !== act)); },
    send(message, _, buffers) { answer(model, message, buffers); },
    tell,
    remember: (field, text) => keep(field, text),
    remembered: (field) => address().get(field),
  };
  if (kept.length && model.remembered(name)) {
    try {
      const found = Object.fromEntries(JSON.parse(model.remembered(name)).map((value, n) => [kept[n], value]));
      if (valid(found)) Object.assign(traits, found);
    } catch { /* an address that was changed by hand is as good as none */ }
  }
  return model;
}
