/** What does a vector mean? Put into another prompt, it says so itself; vectors at random say nothing. */
import { loadModel, patchscope, valueAt } from "mlxterp";

const model = await loadModel("tiny");
const { grids, tables } = await patchscope(model, "the capital of France", {
  target: "the capital of Italy is", // "France" goes where "Italy" is
  targetPosition: -2,
  answer: "Paris",
});

for (const { layer, text } of tables.continuations.rows) {
  const probability = valueAt(grids.followedProbability, { layer });
  const chance = valueAt(grids.nullProbability, { layer });
  const said = probability > 10 * chance && probability > 0.1;
  console.log(`after ${layer}: ${text.trim()}${said ? ", as no vector at random does" : ""}`);
}
