/** A decoder's layers over the patches of a picture, with a classifier of the whole: pixels in, scores out. */
import type { SiteNotes } from "@mlxterp/core";
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { residualAxes } from "../decoder/axes.js";
import { DecoderLayer } from "../decoder/model/layer.js";
import { plainPositions } from "../decoder/model/positions.js";
import { Norm } from "../decoder/norm/norm.js";
import type { Pass } from "../decoder/positions/pass.js";
import { ClassifierHead } from "../heads/classifier-head.js";
import type { VisionConfig } from "./config.js";
import { checkPixels, cutPatches, patchCount } from "./patches.js";
import { plainLayer } from "./plain-layer.js";

const notes = {
  patchProj: { holds: "Each patch as a vector, before positions are added.", axes: residualAxes },
  "layers.*": { inside: "blocks.*" },
  finalNorm: { holds: "The residual stream, normalised; its first position is classified." },
} as const satisfies SiteNotes;

/**
 * Every patch sees every other; before them stands a learned vector that belongs to none.
 * Source: Dosovitskiy et al. 2021, "An Image is Worth 16x16 Words", section 3.1.
 */
export class VisionEncoder extends nn.Module {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly patch: number;
  readonly patchProj: Linear;
  classToken: MxArray; // (1, 1, hidden)
  positions: MxArray; // (1, position, hidden)
  readonly layers: DecoderLayer[];
  readonly finalNorm: Norm;
  readonly head: ClassifierHead;

  constructor(config: VisionConfig) {
    super();
    const { height, width, patch, channels, hidden, labels, norm } = config;
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.patch = patch;
    this.patchProj = new nn.Linear(channels * patch * patch, hidden, true);
    this.classToken = mx.zeros([1, 1, hidden]);
    this.positions = mx.zeros([1, patchCount(this) + 1, hidden]);
    const layer = plainLayer(config);
    this.layers = Array.from({ length: config.layers }, () => new DecoderLayer(hidden, layer));
    this.finalNorm = new Norm(hidden, norm);
    this.head = new ClassifierHead(hidden, {
      kind: "sequence",
      pooling: "cls",
      labels,
      bias: true,
    });
  }

  get siteNotes() {
    return notes;
  }

  get outputAxes(): readonly ["batch", "labels"] {
    return ["batch", "labels"];
  }

  /**
   * @param pixels (batch, channels, height, width), as the model's image processor scales them
   * @returns (batch, labels)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for anything of another shape
   */
  override forward(pixels: MxArray): MxArray {
    const { layers } = this;
    let x = this.embed(pixels);
    const pass: Pass = { positions: plainPositions(x.shape[1]), mask: () => null, bothWays: true };
    for (let index = 0; index < layers.length; index++) x = layers[index].forward(x, pass);
    return this.head.forward(this.finalNorm.forward(x), { ids: pixels, lengths: undefined });
  }

  /** @returns the input of layer 0, (batch, patch and one more, hidden) */
  embed(pixels: MxArray): MxArray {
    checkPixels(pixels, this);
    const patches = this.patchProj.forward(cutPatches(pixels, this));
    const first = mx.broadcastTo(this.classToken, [pixels.shape[0], 1, patches.shape[2]]);
    return mx.add(mx.concatenate([first, patches], 1), this.positions);
  }
}
