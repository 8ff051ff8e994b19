/**
 * A dictionary: directions of a space of activations, few of which are on at a time.
 *
 * A sparse autoencoder writes an activation as a sum of a few of its decoder's rows; a transcoder predicts the output of a part of a
 * model from its input in the same way. It is a module, so that it can be spliced into a model and its features read and
 * changed there. Source: Bricken et al. 2023, "Towards Monosemanticity"; transcoders: Dunefsky et al. 2024, arXiv 2406.11944.
 */
import { Tap } from "@mlxterp/core";
import { checkReal, type MxArray, mx, nn } from "@mlxterp/mlx";
import { checkRows } from "../shared/check-rows.js";
import { DictionaryShapeError } from "../shared/errors.js";
import {
  aboveThreshold,
  keepLargest,
  keepLargestOfBatch,
  keepLargestOfGroups,
  rectify,
} from "./activations.js";
import type { DictionaryConfig, FeatureActivation } from "./config.js";
import { pursue } from "./matching-pursuit.js";
import { type Normalized, normalizeInput } from "./normalize.js";
import { temporalCodes } from "./temporal.js";
import { checkWeights, type DictionaryWeights } from "./weights.js";

/**
 * A sparse autoencoder or a transcoder.
 *
 * @example
 * const { config } = loadDictionary("tiny");
 * config.features; // 256
 */
export class Dictionary extends nn.Module {
  /** Its features: a site where it is spliced in. */
  features = new Tap(["batch", "position", "features"], {
    holds: "How much each feature is on.",
  });
  declare readonly config: DictionaryConfig;
  declare readonly weights: DictionaryWeights;

  /** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
  constructor(config: DictionaryConfig, weights: DictionaryWeights) {
    super();
    checkWeights(config, weights);
    const hidden = { writable: false, enumerable: false }; // no parameters of a module that trains
    Object.defineProperty(this, "config", { ...hidden, value: Object.freeze({ ...config }) });
    Object.defineProperty(this, "weights", { ...hidden, value: Object.freeze({ ...weights }) });
  }

  /**
   * @param x (…, input), or (…, heads, headDim) for one that reads heads; (batch, position, input) for a temporal one
   * @returns (…, features)
   * @throws DictionaryShapeError (`DICTIONARY_SHAPE`)
   */
  encode(x: MxArray): MxArray {
    const { rows, outer } = rowsOf(this.config, x);
    const { x: normalized } = normalizeInput(this.config.normalization, rows);
    return codesOf(this, normalized, outer).features.reshape([...outer, this.config.features]);
  }

  /**
   * What features write, without a skip and on the scale of normalised activations where those were normalised by their own size.
   *
   * @param features (…, features)
   * @returns (…, output)
   * @throws DictionaryShapeError (`DICTIONARY_SHAPE`)
   */
  decode(features: MxArray): MxArray {
    checkRows("features", features, [this.config.features]);
    const { decoder, decoderBias } = this.weights;
    const scaled = this.config.scaleByDecoderNorm
      ? mx.divide(features, this.decoderNorms())
      : features;
    return mx.add(mx.matmul(scaled, decoder), decoderBias);
  }

  /** The norm of each feature's decoder row, (features). */
  decoderNorms(): MxArray {
    return rowNorms(this.weights.decoder);
  }

  /**
   * What a feature of activation 1 writes, (features, output): the decoder's rows, on the scale of features that are
   * measured by them.
   */
  directions(): MxArray {
    const { decoder } = this.weights;
    return this.config.scaleByDecoderNorm
      ? mx.divide(decoder, this.decoderNorms().reshape([decoder.shape[0], 1]))
      : decoder;
  }

  /**
   * The reconstruction, or what a transcoder predicts, with its skip.
   *
   * @param x as for `encode`
   * @returns (…, output), of the shape of `x` for an autoencoder
   */
  override forward(x: MxArray): MxArray {
    const { kind, normalization, features: count, outputWidth, joinHeads } = this.config;
    const { rows, outer } = rowsOf(this.config, x);
    const normalized = normalizeInput(normalization, rows);
    const codes = codesOf(this, normalized.x, outer);
    const read = this.features.forward(codes.features.reshape([...outer, count]));
    const features = read.reshape([rows.shape[0], count]);
    const all = codes.predicted ? mx.add(features, codes.predicted) : features;
    const y = withSkip(this.weights, undone(normalized, this.decode(all), kind), rows);
    return y.reshape(joinHeads ? x.shape : [...outer, outputWidth]);
  }
}

