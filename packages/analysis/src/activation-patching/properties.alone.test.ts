/** Every cell of a sweep is its patch alone: over families, kinds, sources, ragged pairs and budgets, against values exchanged one by one on the host. */
import { fileURLToPath } from "node:url";
import { fromFlat, type MxArray, toFlat } from "@mlxterp/mlx";
import { loadModel, RecurrentModel } from "@mlxterp/models";
import type { Grid } from "@mlxterp/results";
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { type PatchPart, patchKinds } from "../patching/kinds.js";
import type { AnalysisModel } from "../shared/model.js";
import { sweep } from "../testing/sweeps.js";
import { activationPatching } from "./activation-patching.js";
import type { PatchingOptions } from "./options.js";

/** Whether passes leave out what they can, though it would not pay in models this small. */
const leaving = vi.hoisted(() => ({ out: false, portions: 0 }));

vi.mock("../patching/portions.js", async (original) => {
  const own = await original<typeof import("../patching/portions.js")>();
  const portionsOf: typeof own.portionsOf = (runs, given) => {
    const overhead = leaving.out ? -given.length : given.overhead;
    const portions = own.portionsOf(runs, { ...given, overhead });
    leaving.portions += portions.filter(({ from }) => from > 0).length;
    return portions;
  };
  return { ...own, portionsOf };
});

/** The axis of positions and that of units, of each kind's site. */
const axes: Readonly<Record<PatchPart, readonly [site: string, position: number, unit?: number]>> =
  {
    residual: ["input", 1],
    residualMid: ["residMid", 1],
    attention: ["selfAttn", 1],
    mixer: ["mixer", 1],
    mlp: ["mlp", 1],
    head: ["selfAttn.z", 1, 2],
    query: ["selfAttn.q", 2, 1],
    key: ["selfAttn.k", 2, 1],
    value: ["selfAttn.v", 2, 1],
    pattern: ["selfAttn.pattern", 2, 1],
    neuron: ["mlp.post", 1, 2],
    expert: ["mlp.router", 1, 2],
  };

/** Plain, with experts and latent attention, with attention and recurrence, and what reads keys of earlier layers; then those that are like them. */
const families = ["llama", "deepseek_v3", "falcon_h1", "gemma4_text", "gpt2", "gpt_neox", "gemma2", "mixtral", "qwen3", "bloom", "mamba", "recurrent_gemma", "falcon", "glm4", "olmo3", "cohere2", "gptj", "phi", "stablelm", "nemotron", "granite", "starcoder2", "opt", "gpt_neo", "biogpt", "persimmon", "gpt_bigcode", "exaone4", "apertus", "helium", "gpt_oss", "llama4_text", "olmoe", "phimoe", "gemma3_text", "mamba2", "lfm2", "qwen3_next", "granitemoehybrid"]; // biome-ignore format: a list
const recurrent = ["mamba", "mamba2", "recurrent_gemma", "falcon_h1", "lfm2", "qwen3_next", "granitemoehybrid"]; // biome-ignore format: a list

/** How many cells of each family, and from which draw on: `PATCHED_CELLS=100 PATCHED_FROM=7 MLXTERP_SWEEPS=all`. */
const { PATCHED_CELLS = 8, PATCHED_FROM = 25 } = process.env;

function open(name: string): Promise<AnalysisModel> {
  const folder = fileURLToPath(new URL(`../../../models/references/${name}/base`, import.meta.url));
  return recurrent.includes(name) ? loadModel(folder, { as: RecurrentModel }) : loadModel(folder);
}

interface Trial {
  readonly kind: number;
  readonly clean: readonly number[];
  /** Tokens of the clean prompt that others stand for, and those. */
  readonly span: readonly [from: number, to: number];
  readonly instead: readonly number[];
  readonly options: Pick<PatchingOptions, "direction" | "source" | "positions" | "maxRows">;
  readonly ungrouped: boolean;
  readonly leavesOut: boolean;
  readonly cell: number;
  readonly others: readonly [number[], number[]];
}

