/**
 * Transcoders whose features write to their own layer and all later ones.
 *
 * Caveat: they may predict a layer's output from what an earlier layer read, and so skip computation that the model really does; per-layer
 * ones cannot. Source: Lindsey, Templeton et al. 2024, "Sparse Crosscoders"; Ameisen et al. 2025, "Circuit Tracing".
 */

import { indexFromEnd } from "@mlxterp/core";
import { checkReal, type MxArray, mx } from "@mlxterp/mlx";
import { checkRecord } from "@mlxterp/results/errors";
import { aboveThreshold, rectify } from "../dictionary/activations.js";
import { checkRows } from "../shared/check-rows.js";
import { DictionaryShapeError } from "../shared/errors.js";
import { checkEachLayer, checkLayers, checkSites, layerOf } from "./check-parts.js";
import type { LayerWrites, TranscoderSites, Transcoders } from "./transcoder-set.js";

/** The arrays of one layer. */
export interface CrossLayerWeights {
  /** (hidden, features) */
  readonly encoder: MxArray;
  /** (features) */
  readonly encoderBias: MxArray;
  /** (features, layers from this one on, hidden) */
  readonly decoder: MxArray;
  /** (hidden) */
  readonly decoderBias: MxArray;
  /** (features); without one, what is above zero is kept */
  readonly threshold?: MxArray;
  /** (hidden, hidden) */
  readonly skip?: MxArray;
}

/**
 * Transcoders of all layers, each of which writes to its own layer and all later ones.
 *
 * @example
 * const layer = (later: number) => ({
 *   encoder: mx.ones([8, 4]),
 *   encoderBias: mx.zeros([4]),
 *   decoder: mx.ones([4, later, 8]),
 *   decoderBias: mx.zeros([8]),
 * });
 * const both = new CrossLayerTranscoder([layer(2), layer(1)], { input: "hook_resid_mid", output: "hook_mlp_out" });
 * both.writes(0).length; // 2
 */
export class CrossLayerTranscoder implements Transcoders {
  readonly kind = "cross-layer";

  /** @throws DictionaryShapeError (`DICTIONARY_SHAPE`) */
  constructor(
    readonly weights: readonly CrossLayerWeights[],
    readonly sites: TranscoderSites,
  ) {
    checkSites(sites);
    checkLayers("weights", weights);
    for (const [layer, parts] of weights.entries()) {
      checkRecord(`weights[${layer}]`, parts);
      for (const name of ["encoder", "encoderBias", "decoder", "decoderBias"] as const) checkReal(`weights[${layer}].${name}`, parts[name]); // biome-ignore format: one line
    }
    weights.forEach(({ encoder, decoder, decoderBias }, layer) => {
      const [hidden, features] = encoder.shape;
      const expected = [features, weights.length - layer, decoderBias.shape[0]];
      if (decoder.shape.join() === expected.join() && hidden === weights[0].encoder.shape[0])
        return;
      throw new DictionaryShapeError(`The decoder of layer ${layer}`, expected, decoder.shape);
    });
  }

  get layers(): number {
    return this.weights.length;
  }

  get features(): number {
    return this.weights[0].encoder.shape[1];
  }

  encode(layer: number, x: MxArray): MxArray {
    const { encoder, encoderBias, threshold } = layerOf(this.weights, layer);
    checkRows("x", x, [encoder.shape[0]]);
    const p = mx.add(mx.matmul(x, encoder), encoderBias);
    return threshold ? aboveThreshold(p, threshold) : rectify(p);
  }

  encoderRows(layer: number): MxArray {
    return layerOf(this.weights, layer).encoder.transpose();
  }

  encoderBias(layer: number): MxArray {
    return layerOf(this.weights, layer).encoderBias;
  }

  writes(layer: number): readonly LayerWrites[] {
    const first = indexFromEnd("Layer", layer, this.layers, "this set of transcoders");
    const { decoder } = this.weights[first];
    return Array.from({ length: this.layers - first }, (_, later) => ({
      layer: first + later,
      directions: decoder.index(mx.Slice(), later),
    }));
  }

  decoderBias(layer: number): MxArray {
    return layerOf(this.weights, layer).decoderBias;
  }

  skip(layer: number): MxArray | undefined {
    return layerOf(this.weights, layer).skip;
  }

  decode(inputs: readonly MxArray[], features: readonly MxArray[]): MxArray[] {
    checkEachLayer("inputs", inputs, this.layers);
    checkEachLayer("features", features, this.layers);
    for (const [layer, { encoder }] of this.weights.entries()) {
      checkRows(`inputs[${layer}]`, inputs[layer], [encoder.shape[0]]);
      checkRows(`features[${layer}]`, features[layer], [encoder.shape[1]]);
    }
    return this.weights.map(({ decoderBias, skip }, layer) => {
      const parts = features.slice(0, layer + 1).map((active, source) => {
        return mx.matmul(active, this.weights[source].decoder.index(mx.Slice(), layer - source));
      });
      const y = mx.add(
        parts.reduce((sum, part) => mx.add(sum, part)),
        decoderBias,
      );
      return skip ? mx.add(y, mx.matmul(inputs[layer], skip)) : y;
    });
  }
}
