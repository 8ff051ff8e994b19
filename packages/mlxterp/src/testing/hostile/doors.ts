/** Every public function with right arguments, which are then spoiled. */
import * as core from "@mlxterp/core";
import * as data from "@mlxterp/data";
import * as interventions from "@mlxterp/interventions";
import { mx, nn } from "@mlxterp/mlx";
import type { Bench } from "./bench.js";
import { Doubling } from "./doubling.js";
import type { Arguments } from "./later.js";
import { methodDoors } from "./method-doors.js";
import { modelFunctions } from "./model-doors.js";

/** One way in. */
export interface Door {
  readonly name: string;
  /** None where nobody wrote any down, but how many there are. */
  readonly args?: Arguments;
  readonly places?: number;
  readonly call: (...args: never[]) => unknown;
}

/** One way in with arguments that are at hand. */
export type ReadyDoor = Door & { readonly args: readonly unknown[] };

export type Calls = Readonly<Record<string, readonly [call: unknown, ...args: unknown[]]>>;

/** What is exported and no function of its own: errors, and classes that others make. */
export const noDoors: ReadonlySet<string> = new Set([
  ...[
    "ActivationCache",
    "InterpretableModelCore",
    "Scan",
    "ActivationStore",
    "KeyValueCache",
    "RecurrentCache",
    "EncoderDecoderCache",
    "Decoder",
    "Bert",
    "RecurrentDecoder",
    "HeadedDecoder",
    "HeadedEncoder",
    "SequenceClassifier",
    "TokenClassifier",
    "EmbeddingModel",
  ],
  ...["interventionSchema", "interventionsSchema"],
]);

/** By package, then by the name of the function. */
export function functionsOf(bench: Bench): Readonly<Record<string, Calls>> {
  return {
    core: coreFunctions(bench),
    interventions: interventionFunctions(bench),
    models: modelFunctions(bench),
    data: dataFunctions(bench),
  };
}

/** All ways in: functions, and the methods of what they give. */
export function doorsOf(bench: Bench): ReadyDoor[] {
  return listOf({ ...functionsOf(bench), ...methodDoors(bench) });
}

/** By package, then by name, as a list. */
export function listOf(groups: Readonly<Record<string, Calls>>): ReadyDoor[] {
  return Object.entries(groups).flatMap(([group, calls]) =>
    Object.entries(calls).map(
      ([name, [call, ...args]]): ReadyDoor => ({
        name: `${group}.${name}`,
        args,
        call: call as Door["call"],
      }),
    ),
  );
}

function coreFunctions({ model, prompt, cache }: Bench): Calls {
  const interventionsOf = { "layers.0": (x: unknown) => x };
  const value = mx.ones([2, 3, 4]);
  const linear = () => new nn.Linear(128, 128);
  return {
    InterpretableModel: [
      (...args: [never]) => new core.InterpretableModel(...args),
      new Doubling(),
      { name: "m", anatomy: {}, tokenizer: model.tokenizer, forwardArguments: () => [] },
    ],
    Tap: [(axes: never) => new core.Tap(axes), ["batch", "position"]],
    anatomyPart: [core.anatomyPart, model.anatomy, "vocab"],
    batchGetActivations: [
      core.batchGetActivations,
      model,
      [prompt],
      {
        save: "layers.0",
        batchSize: 2,
        positions: -1,
        interventions: interventionsOf,
        budget: "1 GB",
        dtype: "float16",
      },
    ],
    collectActivations: [
      core.collectActivations,
      model,
      prompt,
      { save: "layers.0", positions: -1, offset: 0, step: 1 },
    ],
    getActivations: [core.getActivations, model, [prompt], { save: "layers.0", positions: -1 }],
    provenanceOf: [
      core.provenanceOf,
      model,
      { interventions: ["layers.0"], options: { answer: 1 }, seed: 1 },
    ],
    noteOrigin: [core.noteOrigin, linear(), { weights: { hash: "f", how: "files" } }],
    stopGradient: [core.stopGradient, (x: unknown) => x],
    temporaryFolder: [core.temporaryFolder, model],
    integratedGradients: [
      core.integratedGradients,
      ...[model, [[1, 2, 3]], (logits: never) => mx.sum(logits)],
      {
        save: "layers.0",
        baseline: [[3, 2, 1]],
        steps: 2,
        rule: "midpoint",
        stepsPerPass: 1,
        path: "layers.0",
        clean: cache,
      },
    ],
    replaceModule: [core.replaceModule, linear],
    splice: [core.splice, linear(), { from: "output", error: true, stopGradient: false }],
    firstNotFinite: [core.firstNotFinite, model, prompt, { interventions: interventionsOf }],
    notFiniteError: [
      core.notFiniteError,
      "the logits",
      model,
      prompt,
      { interventions: interventionsOf },
    ],
    growsBatch: [core.growsBatch, (x: unknown) => x],
    keepDtype: [core.keepDtype, "layers.0", mx.float16, mx.ones([2])],
    checkEdits: [core.checkEdits, "edits", [{ name: "a", interventions: interventionsOf }]],
    checkModel: [core.checkModel, "model", model],
    checkInterventions: [core.checkInterventions, "interventions", interventionsOf],
    skip: [core.skip, { output: "zeros" }],
    skipOptions: [core.skipOptions, core.skip()],
    checkSelectors: [core.checkSelectors, "save", ["layers.*"]],
    largestCast: [core.largestCast, value, "float16"],
    requireHeld: [core.requireHeld, "layers.0", "float16", mx.array(3), ""],
    checkPositions: [core.checkPositions, "positions", { from: 0, to: 3 }],
    indexFromEnd: [core.indexFromEnd, "Layer", -1, 4, "the model"],
    isPositionRange: [core.isPositionRange, { from: 0 }],
    lastPositions: [core.lastPositions, value, [2, 3], 1],
    positionsOf: [core.positionsOf, { from: 0, to: 2 }, 5, "the prompt"],
    padRight: [core.padRight, [[1, 2], [3]], 0],
    nameAxes: [core.nameAxes, linear(), { position: "target" }],
    tokenBatch: [core.tokenBatch, [[1, 2], [3]], { vocab: 507 }],
  };
}

