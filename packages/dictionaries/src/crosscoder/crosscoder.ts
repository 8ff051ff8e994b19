/**
 * A crosscoder: one set of features for the activations of several layers or models together.
 *
 * Each feature has a decoder row for every one of them; how long those are tells where it belongs. Source: Lindsey et al. 2024, "Sparse
 * Crosscoders for Cross-Layer Features and Model Diffing"; scales and batch top-k: Minder et al. 2025, arXiv 2504.02922.
 */
import { checkReal, type MxArray, mx } from "@mlxterp/mlx";
import { checkPositiveInteger, checkRecord } from "@mlxterp/results/errors";
import { keepLargestOfBatch, rectify } from "../dictionary/activations.js";
import { checkRows } from "../shared/check-rows.js";
import { DictionaryShapeError } from "../shared/errors.js";

/** In what units features are measured: the sum of the norms of their rows, the norm of all rows as one, both, or none. */
export type CodeScale = "sumOfNorms" | "jointNorm" | "mixed" | "none";

/** How features are chosen among those above zero. */
export type CrosscoderSelection =
  | { readonly kind: "relu" }
  /** `k`: how many of a row, by which it was found in training. */
  | { readonly kind: "threshold"; readonly threshold: number; readonly k?: number }
  | { readonly kind: "batchTopK"; readonly k: number };

export interface CrosscoderConfig {
  /** How many layers or models are read together. */
  readonly sources: number;
  readonly width: number;
  readonly features: number;
  readonly scale: CodeScale;
  /** Of `mixed`: how much of the joint norm, and of the sum of norms. */
  readonly mixture: readonly [joint: number, sum: number];
  readonly selection: CrosscoderSelection;
  readonly format: string;
}

export interface CrosscoderWeights {
  readonly encoder: MxArray; // (sources, width, features)
  readonly encoderBias: MxArray; // (features)
  readonly decoder: MxArray; // (sources, features, width)
  readonly decoderBias: MxArray; // (sources, width)
  /** What is taken off activations, (sources, width), and the factor that they are multiplied by then. */
  readonly normalization?: { readonly mean: MxArray; readonly factor: number };
}

/**
 * A crosscoder, as `loadCrosscoder` and `trainCrosscoder` give it.
 *
 * @example
 * const settings = { architecture: "batchTopK", sources: 2, features: 16, k: 2, steps: 2, batchSize: 64 } as const;
 * const trained = await trainCrosscoder(arraySource(mx.random.normal([128, 2, 8])), settings);
 * trained.dictionary.relativeNorm().shape; // [16]
 */
export class Crosscoder {
  /** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
  constructor(
    readonly config: CrosscoderConfig,
    readonly weights: CrosscoderWeights,
  ) {
    checkRecord("config", config);
    checkRecord("weights", weights);
    checkRecord("config.selection", config.selection);
    const { sources, width, features } = config;
    for (const [name, size] of Object.entries({ sources, width, features })) checkPositiveInteger(`config.${name}`, size); // biome-ignore format: one line
    const shapes = {
      ...{ encoder: [sources, width, features], decoder: [sources, features, width] },
      ...{ encoderBias: [features], decoderBias: [sources, width] },
    };
    for (const [name, shape] of Object.entries(shapes)) {
      const { shape: received } = checkReal(`weights.${name}`, weights[name as keyof typeof shapes]); // biome-ignore format: one line
      if (received.join() === shape.join()) continue;
      throw new DictionaryShapeError(`"${name}" of the crosscoder`, shape, received);
    }
  }

  /**
   * @param x (…, sources, width)
   * @returns (…, features)
   * @throws DictionaryShapeError (`DICTIONARY_SHAPE`)
   */
  encode(x: MxArray): MxArray {
    const { sources, width, features, selection } = this.config;
    checkRows("x", x, [sources, width]);
    const rows = this.normalized(x).reshape([x.size / (sources * width), sources * width]);
    const p = mx.matmul(rows, this.weights.encoder.reshape([sources * width, features]));
    const f = rectify(mx.add(p, this.weights.encoderBias));
    return this.chosen(f, selection).reshape([...x.shape.slice(0, -2), features]);
  }

  /** What one unit of a feature counts, (features): features times this are compared with thresholds and with each other. */
  codeScale(): MxArray {
    const { scale, mixture, features } = this.config;
    if (scale === "none") return mx.ones([features]);
    const sum = mx.sum(this.decoderNorms(), 0);
    if (scale === "sumOfNorms") return sum;
    const joint = mx.sqrt(mx.sum(mx.square(this.decoderNorms()), 0));
    if (scale === "jointNorm") return joint;
    return mx.add(mx.multiply(joint, mixture[0]), mx.multiply(sum, mixture[1]));
  }

  /** (sources, features) */
  decoderNorms(): MxArray {
    return mx.sqrt(mx.sum(mx.square(this.weights.decoder), 2));
  }

  /**
   * Of two sources: how much of a feature's decoder belongs to the second, from 0 (only the first) to 1, (features).
   *
   * @throws DictionaryShapeError (`DICTIONARY_SHAPE`) for another number of sources
   */
  relativeNorm(): MxArray {
    const { sources } = this.config;
    if (sources !== 2) throw new DictionaryShapeError("The crosscoder", [2, "…"], [sources]);
    const norms = this.decoderNorms();
    return mx.divide(norms.index(1), mx.sum(norms, 0));
  }

  /** @param features (…, features); returns (…, sources, width) */
  decode(features: MxArray): MxArray {
    const { sources, width } = this.config;
    const { decoder, decoderBias, normalization } = this.weights;
    checkRows("features", features, [this.config.features]);
    const rows = features.reshape([features.size / this.config.features, this.config.features]);
    const parts = Array.from({ length: sources }, (_, source) =>
      mx.matmul(rows, decoder.index(source)),
    );
    const y = mx.add(mx.stack(parts, 1), decoderBias);
    const shape = [...features.shape.slice(0, -1), sources, width];
    if (!normalization) return y.reshape(shape);
    const { mean, factor } = normalization;
    return mx.add(mx.divide(y, factor + 1e-8), mean).reshape(shape);
  }

  /** The reconstruction. @param x (…, sources, width) */
  forward(x: MxArray): MxArray {
    return this.decode(this.encode(x));
  }

  private normalized(x: MxArray): MxArray {
    const { normalization } = this.weights;
    if (!normalization) return x;
    return mx.multiply(mx.subtract(x, normalization.mean), normalization.factor);
  }

  /** Chosen by size times scale, kept as they are. */
  private chosen(f: MxArray, selection: CrosscoderSelection): MxArray {
    if (selection.kind === "relu") return f;
    const scaled = mx.multiply(f, this.codeScale());
    const on =
      selection.kind === "threshold"
        ? mx.greater(scaled, selection.threshold)
        : mx.greater(keepLargestOfBatch(scaled, selection.k), 0);
    return mx.multiply(f, on.astype(mx.float32));
  }
}
