/** Equality with transformers: every family's hidden states, patterns, logits, continuations and gradients. */
import { mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../index.js";
import { readResults } from "../test-support/family-results.js";
import {
  maxDifference,
  readActivations,
  readReport,
  reference,
  rows,
} from "../test-support/reference.js";
import {
  comparePass,
  compareWithReference,
  type ReferenceComparison,
  tolerances,
} from "../test-support/reference-comparison.js";
import {
  furtherFolders,
  furtherPlace,
  referenceFolders,
  sweptFolders,
} from "../test-support/reference-folders.js";
import { sweep } from "../test-support/sweeps.js";

const names = {
  hidden: "hidden states, from the embeddings to the final norm",
  attention: "patterns, read beside the kernel and computed in its place",
  logits: "logits",
  padded: "logits at the real tokens of padded prompts",
  gradient: "gradient at the input of layer 1",
} satisfies Partial<Record<keyof ReferenceComparison, string>>;

const further = furtherFolders().map((one) => ({ ...one, name: `${one.name}, further` }));
const checkpoints = [...referenceFolders(), ...further];

/** What every checkpoint is compared in; those that a sweep goes over, in everything. */
const ofPass = ["hidden", "attention", "logits"];
const differing = sweptFolders().map(({ name }) => name);
const swept = sweep(checkpoints, differing).map(({ name }) => name);

it.skipIf(further.length > 0)(
  `further checkpoints (skipped: none in ${furtherPlace})`,
  ({ skip }) => skip(),
);

describe.each(checkpoints)("$name against transformers", ({ name, folder }) => {
  const inEverything = swept.includes(name);
  const compare = inEverything ? compareWithReference : comparePass;
  let compared: Promise<Partial<ReferenceComparison>> | undefined;
  const differences = () => {
    compared ??= loadModel(folder).then((model) => compare(model, readActivations(folder)));
    return compared;
  };
  const all = Object.entries(tolerances) as [keyof typeof tolerances, number][];
  const respects = all.filter(([respect]) => inEverything || ofPass.includes(respect));
  for (const [respect, tolerance] of respects) {
    it(`has the same ${names[respect]}`, async () => {
      expect((await differences())[respect]).toBeLessThan(tolerance);
    });
  }

  const written = readResults().find(({ checkpoint }) => checkpoint === name);
  it.runIf(written && process.platform === "linux")(
    "is about as far away as docs/families.md says; else run: node scripts/features.mjs",
    async () => {
      for (const [respect] of respects) {
        const allowed = 10 * (written?.[respect] ?? 0) + 1e-6; // another processor adds in another order
        expect((await differences())[respect], respect).toBeLessThan(allowed);
      }
    },
  );

  it.runIf(inEverything)(
    "continues greedily with the same tokens, with a cache and without",
    async () => {
      const { cached, recomputed } = await differences();
      expect({ cached, recomputed }).toEqual({ cached: true, recomputed: true });
    },
  );
});

const trained = ["stories15M", "stories260K", "sort-gpt2"].map((name) => `data/models/${name}`);
for (const path of trained) {
  const { folder, available, note } = reference(path);
  describe.skipIf(!available)(`${path} against transformers${note}`, () => {
    it("has the same hidden states and logits", async () => {
      const model = await loadModel(folder);
      const activations = readActivations(folder);
      const last = model.config.layers.length;
      const cache = await model.run(rows(activations.input_ids), {
        save: ["layers.0.input", "layers.*", "finalNorm", "output"],
      });
      const ours = (index: number) => {
        if (index === last) return cache.get("finalNorm");
        return cache.get(index === 0 ? "layers.0.input" : `layers.${index - 1}`);
      };
      for (let index = 0; index <= last; index++) {
        expect(maxDifference(ours(index), activations[`hidden.${index}`])).toBeLessThan(1e-4);
      }
      expect(maxDifference(cache.get("output"), activations.logits)).toBeLessThan(1e-4);
    });
  });
}

const stories = reference("data/models/stories15M");
describe.skipIf(!stories.available)(`stories15M in words${stories.note}`, () => {
  const report = stories.available
    ? readReport<{ prompt: string; greedy: number[]; greedy_text: string; input_ids: number[][] }>(
        stories.folder,
      )
    : undefined;

  it("tokenizes and continues the prompt as transformers does", async () => {
    const model = await loadModel(stories.folder);
    const { prompt, greedy, greedy_text, input_ids } = report!;
    expect(model.tokens(prompt).ids).toEqual(input_ids);
    const count = greedy.length - input_ids[0].length;
    const steps = [];
    for await (const step of model.generate(prompt, { maxTokens: count })) steps.push(step);
    expect([...input_ids[0], ...steps.map(({ token }) => token)]).toEqual(greedy);
    expect(`<s> ${prompt}${steps.map(({ text }) => text).join("")}`).toBe(greedy_text);
    expect(model.tokenizer?.decode(greedy)).toBe(greedy_text);
  });

  it("gives each generated token its log-probability under a full forward", async () => {
    const model = await loadModel(stories.folder);
    const ids = report!.input_ids[0];
    const steps = [];
    for await (const step of model.generate(ids, { maxTokens: 6 })) steps.push(step);
    const whole = [...ids, ...steps.map(({ token }) => token)];
    const logits = (await model.run([whole])).get("output");
    const normalized = mx.subtract(logits, mx.logsumexp(logits, -1, true));
    for (const { token, position, logProbability } of steps) {
      const expected = toFlat(normalized.index(0, position - 1, token))[0];
      expect(logProbability).toBeCloseTo(expected, 4);
    }
  });
});