function rowNorms(decoder: MxArray): MxArray {
  return mx.sqrt(mx.sum(mx.square(decoder), 1));
}

function undone({ undo }: Normalized, y: MxArray, kind: DictionaryConfig["kind"]): MxArray {
  return kind === "autoencoder" ? undo(y) : y;
}

function withSkip({ skip }: DictionaryWeights, y: MxArray, rows: MxArray): MxArray {
  return skip ? mx.add(y, mx.matmul(rows, skip)) : y;
}

/** Features of rows, and of temporal ones what was on before they were: (rows, features). */
interface Codes {
  readonly features: MxArray;
  readonly predicted?: MxArray;
}

/**
 * @param x (rows, input), normalised
 * @param outer the axes that the rows come from
 */
function codesOf({ config, weights }: Dictionary, x: MxArray, outer: readonly number[]): Codes {
  const { activation, subtractDecoderBias, inputWidth, features } = config;
  if (x.shape[0] === 0) return { features: mx.zeros([0, features]) };
  const h = subtractDecoderBias ? mx.subtract(x, weights.decoderBias) : x;
  if (activation.kind !== "temporal") return { features: encodeRows(config, weights, h) };
  const codes = temporalCodes(h.reshape([...outer, inputWidth]), weights, activation);
  const flat = (array: MxArray) => array.reshape([x.shape[0], features]);
  return { features: flat(codes.features), predicted: flat(codes.predicted) };
}

/** @param h (rows, input) */
function encodeRows(config: DictionaryConfig, weights: DictionaryWeights, h: MxArray): MxArray {
  const { activation, scaleByDecoderNorm } = config;
  const { encoder, encoderBias, decoder, threshold } = weights;
  if (activation.kind === "gated") return gated(h, weights);
  if (activation.kind === "matchingPursuit") return pursue(h, decoder, activation);
  const p = mx.add(mx.matmul(h, encoder), encoderBias!);
  const scaled = scaleByDecoderNorm ? mx.multiply(p, rowNorms(decoder)) : p;
  return selectFeatures(activation, scaled, threshold);
}

/** @param p (rows, features) */
function selectFeatures(activation: FeatureActivation, p: MxArray, threshold?: MxArray): MxArray {
  switch (activation.kind) {
    case "jumpRelu": {
      const on = aboveThreshold(p, threshold!);
      return activation.rectified ? rectify(on) : on;
    }
    case "topK": {
      const kept = keepLargest(p, activation.k);
      return activation.rectified ? rectify(kept) : kept;
    }
    case "batchTopK":
      return keepLargestOfBatch(rectify(p), activation.k);
    case "groupMax":
      return keepLargestOfGroups(rectify(p), activation.k);
    default:
      return rectify(p);
  }
}

function gated(h: MxArray, weights: DictionaryWeights): MxArray {
  const z = mx.matmul(h, weights.encoder);
  const on = mx.greater(mx.add(z, weights.gateBias!), 0).astype(z.dtype);
  const size = mx.add(mx.multiply(z, mx.exp(weights.magnitudeScale!)), weights.magnitudeBias!);
  return mx.multiply(on, rectify(size));
}

/** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
function rowsOf(
  { joinHeads, inputWidth, activation }: DictionaryConfig,
  x: MxArray,
): { readonly rows: MxArray; readonly outer: readonly number[] } {
  const { shape } = checkReal("x", x);
  const inner = joinHeads && shape.at(-1) !== inputWidth ? 2 : 1;
  const outer = shape.slice(0, -inner);
  const width = shape.slice(-inner).reduce((product, length) => product * length, 1);
  if (shape.length < inner || width !== inputWidth) {
    throw new DictionaryShapeError("x", ["…", inputWidth], shape);
  }
  if (activation.kind === "temporal" && outer.length !== 2) {
    throw new DictionaryShapeError("x", ["batch", "position", inputWidth], shape);
  }
  return { rows: x.astype(mx.float32).reshape([x.size / inputWidth, inputWidth]), outer };
}
