/** What a typed model offers, and what does not compile; checked by the compiler in types.test.ts, never run. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { InterpretableModel, type SiteValue, type Trace } from "../index.js";

class Inner extends nn.Module {
  proj: Linear = new nn.Linear(2, 2);
  count = 3;
  scale: MxArray = mx.ones([2]);
  activation = (x: MxArray) => x;
  private secret: Linear = new nn.Linear(2, 2);
  protected hidden: Linear = new nn.Linear(2, 2);
  override forward(x: MxArray): MxArray {
    return this.secret.forward(this.hidden.forward(x));
  }
}

class Network extends nn.Module {
  layers: Inner[] = [];
  grid: Inner[][] = [];
  experts = { left: new Inner(), deep: { right: new Inner() } };
  byName: Record<string, Inner> = {};
  lmHead?: Linear;
  adapter: Inner | undefined;
  readonly mixed: (Inner | ((x: MxArray) => MxArray))[] = [];
  sizes: number[] = [];
  settings = { depth: 3 };
  override forward(x: MxArray): MxArray {
    return x;
  }
}

const model = new InterpretableModel(new Network());
const trace: Trace<Network> = model.trace(mx.ones([1, 2]));

const array: MxArray[] = [
  trace.layers[3].proj.value,
  trace.layers[-1].proj.output.save(),
  trace.layers[0].input.value,
  trace.layers[0].call(1).value,
  trace.grid[0][1].proj.value,
  trace.experts.left.proj.value,
  trace.experts.deep.right.save(),
  trace.byName.anything.proj.value,
  trace.lmHead.value,
  trace.adapter.proj.value,
  model.layers[0].proj.value,
  trace.output.value,
  trace.value("layers.0"),
];
const site: SiteValue = trace.at("layers.0");
const length: number = trace.layers.length;
for (const layer of trace.layers) array.push(layer.proj.value);

// @ts-expect-error a misspelt module
trace.layer;
// @ts-expect-error a misspelt module of the model
model.layer;
// @ts-expect-error a misspelt module in a list
trace.layers[0].projection;
// @ts-expect-error a misspelt module in an object
trace.experts.middle;
// @ts-expect-error a misspelt port
trace.layers[0].outputs;
// @ts-expect-error a list has no value
trace.layers.value;
// @ts-expect-error a number is no module
trace.layers[0].count;
// @ts-expect-error an array is no module
trace.layers[0].scale;
// @ts-expect-error a function is no module
trace.layers[0].activation;
// @ts-expect-error private modules have no public name
trace.layers[0].secret;
// @ts-expect-error protected modules have no public name
trace.layers[0].hidden;
// @ts-expect-error a list of numbers holds no module
trace.sizes;
// @ts-expect-error an object of numbers holds no module
trace.settings;
// @ts-expect-error a view cannot be assigned
trace.layers[0].proj = array[0];
// @ts-expect-error methods of modules are no sites
trace.parameters;
// @ts-expect-error an intervention must return an array
model.trace(mx.ones([1, 2]), { interventions: { "layers.0": () => 3 } });
// @ts-expect-error an intervention must be synchronous
model.trace(mx.ones([1, 2]), { interventions: { "layers.0": async (x) => x } });
// @ts-expect-error a misspelt option
model.run(mx.ones([1, 2]), { saves: "layers.0" });

class Named extends InterpretableModel<Network> {
  readonly kind = "named";
  lastLayer(): MxArray {
    return this.layers[-1].proj.value;
  }
}
const named = new Named(new Network(), { name: "n" });
const edited: Named = named.edit({ "layers.0": (x) => x });
export const used = [named.kind, edited.lastLayer(), named.layers[0].value, site, length];
// @ts-expect-error a subclass has no more modules than its network
named.layer;
