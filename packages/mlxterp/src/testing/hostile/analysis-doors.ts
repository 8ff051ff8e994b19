/** Every public function of @mlxterp/analysis that is no method of the list, with right arguments. */
import * as analysis from "@mlxterp/analysis";
import { mx } from "@mlxterp/mlx";
import type { Bench } from "./bench.js";
import type { Calls } from "./doors.js";
import { later } from "./later.js";
import { ended } from "./stopping.js";

const clean = "Mary and John went to the park . John gave a ball to";
const corrupted = "Mary and John went to the park . Mary gave a ball to";
const pair = { clean, corrupted, answer: "Mary", wrongAnswer: "John" };

/** What reads results, by the method whose results it reads. */
const readers: Readonly<Record<string, readonly [method: string, ...more: unknown[]]>> = {
  attributionPatchingGrid: ["atp", "head"],
  ...{ patchingGrid: ["patch", "residual"], tracingGrid: ["causal", "residual"] },
  ...{ headPatterns: ["attention"], faithfulnessLines: ["circuit"], turnAttentionGrid: ["turns"] },
  ...{ copyLossOf: ["copying", "intact"], attributionOf: ["attribute", 0] },
  ...{
    steerLines: ["steer"],
    headGrid: ["attribute"],
    erasureLines: ["erase"],
    headScores: ["heads"],
  },
  ...{ headTypeGrid: ["heads", "induction"], headWeightsTable: ["weights"] },
  ...{ compositionGrid: ["weights", "query"], dasTable: ["das"], dasGrid: ["das"] },
  ...{ lensRows: ["lens"], lensGrid: ["lens"], lensTrajectories: ["lens"] },
  ...{ residualDiffGrid: ["diff"], patchscopeTable: ["patchscope"], patchscopeLines: ["patchscope"] }, // biome-ignore format: one table
  ...{ senderGrid: ["path"], probeLines: ["probe"], probeGrid: ["probe"], similarityGrid: ["similarity"] }, // biome-ignore format: one table
  ...{
    statisticsRows: ["statistics"],
    statisticsTable: ["statistics"],
    steerGrid: ["steer", "effect"],
  },
  ...{ taskTable: ["task"], lensDistanceLines: ["tuned-lens"], lensTrainingLines: ["tuned-lens"] },
};

export function analysisFunctions(bench: Bench): Calls {
  const all: Readonly<Record<string, unknown>> = { ...analysis };
  const reading = Object.entries(readers).map(([name, [method, ...more]]) => {
    return [name, [all[name], later(() => bench.resultOf(method)), ...more] as const] as const;
  });
  return { ...Object.fromEntries(reading), ...otherFunctions(bench) };
}

