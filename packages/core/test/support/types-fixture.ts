/** What a typed model offers, and what does not compile; checked by the compiler in proposals.test.ts, never run. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import {
  type Activation,
  InterpretableModel,
  type SiteValue,
  Tap,
  type Trace,
} from "../../src/index.js";

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

// Sites by name: checked as far as the compiler knows the modules and the name.
declare const anyName: string;
declare const place: number;
const values: SiteValue[] = [
  trace.at("layers.3.proj"),
  trace.at("layers.-1"),
  trace.at("layers.{0,2}.proj"),
  trace.at("layers.{2..8}.{proj}.input"),
  trace.at(`layers.${place}.proj`),
  trace.at("model.layers.0.proj.input"),
  trace.at("lm_head"),
  trace.at("experts.deep.right.proj#2"),
  trace.at("byName.anything.proj.output.1"),
  trace.at("grid.0.*.proj"),
  trace.at("**.proj"),
  trace.at("layers.*.pr*"),
  trace.at("output"),
  trace.at(anyName),
  trace.at(`${anyName}.anything`),
];
// @ts-expect-error a misspelt list
trace.at("layer.3");
// @ts-expect-error a misspelt module in a list
trace.at("layers.3.projection");
// @ts-expect-error a list has no value
trace.at("layers");
// @ts-expect-error no member of a list is called so
trace.at("layers.first");
// @ts-expect-error a misspelt port
trace.at("layers.0.inputs");
// @ts-expect-error what is private has no public name
trace.at("layers.0.secret");
// @ts-expect-error a misspelt site to save
trace.save("layers.3.projection");
// @ts-expect-error one of several selectors is misspelt
trace.saveAll("layers.*", "layer.*");
// @ts-expect-error a misspelt site of a run
model.run(mx.ones([1, 2]), { save: "layer.0" });
// @ts-expect-error one of several sites of a run is misspelt
model.run(mx.ones([1, 2]), { save: ["layers.0", "layer.0"] });
// @ts-expect-error an intervention on a misspelt site
model.trace(mx.ones([1, 2]), { interventions: { "layer.0": (x) => x } });
// @ts-expect-error one of several interventions is on a misspelt site
model.edit({ "layers.0": (x) => x, "layers.0.projection": (x) => x });
declare const selectors: readonly (string | RegExp)[];
model.run(mx.ones([1, 2]), { save: selectors });
model.run(mx.ones([1, 2]), { save: [...selectors, "output"] });
model.run(mx.ones([1, 2]), {
  save: ["layers.0", /proj/, anyName],
  interventions: { [anyName]: (x: MxArray) => x },
});

// Axes in the type of what is read.
class Attention extends nn.Module {
  readonly pattern = new Tap(["batch", "heads", "query", "key"], {
    holds: "How much each query takes of each key.",
    hook: "attn.hook_pattern",
  });
  readonly residual = new Tap(["batch", "position", "hidden"]);
  get outputAxes() {
    return ["batch", "position", "hidden"] as const;
  }
  get siteNotes() {
    return { output: { holds: "What it adds.", hook: ["hook_out", "hook_attn_out"] } } as const;
  }
  override forward(x: MxArray): MxArray {
    return x;
  }
}
class Blocks extends nn.Module {
  readonly layers: Attention[] = [];
  get siteNotes() {
    return { "layers.*": { inside: "blocks.*" } } as const;
  }
  override forward(x: MxArray): MxArray {
    return x;
  }
}
type Pattern = Activation<readonly ["batch", "heads", "query", "key"]>;
type Residual = Activation<["batch", "position", "hidden"]>; // as people write it, without readonly
const blocks = new InterpretableModel(new Blocks());
const seen = blocks.trace(mx.ones([1, 2]));
const patterns: Pattern[] = [
  seen.layers[0].pattern.save(),
  seen.layers[0].pattern.input.value,
  seen.value("layers.-1.pattern"),
  seen.at("**.pattern").value,
  seen.save("layers.{0,1}.pattern#2"),
  seen.save("blocks.3.attn.hook_pattern"),
  seen.save("blocks.{0,1}.attn.hook_pattern#1"),
];
const residuals: Residual[] = [seen.layers[2].value, seen.at("layers.2").save(), seen.save("blocks.-1.hook_attn_out"), seen.save("blocks.*.hook_out")]; // biome-ignore format: one list
const sizes: [number, number, number, number] = patterns[0].shape;
// @ts-expect-error a name that TransformerLens has, but no module here
seen.at("blocks.3.hook_mlp_out");
// @ts-expect-error a name without its layer
seen.at("hook_attn_out");
// @ts-expect-error a list that has no other name
seen.at("block.3.hook_attn_out");
// @ts-expect-error a pattern that matches nothing
seen.at("**.residuals");
// @ts-expect-error a pattern is no residual stream
const wrong: Residual = seen.layers[0].pattern.value;
// @ts-expect-error a pattern has four axes
const five: [number, number, number, number, number] = patterns[0].shape;
const cached = async (): Promise<Pattern> =>
  (await blocks.run(mx.ones([1, 2]), { save: "layers.*.pattern" })).get("layers.0.pattern");
const residualGradient = async (): Promise<Residual> => {
  const sum = (output: MxArray) => mx.sum(output);
  const options = { save: ["layers.*", "**.pattern"] } as const;
  return (await blocks.gradients(mx.ones([1, 2]), sum, options)).gradients.get("layers.0");
};
// @ts-expect-error a gradient at a misspelt site
blocks.gradients(mx.ones([1, 2]), (x) => x, { save: ["layers.*", "layer.0"] });
const misspelt = { "layer.0": (x: MxArray) => x };
// @ts-expect-error a change of the gradient at a misspelt site
blocks.gradients(mx.ones([1, 2]), (x) => x, { save: "layers.0", gradInterventions: misspelt });

// A trace while a function runs: what it returns, awaited once.
const traced: Promise<Pattern> = blocks.trace(mx.ones([1, 2]), (one) =>
  one.layers[0].pattern.save(),
);
const later: Promise<Pattern[]> = blocks.trace(mx.ones([1, 2]), { step: 1 }, async (one) => [
  one.save("layers.0.pattern"),
]);
const together: Promise<Residual> = blocks.trace(async (batch) =>
  batch.invoke(mx.ones([1, 2])).layers[0].save(),
);
// @ts-expect-error a misspelt module
const misread: Promise<unknown> = blocks.trace(mx.ones([1, 2]), (one) => one.layer);
const options = { interventions: misspelt };
// @ts-expect-error a change at a misspelt site
const mischanged: Promise<number> = blocks.trace(mx.ones([1, 2]), options, () => 1);

// A module within its own kind.
class Tree extends nn.Module {
  readonly branches: Tree[] = [];
  readonly next: Tree | undefined;
  override forward(x: MxArray): MxArray {
    return x;
  }
}
const tree = new InterpretableModel(new Tree()).trace(mx.ones([1, 2]));
values.push(tree.branches[0].next.branches[1], tree.at("next.next.branches.0.next.next.next.next"));
// @ts-expect-error a misspelt branch
tree.at("next.branch.0");

export const usedToo = [values, residuals, sizes, wrong, five, cached, residualGradient];
export const usedAfter = [traced, later, together, misread, mischanged];
