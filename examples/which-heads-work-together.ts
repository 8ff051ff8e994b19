/** Which heads work together? What one writes and another reads, by their weights, above heads of random weights. */
import { headWeights, loadModel, valueAt } from "mlxterp";

const model = await loadModel("tiny");
const { grids, tables } = await headWeights(model);
const chance = new Map(tables.chance.rows.map(({ score, highest }) => [score, highest]));

for (const head of [0, 1, 2, 3]) {
  const copying = valueAt(grids.copying, { layer: 1, head });
  const writers = [0, 1, 2, 3].map((writer) => `0.${writer}`);
  const read = (writer: string) =>
    valueAt(grids.composition, { kind: "key", writer, reader: `1.${head}` });
  const best = writers.reduce((a, b) => (read(a) > read(b) ? a : b));
  const above = read(best) > 2 * (chance.get("composition: key") ?? 0);
  console.log(
    `head 1.${head} copies (${copying.toFixed(2)}) and has keys from ${best}${above ? ", twice as much as chance" : ""}`,
  );
}
