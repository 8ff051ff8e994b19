/** What holds for every method: results survive JSON, run again to the same numbers, refuse what they do not know. */
import { betweenComputations, type MxArray, mx } from "@mlxterp/mlx";
import { LanguageModel, loadModel, MaskedLanguageModel, RecurrentModel } from "@mlxterp/models";
import {
  compare,
  fieldsOf,
  type Method,
  type Result,
  resultsFromJson,
  toJson,
  valueAt,
} from "@mlxterp/results";
import { expect, it } from "vitest";
import {
  ablateHeads,
  acdc,
  activationPatching,
  attributionPatching,
  causalTracing,
  edgeAttribution,
  logitLens,
  methods as named,
  pathPatching,
  rerun,
} from "./index.js";
import { untypedFaults } from "./testing/broken-results.js";
import {
  clean,
  comparesAnswers,
  corrupted,
  question,
  resultOf,
  resultsOfList,
  sweptMethods,
} from "./testing/each-method.js";
import { listAndSingles, takesSingles } from "./testing/list-and-singles.js";
import { pageThatOpens } from "./testing/open-in-browser.js";
import { sweep } from "./testing/sweeps.js";

const model = await loadModel("tiny");
const openInBrowser = await pageThatOpens();
const methods: readonly Method[] = named; // each as any method, not as itself

const swept = sweptMethods(methods).map((method) => [method.name, method] as const);

/** Those that take longest: they run twice where sweeps go over all. */
const long = ["circuit", "tokens", "scan"];
const [short, last] = [false, true].map((wanted) =>
  methods.filter(({ name }) => long.includes(name) === wanted),
);
const ranTwice = sweep([...short, ...last], short.length);

/** How often each computes, with the options of these tests. */
const computations = new Map<string, number>();

it.each(ranTwice.map((method) => [method.name, method] as const))(
  "%s: equal after JSON, and bit for bit when it runs again",
  async (_, method) => {
    const result = await betweenComputations(
      () => {
        computations.set(method.name, (computations.get(method.name) ?? 0) + 1);
      },
      () => resultOf(model, method),
    );
    const [stored] = resultsFromJson(toJson(result));
    expect(compare(result, stored)).toBeUndefined();
    expect(method.view(stored)).toEqual(method.view(result));
    expect(compare(stored, await rerun(model, method, stored))).toBeUndefined();
    expect(untypedFaults(method, stored)).toEqual([]);
    const other = methods.find(({ name }) => name !== method.name) as Method;
    expect(() => other.view(result)).toThrow(`is no result of "${other.name}"`);
    expect(result.method).toBe(method.name);
    expect(result.provenance).toMatchObject({
      model: "tiny",
      edits: [],
      device: expect.any(String),
    });
  },
);

it.each(swept)(
  "%s: stops within three computations when it is told to in the middle",
  async (_, method) => {
    const more = ["nulls", "random", "samples"].filter((name) => name in method.options.shape);
    const options = Object.fromEntries(more.map((name) => [name, 6])); // so that the middle is later, in some loop
    const stop = new AbortController();
    const reason = new Error("enough");
    const middle = Math.ceil((computations.get(method.name) ?? 8) * 0.7);
    const counted = { before: 0, after: 0 };
    const count = () => {
      if (stop.signal.aborted) counted.after++;
      else if (++counted.before === middle) stop.abort(reason);
    };
    const run = () => resultOf(model, method, { ...options, signal: stop.signal });
    const ended = await betweenComputations(count, run).catch((error) => error);
    if (ended instanceof Error) expect(ended).toBe(reason);
    expect(counted.after).toBeLessThanOrEqual(3);
  },
);

/** Where layers are no decoder's: what they lack is looked at nowhere, or named by who needs it. */
const others = [
  [
    "mamba",
    RecurrentModel,
    ["attention", "heads", "turns", "ablate", "scan", "weights"],
    ["attribute", "path", "edges"],
  ],
  ["recurrent_gemma", RecurrentModel, ["weights"], ["attribute", "path", "edges"]],
  ["bert", MaskedLanguageModel, ["weights"], ["attribute", "path", "edges"]],
] as const;

