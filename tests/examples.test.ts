/** Every example of the documentation compiles as strictly as the code and, where its model ships, runs. */
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { compileExamples } from "./support/examples/check-types.js";
import { allExamples, docstringExamples, markdownExamples } from "./support/examples/collect.js";
import { publicNames } from "./support/examples/documented.js";
import { removeFixtures } from "./support/examples/fixtures.js";
import { inOwnFolder } from "./support/examples/folder.js";
import { needsCheckpoint, parseExample } from "./support/examples/names.js";
import { runExample } from "./support/examples/run-example.js";
import { sweep } from "./support/sweeps.js";
import { libraries } from "./support/workspace.js";

const menus = new Map(
  libraries.map(({ manifest, folder }) => [manifest.name, join(folder, "src/index.ts")]),
);
const titled = (parsed: ReturnType<typeof parseExample>) =>
  [`${parsed.example.file} ${parsed.example.subject}`, parsed] as const;

const documented = allExamples();
const examples = documented.map(parseExample);
const runnable = examples.filter((parsed) => !needsCheckpoint(parsed));

/** What is not run: its checkpoint does not come with the project. */
const compiledOnly = [
  "packages/analysis/src/effective-attention/effective-attention.ts effectiveAttention",
  "packages/models/src/checkpoint/loading/load-model.ts loadModel",
  "packages/models/src/encoder-decoder-model/encoder-decoder-model.ts EncoderDecoderModel",
  "packages/models/src/headed-models/embedding-model.ts EmbeddingModel",
  "packages/models/src/headed-models/sequence-classifier.ts SequenceClassifier",
  "packages/models/src/headed-models/token-classifier.ts TokenClassifier",
  "packages/models/src/image-classifier/image-classifier.ts ImageClassifier",
  "packages/models/src/image-text-model/image-text-model.ts ImageTextModel",
  "packages/models/src/masked-model/masked-language-model.ts MaskedLanguageModel",
  "packages/models/src/masked-model/masked-language-model.ts MaskedLanguageModel.save",
  "packages/models/src/recurrent-model/recurrent-model.ts RecurrentModel",
  "packages/models/src/streams-model/streams-model.ts StreamsModel",
];

/** What takes longest: run when sweeps go over all, and compiled always. What is shown there is tested beside its source, too. */
const long = [
  "packages/analysis/src/scan/README.md block 1",
  "packages/analysis/src/scan/scan.ts scan",
  "packages/analysis/src/tuned-lens/README.md block 1",
  "packages/analysis/src/tuned-lens/view.ts lensTrainingLines",
  "packages/analysis/src/interchange/README.md block 1",
  "packages/analysis/src/interchange/das.ts das",
  "packages/analysis/src/interchange/view.ts dasGrid",
  "packages/analysis/src/circuits/find-circuit.ts findCircuit",
  "packages/analysis/src/circuits/view.ts faithfulnessLines",
  "packages/analysis/src/acdc/README.md block 1",
  "packages/analysis/src/acdc/acdc.ts acdc",
  "packages/analysis/src/edge-attribution/README.md block 1",
  "packages/analysis/src/attribution-patching/view.ts attributionPatchingGrid",
  "packages/analysis/src/head-ablation/ablate-heads.ts ablateHeads",
  "packages/analysis/src/patchscope/view.ts patchscopeLines",
  "packages/analysis/src/circuits/README.md block 1",
  "packages/analysis/src/circuits/graphviz.ts graphToDot",
  "packages/analysis/src/edge-attribution/view.ts edgeGraph",
  "packages/analysis/src/head-weights/README.md block 1",
  "packages/analysis/src/head-weights/view.ts compositionGrid",
  "packages/analysis/src/model-diff/model-diff.ts modelDiff",
  "packages/analysis/src/probes/store-probe.ts trainStoreProbe",
  "packages/analysis/src/tuned-lens/train-tuned-lens.ts trainTunedLens",
  "packages/models/src/recurrent-model/recurrent-model.ts RecurrentModel.verify",
  "packages/dictionaries/src/attribution-graph/viewer.ts viewerGraph",
  "packages/dictionaries/src/attribution-graph/attribution-graph.ts attributionGraph",
  "packages/dictionaries/src/features/prompt-features.ts promptFeatures",
  "packages/dictionaries/src/training/train.ts trainCrossLayerTranscoder",
];

