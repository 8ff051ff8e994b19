/** Transcoders of all layers of a model: one for each, or such as write to all later layers. */

import { indexFromEnd } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { checkRows } from "../shared/check-rows.js";
import { checkEachLayer, checkLayers, checkSites, layerOf } from "./check-parts.js";

/** What a set says of its model, in the words of its files. */
export interface TranscoderSites {
  /** What is read in each layer, below `blocks.i` in TransformerLens' words: `mlp.hook_in`, `hook_resid_mid`. */
  readonly input: string;
  /** What is predicted there: `hook_mlp_out`. */
  readonly output: string;
  readonly model?: string;
  /** What the set is called. */
  readonly name?: string;
}

/** What the features of one layer write, layer by layer. */
export interface LayerWrites {
  readonly layer: number;
  /** (features, output) */
  readonly directions: MxArray;
}

/** Transcoders of all layers, whichever kind they are. */
export interface Transcoders {
  readonly kind: "per-layer" | "cross-layer";
  readonly sites: TranscoderSites;
  readonly layers: number;
  /** Features of each layer. */
  readonly features: number;
  /** @param x what a layer reads, (…, hidden); returns (…, features) */
  encode(layer: number, x: MxArray): MxArray;
  /** What encoder rows are, (features, hidden), so that `x · row + bias` is a feature before it is chosen. */
  encoderRows(layer: number): MxArray;
  /** (features) */
  encoderBias(layer: number): MxArray;
  /** Where the features of a layer write, and what. */
  writes(layer: number): readonly LayerWrites[];
  /** What is added in a layer whatever the features are, and a linear path round them. */
  decoderBias(layer: number): MxArray;
  /** (hidden, output) */
  skip(layer: number): MxArray | undefined;
  /**
   * What is predicted in every layer.
   *
   * @param inputs what each layer reads, (…, hidden)
   * @param features of each layer, (…, features)
   */
  decode(inputs: readonly MxArray[], features: readonly MxArray[]): MxArray[];
}

/**
 * One transcoder for each layer, which writes to that layer alone.
 *
 * @example
 * const transcoders = loadTranscoders("tiny");
 * transcoders instanceof TranscoderSet; // true
 */
export class TranscoderSet implements Transcoders {
  readonly kind = "per-layer";

  constructor(
    readonly transcoders: readonly Dictionary[],
    readonly sites: TranscoderSites,
  ) {
    checkLayers("transcoders", transcoders);
    for (const [layer, one] of transcoders.entries()) checkDictionary(`transcoders[${layer}]`, one);
    checkSites(sites);
  }

  get layers(): number {
    return this.transcoders.length;
  }

  get features(): number {
    return this.transcoders[0].config.features;
  }

  encode(layer: number, x: MxArray): MxArray {
    return layerOf(this.transcoders, layer).encode(x);
  }

  encoderRows(layer: number): MxArray {
    const transcoder = layerOf(this.transcoders, layer);
    const { config, weights } = transcoder;
    const rows = weights.encoder.transpose();
    return config.scaleByDecoderNorm
      ? mx.multiply(rows, transcoder.decoderNorms().reshape([config.features, 1]))
      : rows;
  }

  encoderBias(layer: number): MxArray {
    const transcoder = layerOf(this.transcoders, layer);
    const { config, weights } = transcoder;
    const bias = weights.encoderBias!;
    return config.scaleByDecoderNorm ? mx.multiply(bias, transcoder.decoderNorms()) : bias;
  }

  writes(layer: number): readonly LayerWrites[] {
    const first = indexFromEnd("Layer", layer, this.layers, "this set of transcoders");
    return [{ layer: first, directions: this.transcoders[first].directions() }];
  }

  decoderBias(layer: number): MxArray {
    return layerOf(this.transcoders, layer).weights.decoderBias;
  }

  skip(layer: number): MxArray | undefined {
    return layerOf(this.transcoders, layer).weights.skip;
  }

  decode(inputs: readonly MxArray[], features: readonly MxArray[]): MxArray[] {
    checkEachLayer("inputs", inputs, this.layers);
    checkEachLayer("features", features, this.layers);
    return inputs.map((x, layer) => this.decodeLayer(layer, x, features[layer]));
  }

  /** What features of one layer predict of what is written there. */
  decodeLayer(layer: number, x: MxArray, features: MxArray): MxArray {
    const transcoder = layerOf(this.transcoders, layer);
    const y = transcoder.decode(features);
    const { skip } = transcoder.weights;
    if (skip) checkRows("x", x, [skip.shape[0]]);
    return skip ? mx.add(y, mx.matmul(x, skip)) : y;
  }
}
