/** The reference checkpoints: those in the package, and further ones where a checkout has them beside it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { families } from "../families/index.js";
import { reference } from "./reference.js";
import { sweep } from "./sweeps.js";

const shipped = fileURLToPath(new URL("../../references", import.meta.url));

/** A checkpoint with everything that transformers computes from it; see the README of `references`. */
export interface ReferenceFolder {
  /** The family, followed by what is special about the checkpoint. */
  readonly name: string;
  readonly modelType: string;
  readonly folder: string;
}

/** Folders with a checkpoint, at any depth. */
function checkpointsBelow(folder: string): string[] {
  if (existsSync(join(folder, "config.json"))) return [folder];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => checkpointsBelow(join(folder, name)));
}

const isComplete = (folder: string) => existsSync(join(folder, "reference.json"));

function completeBelow(parent: string): ReferenceFolder[] {
  return checkpointsBelow(parent)
    .filter(isComplete)
    .map((folder) => {
      const path = relative(parent, folder);
      const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
      const name = path.replace(/\/base$/, "").replaceAll("/", "_");
      return { name, modelType: config.model_type, folder };
    });
}

const decoders = new Set(
  families.flatMap((family) => ("describe" in family ? [family.modelType] : [])),
);
const isDecoder = ({ modelType }: ReferenceFolder) => decoders.has(modelType);

/** Every family's checkpoint that ships. */
export const baseFolders: readonly ReferenceFolder[] = completeBelow(shipped);

/** Those of families that the decoder covers. */
export const referenceFolders = (): ReferenceFolder[] => baseFolders.filter(isDecoder);

/** Decoders that differ in kind, for claims about all of them. */
const differing = [
  "gpt2", // learned positions, layer norms, fused and tied weights
  "llama", // rotary positions, RMS norms, gates, grouped queries
  "gptj", // both branches from one norm, rotary positions on pairs beside each other
  "bloom", // positions by distance alone, a norm of the embedding
  "falcon", // one key for all heads, beside the MLP
  "olmo2", // norms of what is written, and of queries and keys
  "gemma2", // capped scores and logits, windows in every other layer
  "gemma4_text", // keys of earlier layers, a third write
  "deepseek_v3", // latent attention, experts in groups
  "gpt_oss", // sinks, experts with biases
  "llama4_text", // attention within chunks, layers without positions
];

/** The decoders that a sweep goes over. */
export const sweptFolders = (): readonly ReferenceFolder[] => sweep(referenceFolders(), differing);

const recurrent = new Set(
  families.flatMap((family) =>
    "kind" in family && family.kind === "recurrent" ? [family.modelType] : [],
  ),
);

/** Those of recurrent and hybrid families. */
export const recurrentFolders = (): ReferenceFolder[] =>
  baseFolders.filter(({ modelType }) => recurrent.has(modelType));

/** Of these, those that remember in different ways. */
const remembering = [
  "mamba", // a selective scan, and nothing that attends
  "falcon_h1", // a scan by heads beside attention
  "qwen3_next", // the delta rule, between layers that attend
  "recurrent_gemma", // a gated linear recurrence, and a window
  "lfm2", // short convolutions
];

/** The recurrent and hybrid families that a sweep goes over. */
export const sweptRecurrentFolders = (): readonly ReferenceFolder[] =>
  sweep(recurrentFolders(), remembering);

const beside = reference("reference/families");
const furtherFolder =
  process.env.MLXTERP_REFERENCES ?? (beside.available ? beside.folder : undefined);

/** Where further checkpoints would be, for a test that says why it is skipped. */
export const furtherPlace = "MLXTERP_REFERENCES, or shared/reference/families beside the checkout";

/** Decoders of a folder that `references/make.py` filled elsewhere. */
export const furtherFolders = (): ReferenceFolder[] =>
  furtherFolder ? completeBelow(furtherFolder).filter(isDecoder) : [];

/** A checkpoint in the package, such as `llama/base` or `phi/tied`. */
export function referenceFolder(path: string): string {
  return join(shipped, path);
}

const incomplete: readonly string[] = checkpointsBelow(shipped)
  .filter((folder) => !isComplete(folder) && existsSync(join(folder, "reference.safetensors")))
  .map((folder) => relative(shipped, folder));

const headed = /\/(sequence|token|embedding)(-[\w-]+)?$/;

/** Of pictures, and of two texts. */
const others = /\/(compared|image|written)(-[\w-]+)?$/;

/** Settings that published models differ in, each as a miniature with logits and hidden states. */
export const settingNames = incomplete.filter((name) => !headed.test(name) && !others.test(name));

/** Models with heads of their own, such as `llama/sequence`. */
export const headedNames = incomplete.filter((name) => headed.test(name));