/** Code that nobody should be shown, and what is to be said of it. */
const wrong: Readonly<Record<string, string>> = {
  'await model.run(prompt, { save: "layer.*" });': ":1 wrong: Type '\"layer.*\"' is not assignable",
  "await model.execute(prompt);": "Property 'execute' does not exist",
  "patchFrom(cache);\nunheardOf(cache);": ":2 wrong: Cannot find name 'unheardOf'",
  "model.run(prompt);": ":1 wrong: is not awaited",
  "for (const a of [1]) model.generate(prompt);": "is not awaited",
  'import { loadModels } from "mlxterp";\nloadModels();':
    "has no exported member named 'loadModels'",
};
const parseCode = (code: string) =>
  parseExample({ file: "wrong.md", line: 1, subject: "wrong", package: "mlxterp", code });
const wrongExamples = Object.keys(wrong).map(parseCode);

const compiled = compileExamples([...examples, ...wrongExamples], [...menus.values()]);

beforeEach(() => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true); // what an example prints
});

afterAll(removeFixtures);
afterAll(compiled.close);

describe("finding examples", () => {
  it("reads those of functions, members and overloads once each", () => {
    const source = `
/**
 * @example
 * f(1);
 * f(2); // with a comment
 */
export const f = (x: number) => x;
class A {
  /** @example
   * new A().b(); */
  b() {}
}`;
    const found = docstringExamples(source, "a.ts", "mlxterp");
    expect(found.map(({ line, subject, code }) => [line, subject, code])).toEqual([
      [4, "f", "f(1);\nf(2); // with a comment"],
      [10, "A.b", "new A().b();"],
    ]);
  });

  it("reads blocks of Markdown that are TypeScript", () => {
    const source = "# A\n```sh\nnpm i\n```\n\n```ts\na();\n```\n\n```ts\nb();\n```\n";
    const found = markdownExamples(source, "A.md", "mlxterp");
    expect(found.map(({ line, code }) => [line, code])).toEqual([
      [7, "a();\n"],
      [11, "b();\n"],
    ]);
  });
});

describe("public functions and classes", () => {
  it("are all shown in use", () => {
    const names = publicNames(compiled, menus, documented);
    const elsewhere = new Set(
      names.flatMap((one) => (one.package === "mlxterp" ? [] : [one.name])),
    );
    // mlxterp passes on what the packages are asked for already
    const own = names.filter((one) => one.package !== "mlxterp" || !elsewhere.has(one.name));
    const silent = own.filter(({ shown }) => !shown);
    expect(silent.map((one) => `${one.name} of ${one.package}`)).toEqual([]);
  });

  it("are found where they are not", () => {
    const menu = new Map([["wrong", compiled.paths[0]]]);
    const found = { package: "wrong", name: "example", shown: false };
    expect(publicNames(compiled, menu, documented)).toEqual([found]);
  });
});

describe("compiling", () => {
  it("finds nothing wrong with any example", () => {
    expect(examples.flatMap(compiled.problems)).toEqual([]);
  });

  it.each(wrongExamples.map((parsed) => [parsed.example.code, parsed] as const))(
    "finds what is wrong with: %s",
    (code, parsed) => {
      expect(compiled.problems(parsed)).toEqual([expect.stringContaining(wrong[code])]);
    },
  );
});

describe("running", () => {
  it("leaves out only what loads a checkpoint from elsewhere", () => {
    const left = examples.filter((parsed) => !runnable.includes(parsed)).map(titled);
    expect(left.map(([title]) => title)).toEqual(compiledOnly);
  });

  const run = sweep(runnable.map(titled), ([title]) => title, long);
  it.each(run)("%s", (_, parsed) => inOwnFolder(() => runExample(parsed)));

  it("fails where a comment states another value", async () => {
    await runExample(parseCode('[1, 2].map((x) => x + 1); // [2, 3]\n"a" + "b";\n// "ab"'));
    const run = runExample(parseCode("mx.ones([2, 3]).shape; // [3, 2]"));
    await expect(run).rejects.toThrow("to deeply equal [ 3, 2 ]");
  });
});