function interventionFunctions({ model, cache, folder }: Bench): Calls {
  const all = interventions;
  const zero = all.zeroOut();
  const vector = Array.from({ length: 128 }, (_, index) => index + 1);
  const edited = model.edit({ "layers.0": all.scale(0.5) }, { name: "calm" });
  const json = { type: "atPositions", positions: -1, intervention: { type: "scale", factor: 0.5 } };
  const file = `${folder}/edits.json`;
  all.saveEdits(edited, file);
  return {
    addVector: [all.addVector, vector, { scale: 2 }],
    atBatch: [all.atBatch, [0], zero, { axis: 0 }],
    atHeads: [all.atHeads, [0], zero, { axis: 1 }],
    atKeys: [all.atKeys, { from: 0, to: 1 }, zero, { axis: 1 }],
    atNeurons: [all.atNeurons, [0], zero, { axis: 1 }],
    atPositions: [all.atPositions, [-1, 0], zero, { axis: 1 }],
    cap: [all.cap, vector, { min: -1, max: 1 }],
    eraseLinear: [all.eraseLinear, { mean: vector, reads: [vector], writes: [vector] }],
    compose: [all.compose, zero, all.scale(2)],
    ablateDirection: [all.ablateDirection, [vector]],
    project: [all.project, vector],
    loadEdits: [all.loadEdits, file],
    saveEdits: [all.saveEdits, edited, "saved.json"],
    arrayField: [all.arrayField, { infinities: true }],
    defineIntervention: [
      all.defineIntervention,
      { type: "double", fields: {}, make: () => (x: never) => mx.add(x, x) },
    ],
    editsToJSON: [all.editsToJSON, edited],
    parseEdits: [all.parseEdits, all.editsToJSON(edited)],
    meanAblate: [all.meanAblate, { over: ["batch"] }],
    meanOf: [
      all.meanOf,
      cache,
      "layers.0",
      { over: ["position"], axes: ["batch", "position", "hidden"] },
    ],
    noise: [all.noise, { std: 1, seed: 2 }],
    parseIntervention: [all.parseIntervention, json],
    parseInterventions: [all.parseInterventions, { "layers.0": [json] }],
    parseInterventionEntries: [all.parseInterventionEntries, "layers.0=scale(0.5)"],
    interventionToText: [all.interventionToText, zero],
    interventionsToEntries: [all.interventionsToEntries, { "layers.0": zero }],
    parseInterventionText: [all.parseInterventionText, "layers.0=atPositions(2..5, zeroOut())"],
    patchFrom: [all.patchFrom, cache, { site: "layers.0", positions: -1, batch: 0 }],
    replaceWith: [all.replaceWith, vector],
    zeroOut: [all.zeroOut],
    clamp: [all.clamp, { min: -1, max: 1 }],
    scale: [all.scale, 0.5],
    interventionsToJSON: [all.interventionsToJSON, { "layers.0": [zero] }],
    toJSON: [all.toJSON, zero],
  };
}

function dataFunctions({ model, tokenizer, prompt, store }: Bench): Calls {
  const table = { id: [1, 2], text: ["a", "b"], list: [[1], [2]] };
  const stream = { save: "layers.0", positions: [0], batchSize: 2, dtype: "float16" };
  return {
    collectToMemory: [data.collectToMemory, model, [prompt, [1, 2]], stream],
    streamActivations: [data.streamActivations, model, [prompt, [1, 2]], stream],
    collectToDisk: [
      data.collectToDisk,
      ...[model, [prompt]],
      { ...stream, folder: "collected", shardBytes: 1e4, resume: true, recheck: true },
    ],
    cutIntoSequences: [
      data.cutIntoSequences,
      ["a text", "another"],
      tokenizer,
      { length: 3, bos: 1, separator: 2 },
    ],
    readLines: [data.readLines, "lines.txt"],
    readJsonLines: [data.readJsonLines, "lines.jsonl", "text"],
    storeToParquet: [
      data.storeToParquet,
      store,
      "store.parquet",
      { sites: ["layers.0"], rowGroupRows: 2 },
    ],
    tableOf: [data.tableOf, [{ a: 1, b: { c: 2 } }]],
    writeParquet: [
      data.writeParquet,
      "table.parquet",
      table,
      { rowGroupRows: 2, metadata: { a: "b" } },
    ],
    openStore: [data.openStore, store.folder],
  };
}
