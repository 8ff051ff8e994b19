/**
 * What the memory tests run, one scenario after the other in a process that does nothing else, since loading costs more
 * than most of them: prints the bytes each measured as JSON, by name.
 */
import { evaluate, evaluateNow, type MxArray, mx } from "@mlxterp/mlx";
import { InterpretableModel } from "../../src/model/model.js";
import { heldMemory, peakMemory, resetPeak, residentMemory, spillBudget } from "./memory.js";
import { Stack } from "./networks.js";

const [measure, scenarios, ...sizes] = process.argv.slice(2);
const [depth, width, tokens] = sizes.map(Number);
const network = new Stack(depth, width);
const model = new InterpretableModel(network);
const x = mx.random.normal([1, tokens, width]);
let held: unknown;
const leaked: unknown[] = [];

const passes: Record<string, () => Promise<unknown>> = {
  async bare() {
    await evaluate([x]);
  },
  async trace() {
    await using trace = model.trace(x);
    trace.layers[5].up.save();
    trace.output.save();
  },
  async read() {
    await using trace = model.trace(x);
    mx.sum(trace.output.value).item();
  },
  async run() {
    held = await model.run(x, { save: ["layers.*", "output"] });
  },
  async spilled() {
    const spill = { budget: spillBudget(tokens, width) };
    (await model.run(x, { save: ["**", "output"], spill })).dispose();
  },
  async early() {
    await model.run(x, { save: "layers.0.up" });
  },
  async gradients() {
    const sites = ["layers.0.input", "layers.*"];
    held = await model.gradients(x, (output) => mx.sum(mx.square(output)), { save: sites });
  },
  async edited() {
    const gradInterventions = { "layers.2": (gradient: MxArray) => mx.clip(gradient, -1, 1) };
    const options = { save: "layers.0", gradInterventions };
    held = await model.gradients(x, (output) => mx.sum(mx.square(output)), options);
  },
  async outer() {
    await using trace = model.trace(x);
    const before = await model.run(x, { save: "layers.0" });
    const after = await model.run(x, { save: "layers.1" });
    trace.output.save();
    held = [before, after];
  },
  async leaking() {
    leaked.push(await model.run(x, { save: "layers.0" }));
  },
  async uncollected() {
    const { layers } = network;
    const y = layers.reduce((sum, layer) => layer.forward(sum), x);
    evaluateNow([y]); // no turn of the event loop, in which buffers would be freed
  },
  async failing() {
    const interventions = { [`layers.${depth - 1}`]: () => mx.zeros([1]) };
    await model.run(x, { interventions }).catch((error: Error) => error);
    await model.run(x, { interventions: { "layers.*": (y: MxArray) => mx.multiply(y, 0.5) } });
  },
};

/**
 * What each pass leaves behind for good, and the most that waited to be collected. What stays is compared when all
 * that nobody holds has gone: between collections memory goes up and down by itself, and when they run is chance.
 * A leak grows in each window; the engine's own heap, which may take or give back some megabytes, in few of them.
 */
async function growth(pass: () => Promise<unknown>, rounds: number) {
  const length = rounds / 4; // the first window warms up
  const kept: number[] = [];
  let waiting = 0;
  let held = 0;
  for (let window = 0; window < 4; window++) {
    for (let round = 0; round < length; round++) {
      await pass();
      if (window > 0) waiting = Math.max(waiting, residentMemory() - held);
    }
    const now = await heldMemory();
    if (window > 0) kept.push((now - held) / length);
    held = now;
  }
  return { kept: kept.sort((a, b) => a - b)[1], waiting };
}

/** The peak of one pass above what is held before it. */
async function rise(pass: () => Promise<unknown>) {
  const before = await heldMemory();
  resetPeak();
  await pass();
  return { rise: peakMemory() - before };
}

const weights = network.layers.flatMap(({ up, down }) => [up, down]).concat(network.head);
await evaluate([x, ...weights.flatMap(({ weight, bias }) => [weight, bias!])]);
await model.run(mx.zeros([1, 8, width])); // the first product of all makes buffers
/** Enough passes to heap up more than may wait, and to see a leak; those with a backward make three times as much. */
const rounds: Readonly<Record<string, number>> = {
  ...{ uncollected: 32, spilled: 12 },
  ...{ outer: 16, gradients: 12, edited: 12 },
};

const measured: Record<string, unknown> = {};
for (const name of scenarios.split(",")) {
  held = undefined; // what the one before held on to
  const pass = passes[name];
  measured[name] = await (measure === "growth" ? growth(pass, rounds[name] ?? 24) : rise(pass));
}
process.stdout.write(JSON.stringify({ measured, held: held !== undefined }));