it.each(others)(
  "%s: what its layers lack is left out or named",
  async (name, as, headless, sums) => {
    const folder = new URL(`../../models/references/${name}/base`, import.meta.url).pathname;
    const other = (await loadModel(folder, { as: as as typeof RecurrentModel })) as unknown as LanguageModel; // biome-ignore format: one line
    const [question, pair] = [{ answer: 7, wrongAnswer: 8 }, { clean: [5, 6, 7], corrupted: [5, 8, 7] }]; // biome-ignore format: one list
    const asked = ["attention", "heads", "turns", "ablate", "attribute", "path", "edges", "atp", "causal", "diff", "statistics", "weights"]; // biome-ignore format: a list
    for (const method of methods.filter((one) => asked.includes(one.name))) {
      const own = { ...question, heads: [[1, 0]], subject: [1, 2], samples: 1, length: 4, sequences: 1, change: "layers.1=scale(0.5)", turns: [{ role: "user", start: 0, end: 2 }] }; // biome-ignore format: one object
      const takes = new Set(fieldsOf(method.options).map((field) => field.name));
      const options = Object.fromEntries(Object.entries(own).filter(([key]) => takes.has(key) && (key !== "heads" || method.name === "ablate"))); // biome-ignore format: one list
      const input = { pairs: pair, prompts: pair.clean, none: undefined }[method.input];
      const given = method.name === "turns" ? pair.clean : input;
      const ended = await Promise.resolve(method.run(other, given as never, options)).catch((error) => error); // biome-ignore format: one call
      const code = ended instanceof Error ? (ended as Error & { code?: string }).code : "result";
      const refuses = (list: readonly string[]) => list.includes(method.name);
      const expected = refuses(headless)
        ? "MISSING_ANATOMY"
        : refuses(sums)
          ? "NOT_A_SUM"
          : "result";
      expect([method.name, code]).toEqual([method.name, expected]);
      if (expected === "MISSING_ANATOMY")
        expect(ended.message).toMatch(
          / is about heads[,;] (and no layer|layers that have them)|headWeights compares/,
        );
      if (expected === "NOT_A_SUM")
        expect(ended.message).toMatch(/it has no layers\.\d\.selfAttn|after adding to it/);
    }
  },
);

it("what a mixer adds is scored by its slope, and all mixers together restore a stream that they alone write", async () => {
  const folder = new URL("../../models/references/mamba/base", import.meta.url).pathname;
  const mamba = (await loadModel(folder, { as: RecurrentModel })) as unknown as LanguageModel;
  const [whole, other, site] = [[5, 6, 7], [5, 8, 7], "layers.1.mixer"]; // biome-ignore format: one list
  const pair = { clean: whole, corrupted: other };
  const { grids, tables } = await attributionPatching(mamba, pair, { answer: 7, wrongAnswer: 8, kinds: "mixer", steps: 1 }); // biome-ignore format: one call
  const source = (await mamba.run([whole], { save: site })).get(site);
  const at = mx.array([0, 1, 0]).reshape([1, 3, 1]);
  const lead = async (share: number) => {
    const moved = (x: MxArray) => mx.add(x, mx.multiply(mx.multiply(mx.subtract(source, x), at), share)); // biome-ignore format: one line
    const run = await mamba.run([other], { save: "output", interventions: { [site]: moved } });
    const logits = run.last("output").index(0);
    return Number(mx.subtract(logits.index(7), logits.index(8)).item());
  };
  const slope = ((await lead(1e-1)) - (await lead(-1e-1))) / 2e-1;
  const [{ clean: high, corrupted: low }] = tables.baselines.rows;
  const score = valueAt(grids.mixer!, { layer: 1, position: 1 }) * (high - low);
  expect(Math.abs(slope)).toBeGreaterThan(1e-4);
  expect(Math.abs(score - slope)).toBeLessThan(0.03 * Math.abs(slope));
  const asked = { subject: [1, 2], kinds: "mixer", samples: 2, window: 100 } as const;
  const [trace] = [await causalTracing(mamba, [5, 6, 7, 9], asked)].flat();
  const { layers } = mamba.anatomy;
  for (const layer of Array.from({ length: layers }, (_, one) => one)) {
    expect(valueAt(trace.grids.mixer!, { layer, token: 3 })).toBeCloseTo(1, 3);
    expect(valueAt(trace.grids.mixer!, { layer, token: 0 })).toBeCloseTo(0, 3);
  }
  const { notes } = await attributionPatching(mamba, pair, { answer: 7, wrongAnswer: 8 });
  expect(notes.map(({ text }) => text).join()).toContain('the kind "mixer"');
});

