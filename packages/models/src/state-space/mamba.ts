/** Mamba: a language model without attention; token ids in, logits out. */

import type { SiteNotes } from "@mlxterp/core";
import {
  checkBoolean,
  checkList,
  checkOptions,
  type Embedding,
  type Linear,
  type MxArray,
  mx,
  nn,
} from "@mlxterp/mlx";
import { type LogitsAxes, logitsAxes, type ResidualAxes, residualAxes } from "../decoder/axes.js";
import { checkIds, instanceOf } from "../decoder/model/pass-arguments.js";
import { Norm } from "../decoder/norm/norm.js";
import { realTokens, resolvePadding } from "../decoder/positions/padding.js";
import { type MixerCache, StateCache } from "./cache.js";
import type { MambaConfig } from "./config.js";
import { Mixer, type Pads } from "./mixer.js";

/** One layer: what the mixer makes of the normalised residual stream is added to it. */
export class MambaLayer extends nn.Module {
  readonly residualInFloat32: boolean;
  readonly inputNorm: Norm;
  readonly mixer: Mixer;

  constructor(config: MambaConfig) {
    super();
    this.residualInFloat32 = config.residualInFloat32;
    this.inputNorm = new Norm(config.hidden, config.norm);
    this.mixer = new Mixer(config.hidden, config.mixer);
  }

  get siteNotes() {
    return {
      input: { holds: "The residual stream before the layer.", hook: "hook_resid_pre" },
      output: { holds: "The residual stream after the layer.", hook: "hook_resid_post" },
      inputNorm: { holds: "What the mixer reads.", inside: "ln1" },
      mixer: { holds: "The mixer's write to the residual stream, as it is added." },
    } as const satisfies SiteNotes;
  }

  get outputAxes(): ResidualAxes {
    return residualAxes;
  }

  /**
   * @param x the residual stream, (batch, position, hidden)
   * @param pads of each row, which leave the memory as it is; without pads undefined
   */
  override forward(x: MxArray, cache?: MixerCache, pads?: Pads): MxArray {
    const { inputNorm, residualInFloat32 } = this;
    const normalized = inputNorm.forward(x.astype(inputNorm.weight?.dtype ?? x.dtype));
    const residual = residualInFloat32 ? x.astype(mx.float32) : x;
    return mx.add(residual, this.mixer.forward(normalized, cache, pads));
  }
}

/** How one forward pass differs from a plain one over whole prompts. */
export interface MambaPassOptions {
  /** The memory of earlier tokens; ids are then only the new ones. */
  readonly cache?: StateCache;
  /** How many pads stand at the left of each row, 0 for none: they leave the memory as it is. */
  readonly padding?: readonly number[];
  /** Computes the logits of the last position only. Default: false. */
  readonly lastOnly?: boolean;
}

/**
 * A Mamba language model.
 *
 * @example
 * const mamba = new Mamba(config);
 * const logits = mamba.forward(mx.array([[1, 5, 2]], mx.int32)); // (batch, position, vocab)
 */
export class Mamba extends nn.Module {
  readonly embedTokens: Embedding;
  readonly layers: MambaLayer[];
  readonly finalNorm: Norm;
  /** Absent where logits are read off the embedding matrix. */
  readonly lmHead: Linear | undefined;

  constructor(config: MambaConfig) {
    super();
    const { vocab, hidden, layers, norm, head } = config;
    this.embedTokens = new nn.Embedding(vocab, hidden);
    this.layers = Array.from({ length: layers }, () => new MambaLayer(config));
    this.finalNorm = new Norm(hidden, norm);
    if (!head.tied) this.lmHead = new nn.Linear(hidden, vocab, false);
  }

  get siteNotes() {
    return {
      embedTokens: { holds: "The tokens' embeddings.", axes: residualAxes, hook: "hook_embed" },
      "layers.*": { inside: "blocks.*" },
      finalNorm: { holds: "What the head reads.", inside: "ln_final" },
      output: { holds: "The logits." },
    } as const satisfies SiteNotes;
  }

  get outputAxes(): LogitsAxes {
    return logitsAxes;
  }

  /**
   * @param ids (batch, position) int32, within the vocabulary: MLX does not check them
   * @returns logits, (batch, position, vocab)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when padding is impossible or the memory is of other rows; the
   * memory then stays as it was
   */
  override forward(ids: MxArray, options: MambaPassOptions = {}): MxArray {
    checkIds(ids);
    checkOptions<MambaPassOptions>("forward", options, {
      cache: instanceOf(StateCache, "what model.createCache() returns"),
      padding: checkList,
      lastOnly: checkBoolean,
    });
    const { cache, lastOnly } = options;
    const { layers, finalNorm } = this;
    const padding = resolvePadding(ids.shape, options);
    let x = this.embedTokens.forward(ids);
    const pads = padding && {
      counts: padding,
      real: realTokens(padding, ids.shape[1], x.dtype),
    };
    const grown = cache?.copy(); // so that a pass that fails leaves the memory as it was
    for (let index = 0; index < layers.length; index++) {
      x = layers[index].forward(x, grown?.layer(index), pads);
    }
    const last = lastOnly ? x.index("...", mx.Slice(-1, null), mx.Slice()) : x;
    const logits = this.unembed(
      finalNorm.forward(last.astype(finalNorm.weight?.dtype ?? last.dtype)),
    );
    grown?.advance(ids.shape);
    if (grown) cache?.adopt(grown);
    return logits;
  }

  /** @param x (…, hidden), after the final norm; returns logits, (…, vocab) */
  unembed(x: MxArray): MxArray {
    const { lmHead } = this;
    return lmHead ? lmHead.forward(x) : this.embedTokens.asLinear(x);
  }
}
