/** Networks of kinds that are no decoders: vision, sequence to sequence, recurrence, two towers, diffusion. */
import {
  type Embedding,
  type Linear,
  type Module,
  type MxArray,
  mx,
  type NormLayer,
  nn,
} from "@mlxterp/mlx";
import { createLayer } from "./layer-cases.js";

type Layer = Module & { forward(...inputs: unknown[]): MxArray };

function convolution(from: number, to: number, stride = 1): Layer {
  return new nn.Conv2d(from, to, 3, stride, 1);
}

/** Two convolutions with normalization, added to what came in. */
class ResidualBlock extends nn.Module {
  conv1: Layer;
  norm1: NormLayer;
  conv2: Layer;
  norm2: NormLayer;
  shortcut: Layer | null;

  constructor(from: number, to: number, stride: number) {
    super();
    this.conv1 = convolution(from, to, stride);
    this.norm1 = new nn.BatchNorm(to);
    this.conv2 = convolution(to, to);
    this.norm2 = new nn.BatchNorm(to);
    this.shortcut = from === to && stride === 1 ? null : new nn.Conv2d(from, to, 1, stride);
  }

  override forward(x: MxArray): MxArray {
    const inner = mx.tanh(this.norm1.forward(this.conv1.forward(x)));
    const outer = this.norm2.forward(this.conv2.forward(inner));
    return mx.tanh(mx.add(outer, this.shortcut?.forward(x) ?? x));
  }
}

/** (batch, height, width, channels) in, (batch, classes) out. */
export class VisionNetwork extends nn.Module {
  stem: Layer = convolution(3, 4);
  pool: Layer = createLayer("AvgPool2d") as Layer;
  stages = [[new ResidualBlock(4, 4, 1)], [new ResidualBlock(4, 8, 2), new ResidualBlock(8, 8, 1)]];
  head: Linear = new nn.Linear(8, 5);

  override forward(x: MxArray): MxArray {
    const stemmed = this.pool.forward(this.stem.forward(x));
    const mixed = this.stages.flat().reduce((y, block) => block.forward(y), stemmed);
    return this.head.forward(mx.mean(mixed, [1, 2]));
  }
}

/** Token ids of a source, and of a target as a further argument; logits out. */
export class SequenceToSequence extends nn.Module {
  embed: Embedding = new nn.Embedding(12, 8);
  positions: Layer = createLayer("SinusoidalPositionalEncoding") as Layer;
  transformer: Module = createLayer("Transformer");
  head: Linear = new nn.Linear(8, 12);

  override forward(source: MxArray, target: MxArray): MxArray {
    const [from, to] = [source, target].map((ids) => {
      const places = mx.arange(0, ids.shape[1], 1, mx.float32);
      return mx.add(this.embed.forward(ids), this.positions.forward(places));
    });
    const later = mx.subtract(1, mx.tri(target.shape[1], target.shape[1], 0));
    const mask = mx.multiply(later, -1e9);
    return this.head.forward(this.transformer.forward(from, to, null, mask, null));
  }
}

/** Token ids in, logits out: two recurrent layers, the first of which returns a tuple. */
export class RecurrentNetwork extends nn.Module {
  embed: Embedding = new nn.Embedding(11, 6);
  lstm = new nn.LSTM(6, 8);
  gru = new nn.GRU(8, 8);
  head: Linear = new nn.Linear(8, 11);

  override forward(ids: MxArray): MxArray {
    const [hidden, cell] = this.lstm.forward(this.embed.forward(ids));
    return this.head.forward(this.gru.forward(mx.add(hidden, mx.multiply(cell, 0.5))));
  }
}

/** What one tower makes of its part of the input. */
interface Tower {
  readonly vector: MxArray;
  readonly layers: readonly MxArray[];
}

class TowerNetwork extends nn.Module {
  layers: Linear[] = [new nn.Linear(4, 6), new nn.Linear(6, 6)];

  override forward(x: MxArray): Tower {
    const layers: MxArray[] = [];
    for (const layer of this.layers) layers.push(mx.tanh(layer.forward(layers.at(-1) ?? x)));
    return { vector: layers[layers.length - 1], layers };
  }
}

/** Objects and tuples instead of arrays, in and out. */
export class TwoTowers extends nn.Module {
  towers = { left: new TowerNetwork(), right: new TowerNetwork() };

  override forward(x: MxArray, { scale }: { scale: number }) {
    const left = this.towers.left.forward(x);
    const right = this.towers.right.forward(mx.negative(x));
    const similarity = mx.multiply(mx.sum(mx.multiply(left.vector, right.vector), -1), scale);
    return { similarity, towers: [left, right] as const, count: x.shape[0] };
  }
}

/** A small network of the diffusion kind: down, up, and lists of skips between them. */
export class SkipNetwork extends nn.Module {
  time: Linear = new nn.Linear(1, 4);
  down: Layer[] = [convolution(3, 4), convolution(4, 4, 2)];
  middle: Layer = convolution(4, 4);
  up: Layer[] = [convolution(8, 4), convolution(8, 3)];
  grow: Layer = createLayer("Upsample") as Layer;

  override forward(x: MxArray, time: MxArray): MxArray {
    const skips: MxArray[] = [];
    const step = this.time.forward(time);
    const lowered = this.down.reduce((y, layer) => {
      const next = mx.tanh(layer.forward(y));
      skips.push(next);
      return next;
    }, x);
    return this.up.reduce(
      (y, layer, index) => {
        const joined = layer.forward(mx.concatenate([y, skips.pop()!], 3));
        return index === 0 ? this.grow.forward(joined) : joined;
      },
      this.middle.forward(mx.add(lowered, step)),
    );
  }
}
