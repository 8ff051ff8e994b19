/** Mover heads of the model that ships, whose circuit is known, against patterns and products by hand. */
import { mx, toFlat } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { expect, it } from "vitest";
import { clean } from "../testing/each-method.js";
import { moverHeads } from "./mover-heads.js";

const model = await loadModel("tiny");
const second = "Tom and Anna went to the park . Anna gave a ball to";

it("says of every head where it looks from the end, and what it writes of what is there", async () => {
  const { tables } = await moverHeads(model, clean, { answer: "Mary" });
  const [ids] = model.tokens(clean).ids;
  const mary = model.tokens("Mary").ids[0].at(-1)!;
  const place = ids.indexOf(mary);
  const sites = ["layers.3.selfAttn.pattern", "layers.3.selfAttn.v"];
  const cache = await model.run(clean, { save: sites });
  const pattern = toFlat(cache.get(sites[0]).index(0, 0, -1));
  const row = tables.heads.rows.find(({ layer, head }) => layer === 3 && head === 0)!;
  expect(row.attention).toBeCloseTo(pattern[place], 6);
  const rest = [...pattern.slice(0, -1)].filter((_, at) => at !== place);
  expect(row.elsewhere).toBeCloseTo(rest.reduce((sum, one) => sum + one, 0) / rest.length, 6);
  const { W_O } = model.weights.layer(3);
  const value = cache.get(sites[1]).index(0, 0, place).reshape([1, -1]);
  const written = mx.matmul(value, W_O.index(0));
  const { finalNorm } = model.module as unknown as { finalNorm: { weight: typeof value } };
  const logits = toFlat(mx.matmul(mx.multiply(written, finalNorm.weight), model.weights.W_U));
  const rank = 1 + logits.filter((one) => one > logits[mary]).length;
  expect(row.writes).toBe(rank <= 5 ? 1 : 0);
});

it("finds the mover on prompts with either name first, and averages over them", async () => {
  const both = await moverHeads(model, [clean, second], { answer: ["Mary", "Tom"] });
  const movers = both.tables.heads.rows.filter(({ type }) => type === "mover");
  expect(movers.map(({ layer, head }) => [layer, head])).toContainEqual([2, 2]);
  for (const { attention, elsewhere } of movers) expect(attention).toBeGreaterThan(5 * elsewhere);
  const [a, b] = await Promise.all([
    moverHeads(model, clean, { answer: "Mary" }),
    moverHeads(model, second, { answer: "Tom" }),
  ]);
  for (const [at, row] of both.tables.heads.rows.entries()) {
    const mean = (a.tables.heads.rows[at].attention + b.tables.heads.rows[at].attention) / 2;
    expect(row.attention).toBeCloseTo(mean, 5);
  }
});

it("refuses an answer that is not there", async () => {
  await expect(moverHeads(model, clean, { answer: "Anna" })).rejects.toThrow(
    "does not stand in it",
  );
});
