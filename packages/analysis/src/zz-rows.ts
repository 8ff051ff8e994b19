import { loadModel } from "@mlxterp/models";
import { activationPatching } from "./index.js";

const model = await loadModel("/work/shared/data/models/stories15M");
const clean = "Tom and Sue went to the park. Sue gave a ball to",
  corrupted = "Sue and Tom went to the park. Tom gave a ball to";
const long =
  " Once there was a little boy and a girl who liked to play with a ball in the park near the house every day.";
const C = `Tom and Sue were friends.${long}${long} ${clean}`,
  D = `Sue and Tom were friends.${long}${long} ${corrupted}`;
const rows = [8, 16, 32, 64, 128, 336];
const best = rows.map(() => 1e9);
for (let rep = 0; rep < 4; rep++)
  for (const [i, maxRows] of rows.entries()) {
    const t = performance.now();
    await activationPatching(model, {
      clean: C,
      corrupted: D,
      answer: " Tom",
      wrongAnswer: " Sue",
      sites: "attention",
      maxRows,
    });
    best[i] = Math.min(best[i], performance.now() - t);
  }
console.log(
  rows.map((r, i) => `${r}: ${best[i].toFixed(0)}`).join("  "),
  process.memoryUsage().rss >> 20,
);
