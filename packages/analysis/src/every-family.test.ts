/** Every method on every family: finite numbers, or a refusal that says why; and what can be told by hand. */
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import {
  LanguageModel,
  loadModel,
  MaskedLanguageModel,
  RecurrentModel,
  StreamsModel,
} from "@mlxterp/models";
import type { Method, Result } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import {
  ablateHeads,
  activationPatching,
  attributionPatching,
  directLogitAttribution,
  findCircuit,
  logitLens,
  methods,
} from "./index.js";
import type { AnalysisModel } from "./shared/model.js";
import { sweep } from "./testing/sweeps.js";

const references = fileURLToPath(new URL("../../models/references", import.meta.url));
const folderOf = (name: string) => `${references}/${name}/base`;

/** Of text, each with its base checkpoint; the first differ in kind. */
const differing = ["gemma2", "deepseek_v3", "falcon", "mamba", "bert", "gemma3n_text"];
const others = readdirSync(references).filter(
  (name) => existsSync(folderOf(name)) && !["clip", "t5", ...differing].includes(name),
);
const swept = sweep([...differing, ...others], differing.length);

async function open(name: string): Promise<AnalysisModel> {
  for (const as of [LanguageModel, RecurrentModel, MaskedLanguageModel, StreamsModel]) {
    try {
      return (await loadModel(folderOf(name), { as: as as typeof LanguageModel })) as AnalysisModel;
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error;
    }
  }
  throw new Error(`${name} opens as nothing`);
}

const clean = [5, 9, 14, 7, 3, 11, 8, 2];
const corrupted = [5, 9, 14, 12, 3, 11, 8, 4];
const pair = { clean: [clean], corrupted: [corrupted] };
const turned = [clean, [6, 3, 17, 9, 1, 12, 4, 10]];
const pairs = {
  clean: [...turned, ...turned.map((ids) => [...ids].reverse())],
  corrupted: [corrupted, [6, 3, 17, 13, 1, 12, 4, 15], [...corrupted].reverse(), turned[1]],
};
const question = { answer: 7, wrongAnswer: 9 };
const turns = [
  { role: "user", start: 0, end: 3 },
  { role: "assistant", start: 3, end: 8 },
];

/** What is asked of methods, as often as they have kinds of their own. */
const asked: readonly (readonly [
  name: string,
  options: Record<string, unknown>,
  input?: unknown,
])[] = [
  ["task", question],
  ["scan", { ...question, top: 2, random: 2 }],
  ["lens", { answer: 7, kl: true }],
  ["tuned-lens", { steps: 2 }, [...turned, corrupted, clean]],
  ["patchscope", { target: corrupted, nulls: 1 }],
  ["attention", {}],
  ["turns", { turns, ...question }, clean],
  ["heads", { sequences: 1, length: 6, nulls: 1 }],
  ["weights", { sampleTokens: 20, nulls: 1 }],
  ["copying", { length: 6, sequences: 1 }],
  ...["residual", "attention", "mlp", "head", "query", "key", "value", "pattern", "expert"].map((kinds) => ["patch", { ...question, kinds }] as const), // biome-ignore format: one list
  ["causal", { answer: 7, subject: [1, 3], samples: 2 }],
  ["causal", { answer: 7, subject: [1, 3], samples: 2, kinds: "residual", severed: "mlp" }],
  ["causal", { answer: 7, subject: [1, 3], samples: 2, kinds: "residual", severed: "attention" }],
  ...["gradient", "relp", "relp-qk", "gim"].map((rule) => ["atp", { ...question, rule }] as const),
  ["attribute", question],
  ["tokens", { ...question, steps: 2 }],
  ["ablate", { ...question, heads: [[0, 0]] }],
  ["path", question],
  ...["eap", "relp", "gim", "exact", "information-flow", "node-masks"].map((scoring) => ["edges", { ...question, scoring, maskSteps: 2 }] as const), // biome-ignore format: one list
  ["circuit", { ...question, scoring: "eap", random: 1, fractions: [0.5, 1], minimality: 1, completeness: 1 }], // biome-ignore format: one row
  ["acdc", { ...question, threshold: 0.1 }],
  ...["residual", "attention", "mlp", "neurons"].map((site) => ["probe", { site, nulls: 1, folds: 2 }, pairs] as const), // biome-ignore format: one list
  ["steer", { ...question, layers: [1], nulls: 1 }, pairs],
  ...["residual", "attention", "mlp"].map((site) => ["erase", { site, nulls: 1, folds: 2 }, pairs] as const), // biome-ignore format: one list
  ["das", { ...question, steps: 2, layers: [1], nulls: 1 }, pairs],
  ["diff", { change: "layers.1=scale(0.5)" }],
  ["similarity", {}],
  ["statistics", {}],
];

/** Where numbers say that there is none. */
const sayNone: Readonly<Record<string, readonly string[]>> = {
  heads: ["shuffled"],
  turns: ["loss"],
};

function notFinite({ method, grids, tables }: Result): string[] {
  const inGrids = Object.entries(grids)
    .filter(([name]) => !sayNone[method]?.includes(name))
    .filter(([, grid]) => grid && ![...grid.values].every(Number.isFinite));
  const inTables = Object.entries(tables).filter(([, table]) =>
    table?.rows.some((row) =>
      Object.values(row).some((value) => typeof value === "number" && !Number.isFinite(value)),
    ),
  );
  return [...inGrids, ...inTables].map(([name]) => name);
}

