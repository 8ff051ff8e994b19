/** The weights of one layer, by head, oriented so that activations multiply from the left. */
import { type LayerWeights, MissingAnatomyError, OutOfRangeError } from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import type { FeedForward } from "../decoder/experts/feed-forward.js";
import { MixtureOfExperts } from "../decoder/experts/moe.js";
import { Mlp } from "../decoder/mlp/mlp.js";
import { fullWeight } from "../packed/full-weight.js";
import { biasOf } from "./bias-of.js";
import { expertWeights, type MlpWeights, mlpWeights } from "./expert-weights.js";
import {
  byHead,
  type LatentProjections,
  type LatentWeights,
  latentWeights,
} from "./latent-weights.js";

/** Core's weights, with gates and biases; what a family has not is undefined. */
export interface DecoderLayerWeights extends LayerWeights {
  /** (hidden, mlpHidden); its product enters the nonlinearity, that of `W_in` multiplies the activations */
  readonly W_gate: MxArray | undefined;
  /** (heads, headDim) */
  readonly b_Q: MxArray | undefined;
  /** (kvHeads, headDim) */
  readonly b_K: MxArray | undefined;
  /** (kvHeads, headDim) */
  readonly b_V: MxArray | undefined;
  /** (hidden), of no head in particular */
  readonly b_O: MxArray | undefined;
  /** (mlpHidden) */
  readonly b_in: MxArray | undefined;
  /** (mlpHidden) */
  readonly b_gate: MxArray | undefined;
  /** (hidden) */
  readonly b_out: MxArray | undefined;
  /** Every expert's matrices, in mixtures of experts, where `W_in` and its like are none. */
  readonly experts: readonly MlpWeights[] | undefined;
  /** The expert that sees every token. */
  readonly sharedExpert: MlpWeights | undefined;
  /** (hidden, experts) */
  readonly W_router: MxArray | undefined;
  /** (experts) */
  readonly b_router: MxArray | undefined;
  /** What latent attention has in place of `W_Q`, `W_K` and `W_V`. */
  readonly latent: LatentWeights | undefined;
}

/** The projections of a layer, whatever stands between them. */
export interface LayerProjections {
  readonly selfAttn: Readonly<Record<"qProj" | "kProj" | "vProj" | "oProj", Linear>> &
    Readonly<Record<"heads" | "kvHeads", number>> & {
      readonly keysOf?: number | undefined;
      readonly valuesFromKeys?: boolean;
    } & Partial<LatentProjections>;
  readonly mlp: FeedForward;
}

/**
 * Every matrix is read when it is asked for, unpacked and with adapters' parts.
 *
 * @param index negative ones count from the end
 * @throws OutOfRangeError (`OUT_OF_RANGE`) for a layer that does not exist; MissingAnatomyError (`MISSING_ANATOMY`) when
 * a matrix is read of which the layer has many (experts), that is two with a norm between (latent attention), or that is an earlier layer's
 */
export function layerWeights(
  layers: readonly LayerProjections[],
  index: number,
): DecoderLayerWeights {
  const { length } = layers;
  const layer = layers[index < 0 ? index + length : index];
  if (!layer) throw new OutOfRangeError("Layer", index, length, "this model");
  return new LayerMatrices(layer);
}

/** Reads each matrix when it is asked for. */
class LayerMatrices implements DecoderLayerWeights {
  readonly #layer: LayerProjections;

  constructor(layer: LayerProjections) {
    this.#layer = layer;
  }

  get W_Q(): MxArray {
    return byHead(direct(this.#layer, "qProj"), this.#layer.selfAttn.heads);
  }
  get W_K(): MxArray {
    return byHead(direct(this.#layer, "kProj"), this.#layer.selfAttn.kvHeads);
  }
  get W_V(): MxArray {
    return byHead(direct(this.#layer, "vProj"), this.#layer.selfAttn.kvHeads);
  }
  get W_O(): MxArray {
    const { heads, oProj } = this.#layer.selfAttn;
    const weight = fullWeight(oProj); // (hidden, heads · headDim)
    return weight.T.reshape([heads, -1, weight.shape[0]]);
  }
  get W_in(): MxArray {
    return fullWeight(dense(this.#layer).upProj).T;
  }
  get W_gate(): MxArray | undefined {
    const { gateProj } = dense(this.#layer);
    return gateProj && fullWeight(gateProj).T;
  }
  get W_out(): MxArray {
    return fullWeight(dense(this.#layer).downProj).T;
  }
  get b_Q(): MxArray | undefined {
    return biasOf(direct(this.#layer, "qProj"))?.reshape([this.#layer.selfAttn.heads, -1]);
  }
  get b_K(): MxArray | undefined {
    return biasOf(direct(this.#layer, "kProj"))?.reshape([this.#layer.selfAttn.kvHeads, -1]);
  }
  get b_V(): MxArray | undefined {
    return biasOf(direct(this.#layer, "vProj"))?.reshape([this.#layer.selfAttn.kvHeads, -1]);
  }
  get b_O(): MxArray | undefined {
    return biasOf(this.#layer.selfAttn.oProj);
  }
  get b_in(): MxArray | undefined {
    return biasOf(dense(this.#layer).upProj);
  }
  get b_gate(): MxArray | undefined {
    const { gateProj } = dense(this.#layer);
    return gateProj && biasOf(gateProj);
  }
  get b_out(): MxArray | undefined {
    return biasOf(dense(this.#layer).downProj);
  }
  get experts(): readonly MlpWeights[] | undefined {
    const { mlp } = this.#layer;
    return mlp instanceof MixtureOfExperts ? expertWeights(mlp) : undefined;
  }
  get sharedExpert(): MlpWeights | undefined {
    const { sharedExpert } = this.#layer.mlp;
    return sharedExpert && mlpWeights(sharedExpert);
  }
  get W_router(): MxArray | undefined {
    const { router } = this.#layer.mlp;
    const matrix = router && fullWeight(router).T;
    const scale = router?.inputScale;
    return matrix && scale !== undefined ? mx.multiply(matrix, scale) : matrix;
  }
  get b_router(): MxArray | undefined {
    return this.#layer.mlp.router?.bias ?? undefined;
  }
  get latent(): LatentWeights | undefined {
    const { selfAttn } = this.#layer;
    return selfAttn.kvDownProj && latentWeights(selfAttn as LatentProjections);
  }
}

/** A projection that reads what the layer's norm gives. */
function direct({ selfAttn }: LayerProjections, name: "qProj" | "kProj" | "vProj"): Linear {
  const { keysOf, valuesFromKeys } = selfAttn;
  if (keysOf !== undefined && name !== "qProj") {
    const what = `W_K and W_V (its keys and values are those of layers.${keysOf})`;
    throw new MissingAnatomyError(what, ["selfAttn.kProj", "selfAttn.vProj"]);
  }
  if (!selfAttn.kvDownProj) return selfAttn[valuesFromKeys && name === "vProj" ? "kProj" : name];
  const parts = ["qDownProj", "qProj", "kvDownProj", "kProj", "vProj"];
  throw new MissingAnatomyError(
    "W_Q, W_K and W_V as single matrices (latent attention has two, with a norm between: see `latent`)",
    parts.map((part) => `selfAttn.${part}`),
  );
}

function dense({ mlp }: LayerProjections): Mlp {
  if (mlp instanceof Mlp) return mlp;
  throw new MissingAnatomyError("single W_in, W_gate and W_out (see `experts`)", [
    "mlp.upProj",
    "mlp.gateProj",
    "mlp.downProj",
  ]);
}
