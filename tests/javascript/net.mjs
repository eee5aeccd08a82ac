// For tests/test_net_javascript.py: reads a task as JSON from standard input, and prints what the modules answer.
import { backward, forward } from "../../lenet_lab/widgets/net.js";
import { pageAfter } from "../../lenet_lab/widgets/worked.js";
import { facts, general, lookAt } from "../../lenet_lab/widgets/look_facts.js";
import { asMnist, sentence } from "../../lenet_lab/widgets/reading.js";

const text = await new Promise((done) => { let all = ""; process.stdin.on("data", (part) => { all += part; }).on("end", () => done(all)); });
const tasks = JSON.parse(text);
const plain = (value) => JSON.parse(JSON.stringify(value, (_, one) => (ArrayBuffer.isView(one) ? Array.from(one) : one)));
console.log(JSON.stringify(tasks.map(({ net, image, label, drawing, centred, p, blank, page, message, units, value }) => {
  if (drawing) return plain(asMnist(drawing, centred));
  if (page) try { return pageAfter(page, message); } catch (error) { return error.message; }
  if (p) return sentence(p, blank);
  if (value !== undefined) return [2, 3, 4].map((digits) => general(value, digits));
  if (units) {
    const look = lookAt(net, image, label);
    return units.map(({ layer, index, weight }) => plain(facts(look, layer, index, weight)));
  }
  const seen = forward(net, image);
  return plain({ p: seen.p, outs: seen.layers.map(({ out }) => out), back: backward(seen, label) });
})));