const token = fc.integer({ min: 3, max: 90 });
const trials = fc
  .record({
    kind: fc.nat(100),
    clean: fc.array(token, { minLength: 4, maxLength: 7 }),
    from: fc.nat(100),
    taken: fc.integer({ min: 1, max: 2 }),
    instead: fc.array(token, { minLength: 1, maxLength: 2 }),
    options: fc.record({
      direction: fc.constantFrom("denoising" as const, "noising" as const),
      source: fc.constantFrom("prompt" as const, "prompt" as const, "zero" as const, "mean" as const, "resample" as const), // biome-ignore format: one choice
      positions: fc.constantFrom("each" as const, "all" as const),
      maxRows: fc.constantFrom(1, 2, 5, 1000, undefined),
    }),
    ungrouped: fc.boolean(),
    leavesOut: fc.boolean(),
    cell: fc.nat(10_000),
    noise: fc.tuple(fc.infiniteStream(token), fc.infiniteStream(token)),
  })
  .map(({ from, taken, noise, ...trial }): Trial => {
    const start = from % (trial.clean.length - 1);
    const span = [start, Math.min(start + taken, trial.clean.length)] as const;
    const others = noise.map((stream) => [...stream.take(trial.clean.length)]) as [number[], number[]]; // biome-ignore format: one line
    return { ...trial, span, others };
  });

const question = { answer: 11, wrongAnswer: 7 };

