/** What the memory tests run, each scenario in a process of its own: prints the bytes it measured as JSON. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import { InterpretableModel } from "../model.js";
import { peakMemory, resetPeak, residentMemory, spillBudget } from "./memory.js";
import { Stack } from "./networks.js";

const [scenario, depth, width, tokens] = process.argv
  .slice(2)
  .map((text) => Number(text) || text) as [string, number, number, number];
const network = new Stack(depth, width);
const model = new InterpretableModel(network);
const x = mx.random.normal([1, tokens, width]);
let held: unknown;

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
    held = await model.gradients(x, (output) => mx.sum(mx.square(output)), { sites });
  },
  async edited() {
    const gradInterventions = { "layers.2": (gradient: MxArray) => mx.clip(gradient, -1, 1) };
    const options = { sites: "layers.0", gradInterventions };
    held = await model.gradients(x, (output) => mx.sum(mx.square(output)), options);
  },
  async outer() {
    await using trace = model.trace(x);
    const before = await model.run(x, { save: "layers.0" });
    const after = await model.run(x, { save: "layers.1" });
    trace.output.save();
    held = [before, after];
  },
  async failing() {
    const interventions = { [`layers.${depth - 1}`]: () => mx.zeros([1]) };
    await model.run(x, { interventions }).catch((error: Error) => error);
    await model.run(x, { interventions: { "layers.*": (y: MxArray) => mx.multiply(y, 0.5) } });
  },
};

/** From the first passes after warm-up to the last ones. */
async function growth(pass: () => Promise<unknown>, rounds: number): Promise<number> {
  const seen: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await pass();
    seen.push(residentMemory());
  }
  const least = (values: number[]) => Math.min(...values);
  return least(seen.slice(-rounds / 5)) - least(seen.slice(rounds / 10, rounds * 0.3));
}

async function rise(pass: () => Promise<unknown>): Promise<number> {
  await evaluate([]);
  const before = residentMemory();
  resetPeak();
  await pass();
  return peakMemory() - before;
}

const weights = network.layers.flatMap(({ up, down }) => [up, down]).concat(network.head);
await evaluate([x, ...weights.flatMap(({ weight, bias }) => [weight, bias!])]);
await model.run(mx.zeros([1, 8, width])); // the first product of all makes buffers
const [name, measure] = scenario.split(":");
const rounds = { outer: 70, failing: 100, spilled: 40, gradients: 60, edited: 40 }[name] ?? 200; // 200 passes in all
const bytes = measure === "growth" ? await growth(passes[name], rounds) : await rise(passes[name]);
process.stdout.write(JSON.stringify({ bytes, held: held !== undefined }));
