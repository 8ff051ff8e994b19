/** Any MLX module, not only language models: its modules are sites, and taps are those between them. */
import { InterpretableModel, type Linear, type MxArray, mx, nn, Tap } from "mlxterp";

class Network extends nn.Module {
  up: Linear = new nn.Linear(2, 4);
  active = new Tap(["batch", "hidden"], { holds: "What leaves the nonlinearity." });
  down: Linear = new nn.Linear(4, 1);

  override forward(x: MxArray): MxArray {
    return this.down.forward(this.active.forward(nn.relu(this.up.forward(x))));
  }
}

const model = new InterpretableModel(new Network());
const x = mx.array([[1, 2]]);
const cache = await model.run(x, { save: ["active", "output"] });
const without = await model.run(x, {
  interventions: { active: (a: MxArray) => mx.zerosLike(a) },
});
const bias = model.module.down.bias;
console.log(
  `sites: ${model
    .sites()
    .map(({ site }) => site)
    .join(", ")}`,
);
console.log(`neurons: ${cache.get("active").shape.join(" × ")}`);
console.log(bias?.item() === without.get("output").item() ? "only the bias is left" : "?");