/** One cell, with every number put in its place on the host. */
async function alone(
  model: AnalysisModel,
  base: readonly number[],
  changes: readonly Exchange[],
): Promise<number> {
  // biome-ignore format: one line
  const interventions: Record<string, (x: MxArray) => MxArray> = {};
  for (const { site, value } of changes) {
    interventions[site] = (x) => {
      const numbers = Float32Array.from(toFlat(x));
      const strides = x.shape.map((_, axis) => x.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
      numbers.forEach((own, at) => {
        const place = x.shape.map((size, axis) => Math.floor(at / strides[axis]) % size);
        numbers[at] = value(place, own);
      });
      return fromFlat(numbers, x.shape);
    };
  }
  const logits = toFlat(
    (await model.run([base], { interventions, save: "output" })).last("output"),
  );
  return logits[question.answer] - logits[question.wrongAnswer];
}

interface Exchange {
  readonly site: string;
  readonly value: (place: readonly number[], own: number) => number;
}

async function valuesOf(model: AnalysisModel, ids: readonly number[], site: string) {
  const x = (await model.run([ids], { save: site })).get(site);
  return { shape: x.shape, numbers: toFlat(x) };
}

function numberAt(
  { shape, numbers }: Awaited<ReturnType<typeof valuesOf>>,
  place: readonly number[],
) {
  // biome-ignore format: one line
  return numbers[place.reduce((at, index, axis) => at * shape[axis] + index, 0)];
}

/** @returns whether there was something to compare */
async function compare(model: AnalysisModel, trial: Trial): Promise<boolean> {
  const { clean, span, instead, options, ungrouped, others } = trial;
  const [from, to] = span;
  const corrupted = [...clean.slice(0, from), ...instead, ...clean.slice(to)];
  const ragged = corrupted.length !== clean.length;
  const { direction, source } = options;
  const sites = new Set(model.sites().map(({ site }) => site));
  const there = patchKinds.filter((kind) => {
    if (ragged && (kind === "pattern" || source === "resample")) return false;
    if (kind === "pattern" && source === "mean") return false;
    if (kind === "expert" && source === "zero") return false;
    if (kind === "neuron" && [...sites].some((site) => site.endsWith("mlp.router"))) return false;
    const [name] = axes[kind];
    return kind === "residual" || [...sites].some((site) => site.endsWith(`.${name}`));
  });
  const kind = there[trial.kind % there.length];
  const [name, positionAxis, unitAxis] = axes[kind];
  const result = await activationPatching(
    model,
    { clean, corrupted, spans: [{ clean: span, corrupted: [from, from + instead.length] }] },
    {
      ...{ ...question, ...options, kinds: kind },
      ...(kind === "neuron" && { neurons: [0, 3, -1] }),
      ...((kind === "key" || kind === "value") && { ungrouped }),
      ...((source === "mean" || source === "resample") && { reference: others }),
    },
  );
  const grid = result.grids[`${kind}Metric`] as Grid;
  const unitName = grid.axes.find((axis) => axis !== "layer" && axis !== "position");
  const picked = trial.cell % grid.values.length;
  const place: Record<string, unknown> = {};
  let rest = picked;
  for (const axis of [...grid.axes].reverse()) {
    const labels = grid.labels[axis];
    place[axis] = labels[rest % labels.length];
    rest = Math.floor(rest / labels.length);
  }
  const at = place.position === "all" ? null : (place.position as { position: number }).position;
  const layer = place.layer as number;
  const site = `layers.${layer}.${name}`;
  const [base, other] = direction === "denoising" ? [corrupted, clean] : [clean, corrupted];
  // clean position -> corrupted position
  const partner = new Map<number, number>();
  clean.forEach((_, own) => {
    if (own < from) partner.set(own, own);
    else if (own >= to) partner.set(own, own - to + from + instead.length);
    else if (to - own <= instead.length) partner.set(own, from + instead.length - (to - own));
  });
  const sourceOf = new Map<number, number>(); // position of the base -> that of the other
  for (const [own, its] of partner) {
    if (at !== null && own !== at) continue;
    if (direction === "denoising") sourceOf.set(its, own);
    else sourceOf.set(own, its);
  }
  const unit = unitName ? (place[unitName] as number) : undefined;
  const own = await valuesOf(model, base, site);
  const mixes = `layers.${layer}.selfAttn.z`;
  const byKey = kind === "key" || kind === "value";
  const heads = byKey ? (await valuesOf(model, base, mixes)).shape[2] : 0;
  const size = unitAxis === undefined ? 1 : own.shape[unitAxis];
  const shared = heads > 0 && unitName === "head" && size !== heads;
  const wanted = unit === undefined ? undefined : shared ? Math.floor(unit / (heads / size)) : unit;
  const values: ((place: readonly number[]) => number)[] = [];
  if (source === "prompt") {
    const its = await valuesOf(model, other, site);
    values.push((index) => numberAt(its, index.with(positionAxis, sourceOf.get(index[positionAxis])!))); // biome-ignore format: one line
  } else if (source === "zero") values.push(() => 0);
  else {
    const all = [await valuesOf(model, others[0], site), await valuesOf(model, others[1], site)];
    if (source === "resample") for (const one of all) values.push((index) => numberAt(one, index));
    else {
      values.push((index) => {
        let sum = 0;
        for (const one of all) {
          for (let position = 0; position < one.shape[positionAxis]; position++) {
            sum += numberAt(one, index.with(positionAxis, position));
          }
        }
        return sum / all.reduce((total, one) => total + one.shape[positionAxis], 0);
      });
    }
  }
  let expected = 0;
  for (const value of values) {
    const changes: Exchange[] = [
      {
        site,
        value: (index, now) => {
          const here = unitAxis === undefined || index[unitAxis] === wanted;
          return here && sourceOf.has(index[positionAxis]) ? value(index) : now;
        },
      },
    ];
    if (shared) {
      const kept = await valuesOf(model, base, mixes);
      const group = heads / size;
      changes.push({
        site: mixes,
        value: (index, now) => {
          const other = Math.floor(index[2] / group) === wanted && index[2] !== unit;
          return other ? numberAt(kept, index) : now;
        },
      });
    }
    expected += (await alone(model, base, changes)) / values.length;
  }
  const found = grid.values[picked];
  const close = 2e-5 * Math.max(1, Math.abs(expected));
  expect(Math.abs(found - expected), `${kind} ${JSON.stringify(place)}`).toBeLessThan(close);
  return true;
}

/** Prompts that hardly differ have no effect to measure; neurons of layers that have not as many make no grid. */
function refuses(error: unknown): boolean {
  const { code, argument } = error as { code?: string; argument?: string };
  return code === "EQUAL_BASELINES" || (code === "INVALID_ARGUMENT" && argument === "layers");
}

it.each(sweep(families, 4))(
  "%s: a cell is its patch alone",
  async (name) => {
    const model = await open(name);
    const limit = Math.min(model.anatomy.vocab, 90);
    leaving.portions = 0;
    await fc.assert(
      fc.asyncProperty(trials, async (given) => {
        const inside = (ids: readonly number[]) => ids.map((id) => id % limit);
        const trial = { ...given, clean: inside(given.clean), instead: inside(given.instead), others: given.others.map(inside) as [number[], number[]] }; // biome-ignore format: one line
        const [from, to] = trial.span;
        fc.pre(String(trial.clean.slice(from, to)) !== String(trial.instead));
        fc.pre(trial.options.source !== "resample" || to - from === trial.instead.length);
        leaving.out = trial.leavesOut;
        try {
          await compare(model, trial);
        } catch (error) {
          fc.pre(!refuses(error));
          throw error;
        }
      }),
      { numRuns: Number(PATCHED_CELLS), seed: Number(PATCHED_FROM) + families.indexOf(name) },
    );
    expect(leaving.portions > 0).toBe(![...recurrent, "gemma4_text"].includes(name)); // so that both ways were seen
  },
  60_000,
);
