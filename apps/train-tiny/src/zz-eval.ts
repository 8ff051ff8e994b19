import { readFileSync } from "node:fs";
import { loadModel } from "@mlxterp/models";
import { evaluateAbilities } from "./evaluate-abilities.js";
import { findMechanisms } from "./mechanisms.js";

const m = await loadModel("tiny");
const q = JSON.parse(
  readFileSync("/work/main/packages/models/weights/tiny/abilities.json", "utf8"),
);
console.log(await evaluateAbilities(m, q));
const x = await findMechanisms(m, q.randomSequences);
console.log(
  x.scores.slice(0, 6),
  x.ablated,
  x.controls.map((c) => c.heads.join() + ":" + c.loss.toFixed(2)).join(" "),
);
for (const p of [
  "When Mary and John went to the store, John gave a drink to",
  "The capital of France is",
  "The keys near the cabinet",
  "The opposite of hot is",
]) {
  let t = p;
  for await (const s of m.generate(p, { maxTokens: 6 })) t += "|" + s.text;
  console.log(t);
}
