/** Which parts of an adapter the tensors of its file are, by their names. */
import { dtypeName, isFloating, type MxArray, UnsupportedDtypeError } from "@mlxterp/mlx";
import { CorruptCheckpointError, UnexpectedWeightsError, WeightShapeError } from "../../errors.js";
import type { AdapterConfig } from "./adapter-config.js";

/** The change of one module of the base model: `scale · up · down` added to its weight. */
export interface LowRankChange {
  /** Its path in the base model's file, such as `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
  /** The length that each row of the changed weight is given (DoRA), (out). */
  readonly magnitude?: MxArray;
  /** What the factors are of: mlx-lm has one name for both, and embeddings the other way round. */
  readonly kind: "linear" | "embedding" | "either";
}

/** What an adapter's file holds. */
export interface AdapterParts {
  readonly changes: readonly LowRankChange[];
  /** Whole tensors in the place of the base model's, by their names there. */
  readonly replaced: ReadonlyMap<string, MxArray>;
}

type Part = "down" | "up" | "embeddingDown" | "embeddingUp" | "magnitude";
type Factors = { [P in Part]?: { readonly name: string; readonly array: MxArray } };

const floating = ["float32", "float16", "bfloat16"];

/** How PEFT names parts of a module; other names are whole weights and biases. */
const peftParts: readonly (readonly [RegExp, Part])[] = [
  [/^(.*)\.lora_A(?:\.default)?\.weight$/, "down"],
  [/^(.*)\.lora_B(?:\.default)?\.weight$/, "up"],
  [/^(.*)\.lora_embedding_A(?:\.default)?$/, "embeddingUp"],
  [/^(.*)\.lora_embedding_B(?:\.default)?$/, "embeddingDown"],
  [/^(.*)\.lora_magnitude_vector(?:\.default)?(?:\.weight)?$/, "magnitude"],
];

const mlxParts: readonly (readonly [RegExp, Part])[] = [
  [/^(.*)\.lora_a$/, "down"],
  [/^(.*)\.lora_b$/, "up"],
  [/^(.*)\.m$/, "magnitude"],
];

const whole = /^(.*?)(?:\.(?:base_layer|modules_to_save(?:\.default)?))?\.(weight|bias)$/;

/**
 * @param tensors of the file
 * @throws UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`) for tensors that are no factor or have no counterpart,
 * WeightShapeError (`WEIGHT_SHAPE`) for factors of different rank
 */
export function adapterParts(
  tensors: ReadonlyMap<string, MxArray>,
  config: AdapterConfig,
  file: string,
): AdapterParts {
  const modules = new Map<string, Factors>();
  const replaced = new Map<string, MxArray>();
  const unexpected: string[] = [];
  for (const [name, array] of tensors) {
    if (!isFloating(array.dtype)) {
      throw new UnsupportedDtypeError(`${file}: ${name}`, dtypeName(array.dtype), floating);
    }
    const plain = name.replace(/^base_model\.model\./, "");
    const found = findPart(plain, config.layout);
    if (found) {
      modules.set(found.module, { ...modules.get(found.module), [found.part]: { name, array } });
      continue;
    }
    const [, module, kind] = (plain.includes(".lora_") ? null : whole.exec(plain)) ?? [];
    if (module === undefined) unexpected.push(name);
    else replaced.set(`${module}.${kind}`, array);
  }
  const changes = [...modules].flatMap(([module, factors]) => {
    const change = changeOf(module, factors, config, file);
    if (!change) for (const part of Object.values(factors)) unexpected.push(part.name);
    return change ?? [];
  });
  const wayOut = "It holds no adapter that can be read.";
  if (unexpected.length > 0) throw new UnexpectedWeightsError(unexpected, file, wayOut);
  requireWhole({ changes, replaced }, config, file);
  return { changes, replaced };
}

/** What a file lacks of what its settings say would be the base's, in silence. */
function requireWhole(
  { changes, replaced }: AdapterParts,
  { lengths = false, wholes = [] }: AdapterConfig,
  file: string,
): void {
  const short = changes.find(({ magnitude }) => lengths && !magnitude);
  const names = [...replaced.keys()];
  const unsaved = wholes.find((whole) => !names.some((name) => `.${name}`.includes(`.${whole}.`)));
  const missing = short
    ? `${short.module}.lora_magnitude_vector, which use_dora asks for`
    : `a weight of ${unsaved}, which modules_to_save names`;
  if (short || unsaved) throw new CorruptCheckpointError(file, `it lacks ${missing}`);
}

function findPart(name: string, layout: AdapterConfig["layout"]) {
  for (const [pattern, part] of layout === "mlx" ? mlxParts : peftParts) {
    const [, module] = pattern.exec(name) ?? [];
    if (module !== undefined) return { module, part };
  }
  return undefined;
}

/** @returns undefined where a factor has no counterpart */
function changeOf(
  module: string,
  { down, up, embeddingDown, embeddingUp, magnitude }: Factors,
  config: AdapterConfig,
  file: string,
): LowRankChange | undefined {
  const embedding = embeddingDown !== undefined || embeddingUp !== undefined;
  const [first, second] = embedding ? [embeddingDown, embeddingUp] : [down, up];
  if (!first || !second || (embedding && (down || up))) return undefined;
  if (first.array.ndim !== 2 || second.array.ndim !== 2) return undefined;
  // PEFT has an embedding's factors, and mlx-lm all, as (in, rank) and (rank, out).
  const turned = embedding || config.layout === "mlx";
  const [a, b] = turned ? [first.array.T, second.array.T] : [first.array, second.array];
  const [rank] = a.shape;
  if (b.shape[1] !== rank) {
    throw new WeightShapeError(second.name, [b.shape[0], rank], second.array.shape, file);
  }
  const kind = embedding ? "embedding" : config.layout === "mlx" ? "either" : "linear";
  return {
    ...{ module, down: a, up: b, scale: config.scaleOf(module, rank), kind },
    ...(magnitude && { magnitude: magnitude.array }),
  };
}
