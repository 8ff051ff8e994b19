/** What a dictionary computes, as data: the one vocabulary into which every published format is read. */

/** How features come from what the encoder says. */
export type FeatureActivation =
  | { readonly kind: "relu" }
  /** What is above a threshold of its own; `rectified`: and above zero. */
  | { readonly kind: "jumpRelu"; readonly rectified: boolean }
  /** The k largest of each row; `rectified`: of which those above zero. */
  | { readonly kind: "topK"; readonly k: number; readonly rectified: boolean }
  /** The `k × rows` largest of all rows of a call together: what one row gets depends on the others. */
  | { readonly kind: "batchTopK"; readonly k: number }
  /** The largest of each of k equal groups of neighbours. */
  | { readonly kind: "groupMax"; readonly k: number }
  /** One part decides whether a feature is on, another how much. */
  | { readonly kind: "gated" }
  /**
   * One feature after the other, each on what the others left: until a row's rest is shorter than `tolerance` (0: not asked), a feature
   * comes again where `untilRepeated`, and at most for so many rounds. The encoder is the decoder's transpose.
   */
  | {
      readonly kind: "matchingPursuit";
      readonly tolerance: number;
      readonly rounds: number;
      readonly untilRepeated: boolean;
    }
  /**
   * Of what attention over the positions before does not predict; the k largest of each row, or all above zero. Such a dictionary reads
   * whole texts: (batch, position, width).
   */
  | { readonly kind: "temporal"; readonly heads: number; readonly k?: number };

/** What is done to activations before they are encoded. */
export type InputNormalization =
  | "none"
  /** To a norm of the square root of their width. */
  | "constantNorm"
  /** To mean 0 and standard deviation 1 (of n − 1), without weights. */
  | "layerNorm";

export interface DictionaryConfig {
  /** An autoencoder gives back what it reads; a transcoder predicts something else, as an MLP's output from its input. */
  readonly kind: "autoencoder" | "transcoder";
  readonly inputWidth: number;
  readonly features: number;
  readonly outputWidth: number;
  readonly activation: FeatureActivation;
  readonly normalization: InputNormalization;
  /**
   * Whether it was trained on activations scaled to a mean norm of √inputWidth, with a factor that its files do not tell; see
   * `foldActivationNorm`.
   */
  readonly averageScaled: boolean;
  /** Whether the decoder's bias is taken off before encoding. */
  readonly subtractDecoderBias: boolean;
  /** Whether features are measured in units of what they write: multiplied by the norm of their decoder row. */
  readonly scaleByDecoderNorm: boolean;
  /** Whether it reads heads side by side: (…, heads, headDim) as one row. */
  readonly joinHeads: boolean;
  /** Where it reads in its model; undefined where the files do not say. */
  readonly site?: string;
  /** Where a transcoder writes. */
  readonly outputSite?: string;
  /** What its files call its model. */
  readonly model?: string;
  /** The format it was read from, or `mlxterp`. */
  readonly format: string;
}

/** A configuration with the usual choices, for parts that a format does not speak of. */
export function completeConfig(
  parts: Pick<DictionaryConfig, "inputWidth" | "features" | "activation" | "format"> &
    Partial<DictionaryConfig>,
): DictionaryConfig {
  return {
    kind: "autoencoder",
    outputWidth: parts.inputWidth,
    normalization: "none",
    averageScaled: false,
    subtractDecoderBias: false,
    scaleByDecoderNorm: false,
    joinHeads: false,
    ...withoutUndefined(parts),
  } as DictionaryConfig;
}

function withoutUndefined<T extends object>(parts: T): T {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as T;
}