function otherFunctions({ model, store, resultOf }: Bench): Calls {
  const rows = mx.random.normal([8, 4], mx.float32, 0, 1, mx.random.key(1));
  const ones = mx.random.normal([8, 4], mx.float32, 0, 1, mx.random.key(2));
  const labels = [0, 1, 0, 1, 0, 1, 0, 1];
  const said = { start: 1, end: 3 };
  const chat = { ids: [1, 467, 223, 384], turns: [{ role: "user", start: 0, end: 4, content: said }] }; // biome-ignore format: one chat
  const vector = { layer: 1, direction: Float64Array.of(...Array.from({ length: 128 }, (_, at) => at)), length: 2 }; // biome-ignore format: one vector
  const copy = {
    inputs: { code: [1, 2, 3] },
    variables: { said: { from: ["code"], compute: (code: unknown) => code } },
    output: "said",
    prompt: ({ code }: { code: unknown }) => `${code}`,
  };
  const hidden = mx.random.normal([4, 128, 128], mx.float32, 0, 1, mx.random.key(3));
  const lens = new analysis.LensTranslators({ kind: "tuned", weight: hidden, bias: mx.zeros([4, 128]) }); // biome-ignore format: one lens
  const method = analysis.methods.find(({ name }) => name === "patch");
  const task = analysis.createTask(model, "mine", [pair]);
  const direction = Array.from({ length: 128 }, (_, at) => at + 1);
  return {
    LensTranslators: [
      (...args: [never]) => new analysis.LensTranslators(...args).apply(mx.ones([1, 128]), 1),
      { kind: "tuned", weight: hidden, bias: mx.zeros([4, 128]) },
    ],
    activationAddition: [analysis.activationAddition, model, { site: "layers.1", from: "hate", toward: "love", factor: 2 }], // biome-ignore format: one call
    askedOfTask: [analysis.askedOfTask, method, task, { kinds: ["head"] }],
    attentionRollout: [analysis.attentionRollout, model, clean, { residual: 0.5 }],
    attributionBars: [analysis.attributionBars, later(async () => analysis.attributionOf((await resultOf("attribute")) as never))], // biome-ignore format: one call
    auroc: [analysis.auroc, [3, 1, 2], [true, false, false]],
    backwardRules: [analysis.backwardRules, model, "relp"],
    builtInTask: [analysis.builtInTask, model, "ioi", { size: 2, seed: 1 }],
    circuitAreas: [analysis.circuitAreas, [0, 1], [0.5, 1]],
    conversation: [(...args: [never]) => analysis.conversation(...args).turn(0), chat],
    counterfactuals: [analysis.counterfactuals, copy, "said", { seed: 1, size: 4 }],
    createResult: [analysis.createResult, "depth", model, clean, { asked: {}, grids: {}, tables: {}, notes: [] }], // biome-ignore format: one call
    createTask: [analysis.createTask, model, "mine", [pair], { metric: "logitDifference" }],
    edgeGraph: [analysis.edgeGraph, "Circuit", [{ source: "L0H0", destination: "L1H0<q>", score: 1 }]], // biome-ignore format: one call
    effectiveAttention: [analysis.effectiveAttention, model, clean, { layers: [0] }],
    fedOf: [analysis.fedOf, model, "prompt", [0, 4], { answer: { id: 1, text: "a" } }],
    fitProbe: [analysis.fitProbe, rows, labels, { rule: "massMean", sparse: 2 }],
    fromControlVector: [analysis.fromControlVector, { directions: new Map([[1, Float32Array.of(0.5, -1)]]) }], // biome-ignore format: one call
    toControlVector: [analysis.toControlVector, [vector]],
    graphToDot: [analysis.graphToDot, { kind: "graph", title: "C", nodes: [{ id: "a", label: "a", rank: 0 }, { id: "b", label: "b", rank: 1 }], edges: [{ from: "a", to: "b", weight: 1 }] }], // biome-ignore format: one call
    jacobianLens: [ended(analysis.jacobianLens), model, [[1, 2]], { layers: [3] }],
    leace: [analysis.leace, rows, labels],
    learnAlignment: [ended(analysis.learnAlignment), model, { clean, corrupted }, { answer: "Mary", wrongAnswer: "John", steps: 1, layers: [2] }], // biome-ignore format: one call
    linearCka: [analysis.linearCka, rows, ones],
    loadLens: [analysis.loadLens, "lens"],
    moverHeads: [analysis.moverHeads, model, clean, { answer: "Mary", topK: 2 }],
    orthogonalizedParameters: [analysis.orthogonalizedParameters, model, direction],
    procrustesSimilarity: [analysis.procrustesSimilarity, rows, ones],
    rankCorrelation: [analysis.rankCorrelation, [1, 2, 3], [10, 20, 15]],
    readDirection: [analysis.readDirection, model, direction, { topK: 2 }],
    repeatedTokens: [analysis.repeatedTokens, model, { length: 4, sequences: 1, seed: 1 }],
    rerun: [analysis.rerun, model, analysis.methods.find(({ name }) => name === "lens"), later(() => resultOf("lens")), { anyway: true }], // biome-ignore format: one call
    resolveAnswer: [analysis.resolveAnswer, model, "Mary", clean],
    runCausalModel: [analysis.runCausalModel, copy, { code: 1 }, { said: 2 }],
    saveLens: [analysis.saveLens, lens, "saved-lens", { overwrite: true }],
    steeringInterventions: [analysis.steeringInterventions, [vector], { strength: 0.5, layers: [1] }], // biome-ignore format: one call
    steeringVectors: [analysis.steeringVectors, model, { clean: ["Mary and"], corrupted: ["John and"] }, { layers: [1] }], // biome-ignore format: one call
    storeSimilarity: [analysis.storeSimilarity, store, { sites: ["layers.0"], batchSize: 64 }],
    svcca: [analysis.svcca, rows, ones, { variance: 0.9 }],
    taskPairs: [analysis.taskPairs, JSON.stringify([pair]), "json"],
    trainStoreProbe: [analysis.trainStoreProbe, store, { site: "layers.0", label: "good" }],
    trainTunedLens: [ended(analysis.trainTunedLens), model, [[1, 2, 3]], { steps: 1 }],
  };
}