it.each(sweep(["mamba", "gpt2", "mixtral"], 1))(
  "%s: each prompt of a list is answered as it is alone",
  async (name) => {
    const folder = new URL(`../../models/references/${name}/base`, import.meta.url).pathname;
    const as = (name === "mamba" ? RecurrentModel : LanguageModel) as typeof RecurrentModel;
    const other = (await loadModel(folder, { as })) as unknown as LanguageModel;
    const found: unknown[] = [];
    let compared = 0;
    for (const method of methods.filter(takesSingles)) {
      const ended = await listAndSingles(other, method).catch((error) => error);
      if (ended instanceof Error) {
        const lacking = /^(MISSING_ANATOMY|NOT_A_SUM)$/;
        if (name !== "mamba" || !lacking.test((ended as Error & { code?: string }).code ?? "")) throw ended; // biome-ignore format: one line
        continue;
      }
      compared += ended.compared;
      if (ended.difference) found.push([method.name, ended.difference]);
    }
    expect(found).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  },
);

/** What alone and in a batch sums in another order. */
const near = { absolute: 1e-4, relative: 1e-4 };

it.each(swept)(
  "%s: every result of a list of prompts or pairs runs again, and a browser opens it",
  async (_, method) => {
    const results = await resultsOfList(model, method);
    expect(results.flatMap(({ fed }) => fed)).toHaveLength(method.input === "pairs" ? 4 : 2);
    for (const result of results) {
      const [stored] = resultsFromJson(toJson(result));
      const again = await rerun(model, method, stored);
      expect(compare(stored, again, results.length > 1 ? near : undefined)).toBeUndefined();
      expect(again.fed).toEqual(stored.fed);
      expect(again.asked).toEqual(stored.asked);
    }
    expectOpened(results);
  },
);

function expectOpened(results: readonly Result[]): void {
  const file = toJson(results);
  const { again, same, grids, tables } = openInBrowser(file);
  expect(again).toBe(file);
  expect(same).toBe(true);
  for (const [index, result] of results.entries()) {
    const sizes = Object.values(result.grids).map((grid) => grid?.values.length);
    const rows = Object.values(result.tables).map((table) => table?.rows.length);
    const lines = (csv: string) => csv.split("\r\n").length - 2; // without the header and the end
    expect(grids[index].map(lines)).toEqual(sizes);
    expect(tables[index].map(lines)).toEqual(rows);
  }
}

it.each(methods.map((method) => [method.name, method] as const))(
  "%s: refuses an option that does not exist, and says what every option is",
  async (_, method) => {
    await expect(resultOf(model, method, { nonsense: 1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("nonsense: there is no such option"),
    });
    for (const { description, name } of fieldsOf(method.options)) {
      expect(description.length, name).toBeGreaterThan(3);
    }
  },
);

it("refuses words and combinations that would do something else in silence", async () => {
  const pair = { clean, corrupted };
  const patch = (options: object) => activationPatching(model, pair, { ...question, ...options });
  await expect(patch({ direction: "noise" })).rejects.toThrow('Did you mean "noising"?');
  await expect(patch({ kinds: "residual", heads: [1] })).rejects.toThrow('kinds is "residual"');
  await expect(patch({ kinds: [] })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  const ablate = { ...question, heads: [[0, 0]] as [number, number][], method: "zero" as const };
  await expect(ablateHeads(model, clean, { ...ablate, reference: [clean] })).rejects.toThrow(
    'method is "zero"',
  );
});

it("leaves out no method that is not there", () => {
  expect(last.map(({ name }) => name).sort()).toEqual([...long].sort());
});

it("names the site that is not finite instead of ranking NaN", async () => {
  const broken = model.edit({ "layers.1.mlp": (x) => mx.multiply(x, Number.NaN) });
  const calls = [
    logitLens(broken, clean, { answer: "Mary" }),
    activationPatching(broken, { clean, corrupted }, question),
    ablateHeads(broken, clean, { ...question, heads: [[0, 0]] }),
    acdc(broken, { clean, corrupted }, question),
    edgeAttribution(broken, { clean, corrupted }, question),
    pathPatching(broken, { clean, corrupted }, question),
  ];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "NOT_FINITE" } });
  }
  await expect(logitLens(broken, clean)).rejects.toThrow('NaN at "layers.1.mlp"');
});