/** What a model may lack, by the code that says so: never a site that a method looks for by itself. */
const refusals = ["MISSING_ANATOMY", "NOT_A_SUM", "INVALID_ARGUMENT"];

describe.each(swept)("%s", (name) => {
  it("gives every method finite numbers, or is refused with a reason and a way out", async () => {
    const model = await open(name);
    for (const [of, options, input] of asked) {
      const method = methods.find((one) => one.name === of) as Method;
      const own = { pairs: pair, prompts: clean, none: undefined }[method.input];
      const about = `${of} ${JSON.stringify(options)}`;
      try {
        const given = (input ?? own) as never;
        const results = [await method.run(model as never, given, options)].flat() as Result[];
        expect(results.flatMap(notFinite), about).toEqual([]);
        for (const result of results) method.view(result);
      } catch (error) {
        const { code, message } = error as { code?: string; message: string };
        expect(refusals, `${about}: ${message}`).toContain(code);
        expect(message, about).toMatch(
          /none of these layers has it|adds up otherwise|does not show/,
        );
        expect(message, about).not.toContain("Name it with new InterpretableModel");
      }
    }
  });
});

/** Whose layers all attend, and whose stream is a sum. */
const attend = swept.filter((name) => !/mamba|gemma3n|gemma4|bert|roberta|distil|hybrid|lfm2|qwen3_(5|next)|recurrent|falcon_h1/.test(name)); // biome-ignore format: one list

describe.each(attend)("%s, by hand", (name) => {
  const lead = (logits: MxArray) => {
    const last = [...toFlat(logits.index(0, -1).astype(mx.float32))];
    return last[question.answer] - last[question.wrongAnswer];
  };
  const near = (found: number, expected: number, what: string) =>
    expect(Math.abs(found - expected), what).toBeLessThan(5e-5);

  it("says in lens, attribution, patches, slopes, ablation and circuits what runs say", async () => {
    const model = await open(name);
    const run = async (ids: number[], interventions = {}) =>
      (await model.run([ids], { save: "output", interventions })).get("output");
    const own = await run(clean);

    const [{ grids: read }] = await logitLens(model, [clean], { topK: 1, layers: [-1] });
    const best = clean.length - 1; // in the only layer
    near(read.logit.values[best], toFlat(own.index(0, -1))[read.token.values[best]], "lens");

    const { grids: parts, tables } = await directLogitAttribution(model, [clean], question);
    const [{ total, embedding, normBias, unembeddingRest }] = tables.prompts.rows;
    const written = [parts.headsByPrompt, parts.mlpsByPrompt, parts.attentionRestByPrompt];
    const sum = written.flatMap(({ values }) => [...values]).reduce((all, one) => all + one, 0);
    near(sum + embedding + normBias + unembeddingRest, total, "attribution adds up");
    near(total, lead(own), "attribution is of what is said");

    const mask = mx.array(clean.map((_, at) => Number(at === 3))).reshape([1, -1, 1]);
    for (const [kinds, part] of [
      ["residual", "input"],
      ["attention", "selfAttn"],
      ["mlp", "mlp"],
    ] as const) {
      // biome-ignore format: one list
      const options = { ...question, kinds, metric: "logitDifference" } as const;
      const { grids } = await activationPatching(model, pair, options);
      const site = `layers.1.${part}`;
      const source = (await model.run([clean], { save: site })).get(site);
      const moved = (x: MxArray) => mx.where(mx.greater(mask, 0), source, x);
      const grid = grids[`${kinds}Metric`]!;
      const at = grid.labels.layer.indexOf(1) * clean.length + 3;
      near(grid.values[at], lead(await run(corrupted, { [site]: moved })), `patch ${kinds}`);
    }

    const slopes = await attributionPatching(model, pair, {
      ...question,
      kinds: ["mlp"],
      steps: 1,
    });
    const site = "layers.1.mlp";
    const { gradients } = await model.gradients([corrupted], (logits) => mx.subtract(logits.index(0, -1, question.answer), logits.index(0, -1, question.wrongAnswer)), { save: site }); // biome-ignore format: one call
    const states = await model.run([clean, corrupted], { save: site });
    const change = mx.subtract(states.get(site).index(0), states.get(site).index(1));
    const expected = toFlat(mx.sum(mx.multiply(change, gradients.get(site).index(0)), 1));
    const scored = [...slopes.grids.mlpByPair!.values].slice(clean.length, 2 * clean.length);
    for (const [at, score] of scored.entries()) near(score, expected[at], `slope at ${at}`);

    const without = { ...question, heads: [[1, 0]], method: "zero" } as const;
    const ablated = await ablateHeads(model, [clean], without as never);
    const silent = (x: MxArray) => mx.multiply(x, mx.array(Array.from({ length: x.shape[2] }, (_, head) => Number(head > 0))).reshape([1, 1, -1, 1])); // biome-ignore format: one line
    const said = lead(await run(clean, { "layers.1.selfAttn.z": silent }));
    const told = Object.values(ablated.tables).flatMap((table) => table.rows.flatMap((row) => Object.values(row))); // biome-ignore format: one list
    expect(told.some((one) => Math.abs(Number(one) - said) < 5e-5)).toBe(true);

    const judged = { ...question, scoring: "eap", random: 1, fractions: [0.5, 1], minimality: 0, completeness: 0 } as const; // biome-ignore format: one object
    const circuit = await findCircuit(model, pair, judged);
    const whole = circuit.tables.sizes.rows.find(({ fraction }) => fraction === 1)!;
    near(whole.faithfulness, 1, "all edges are faithful");
  });
});
