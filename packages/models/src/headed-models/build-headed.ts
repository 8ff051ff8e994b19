/** Makes the model of a checkpoint with a head of its own, and says which checkpoint has none. */

import { join } from "node:path";
import type { BuiltModule, LoadedParts } from "../building/built-module.js";
import type { OpenedCheckpoint } from "../checkpoint/opened-checkpoint.js";
import { ModelKindError, UnsupportedConfigError } from "../errors.js";
import type { ClassifierHead } from "../heads/classifier-head.js";
import type { ClassifierConfig, HeadConfig } from "../heads/config.js";
import type { EmbeddingHead } from "../heads/embedding-head.js";
import { type Headable, withHead } from "../heads/headable.js";
import type { HeadedModule } from "../heads/headed-body.js";
import { LayerSource, layerNames } from "../heads/layer-source.js";
import { classifierTensor, readClassifier } from "../heads/read-classifier.js";
import { type FoundLayer, readSentenceTransformers } from "../heads/sentence-transformers.js";
import { EmbeddingModel } from "./embedding-model.js";
import type { HeadedModelOptions } from "./headed-model.js";
import { SequenceClassifier } from "./sequence-classifier.js";
import { TokenClassifier } from "./token-classifier.js";

/** The classes of models with a head of their own. */
const headedClasses = { sequence: SequenceClassifier, token: TokenClassifier } as const;

/** What `loadModel` was asked for, if it is a head of its own. */
export type HeadKind = "embedding" | ClassifierConfig["kind"];

export function headKindOf(expected: unknown): HeadKind | undefined {
  if (expected === EmbeddingModel) return "embedding";
  if (expected === SequenceClassifier) return "sequence";
  return expected === TokenClassifier ? "token" : undefined;
}

/** A built model, and where its numbers come from if not from the checkpoint alone. */
export interface BuiltHeaded extends BuiltModule {
  readonly opened: OpenedCheckpoint;
}

/**
 * @param other the class of the checkpoint's own model, for messages
 * @throws ModelKindError (`MODEL_KIND`) where it has no such head; UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export function buildHeaded(
  kind: HeadKind,
  headable: Headable,
  opened: OpenedCheckpoint,
  other: string,
): BuiltHeaded {
  return kind === "embedding"
    ? buildEmbedding(headable, opened)
    : buildClassifier(kind, headable, opened, other);
}

function buildClassifier(
  kind: ClassifierConfig["kind"],
  headable: Headable,
  opened: OpenedCheckpoint,
  other: string,
): BuiltHeaded {
  const layout = headable.classifier(kind);
  const { json, config: file } = opened;
  const { tensors } = opened.files;
  const scores = classifierTensor(layout, tensors);
  const said = sayingKind(json);
  const Expected = headedClasses[kind];
  if (!scores)
    throw new ModelKindError(Expected.name, said ? headedClasses[said].name : other, file);
  if (said && said !== kind)
    throw new ModelKindError(Expected.name, headedClasses[said].name, file);
  const head = readClassifier(kind, { json, file }, layout, { tensors, scores });
  const module = headable.create(head) as HeadedModule<ClassifierHead>;
  return {
    module,
    weights: withHead(headable.weights, layout.names),
    opened,
    open: (parts) => new Expected(module, optionsOf(headable, head, parts)),
  };
}

/** What `architectures` says. */
function sayingKind(json: unknown): ClassifierConfig["kind"] | undefined {
  const { architectures } = (json ?? {}) as { readonly architectures?: unknown };
  const names = Array.isArray(architectures) ? architectures.map(String) : [];
  if (names.some((name) => name.endsWith("ForSequenceClassification"))) return "sequence";
  return names.some((name) => name.endsWith("ForTokenClassification")) ? "token" : undefined;
}

function buildEmbedding(headable: Headable, opened: OpenedCheckpoint): BuiltHeaded {
  const { notes, layers, ...rest } = readSentenceTransformers(opened.folder);
  requireChain(rest.pooling.length * headable.config.hidden, layers);
  const head = { ...rest, layers: layers.map(({ folder, ...layer }) => layer) };
  const module = headable.create(head) as HeadedModule<EmbeddingHead>;
  const source = new LayerSource(opened.source, layers);
  const tensors = [...opened.files.tensors, ...source.entries];
  return {
    module,
    weights: withHead(headable.weights, layerNames, classifierNames(headable)),
    opened: {
      ...{ ...opened, source, files: { ...opened.files, tensors } },
      notes: [...opened.notes, ...notes],
    },
    open: (parts) => new EmbeddingModel(module, optionsOf(headable, head, parts)),
  };
}

/** Each layer reads what the one before it writes. */
function requireChain(width: number, layers: readonly FoundLayer[]): void {
  layers.reduce((before, { from, to, folder }) => {
    if (from === before) return to;
    const rule = `What comes before it has ${before} numbers. Is a module missing in modules.json?`;
    throw new UnsupportedConfigError("in_features", from, join(folder, "config.json"), rule);
  }, width);
}

const classifierNames = ({ classifier }: Headable) =>
  (["sequence", "token"] as const).flatMap((kind) => Object.keys(classifier(kind).names));

function optionsOf<C extends HeadConfig>(
  { config }: Headable,
  head: C,
  { name, tokenizer, checkpoint, notes }: LoadedParts,
): HeadedModelOptions<C> {
  return { config, head, name, tokenizer, checkpoint, notes };
}