it("says what a reader must know", async () => {
  const codes = async (found: Promise<Result>) => (await found).notes.map(({ code }) => code);
  const asked = { ...question, heads: [[2, 1]] as [number, number][] };
  expect(await codes(ablateHeads(model, clean, asked))).toEqual(["ONE_PROMPT"]);
  const turned = { ...asked, answer: "John", wrongAnswer: "John" };
  expect(await codes(ablateHeads(model, clean, turned))).toEqual(
    expect.arrayContaining(["SAME_ANSWER", "ANSWER_NOT_FIRST"]),
  );
  expect(await codes(ablateHeads(model, clean, { ...asked, metric: "probability" }))).toContain(
    "SATURATED",
  );
  const wrongWay = { clean: corrupted, corrupted: clean };
  expect(await codes(activationPatching(model, wrongWay, question))).toContain("TURNED_BASELINES");
});

/** Without those that make something of pairs: directions and rotations explain no answer. */
const explains = methods.filter((method) =>
  comparesAnswers(method)
    ? !["steer", "das"].includes(method.name)
    : ["ablate", "causal"].includes(method.name),
);

it.each(sweptMethods(explains).map((method) => [method.name, method] as const))(
  "%s: says so where the model prefers the other answer",
  async (_, method) => {
    const differs = method.name === "causal" ? { metric: "logitDifference" } : {};
    const turned = { answer: question.wrongAnswer, wrongAnswer: question.answer, ...differs };
    const codes = (found: Result) => found.notes.map(({ code }) => code);
    expect(codes(await resultOf(model, method, turned))).toContain("TASK_NOT_DONE");
  },
);

it("gives intervals over several prompts", async () => {
  const prompts = [clean, "Tom and Anna went to the park . Anna gave a ball to"];
  const { tables } = await ablateHeads(model, prompts, {
    answer: ["Mary", "Tom"],
    wrongAnswer: ["John", "Anna"],
    heads: [[2, 1]],
  });
  const [{ value, low, high }] = tables.change.rows;
  expect(low).toBeLessThanOrEqual(value);
  expect(high).toBeGreaterThanOrEqual(value);
});

it("does not run again what it cannot know", async () => {
  const metric = (logits: Parameters<typeof model.anatomy.unembed>[0]) => logits.index("...", 0);
  const result = await ablateHeads(model, clean, { ...question, heads: [[0, 0]], metric });
  const ablate = methods.find(({ name }) => name === "ablate")!;
  await expect(rerun(model, ablate, result)).rejects.toMatchObject({ code: "NOT_REPEATABLE" });
});

it("runs nothing again that is no result of the method, nor with options that do not exist", async () => {
  const stored = await logitLens(model, clean, { layers: [0] });
  const [lens, ablate] = ["lens", "ablate"].map((one) => methods.find(({ name }) => name === one)!);
  const wrong = (options: object) => rerun(model, lens, stored, options);
  await expect(wrong({ anyways: true })).rejects.toThrow('Did you mean "anyway"?');
  for (const options of [{ anyway: 1 }, { onProgress: 1 }, { signal: {} }, null, [true]]) {
    await expect(wrong(options as object)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  for (const result of [undefined, null, "lens", {}, { ...stored, fed: undefined }]) {
    const again = rerun(model, lens, result as unknown as Result);
    await expect(again).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  await expect(rerun(model, ablate, stored)).rejects.toThrow('is a result of "lens"');
});

it("runs nothing again with other weights, unless that is meant", async () => {
  const stored = await logitLens(model, clean, { layers: [0] });
  const method = methods.find(({ name }) => name === "lens")!;
  const other = await loadModel("tiny");
  const { finalNorm } = other.module as unknown as {
    finalNorm: { weight: ReturnType<typeof mx.array> };
  };
  finalNorm.weight = mx.multiply(finalNorm.weight, 2);
  await expect(rerun(other, method, stored)).rejects.toMatchObject({
    code: "PROVENANCE_MISMATCH",
    differences: [{ field: "weights" }],
  });
  expect(await rerun(other, method, stored, { anyway: true })).toMatchObject({ method: "lens" });
});
