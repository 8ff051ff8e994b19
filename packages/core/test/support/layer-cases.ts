/** Every layer class of the binding with what it is built from and fed, so that one test can run them all. */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";

/** How one layer is built and called. */
export interface LayerCase {
  /** The arguments of its constructor. */
  readonly built?: readonly unknown[];
  /** What the network around it is fed. */
  readonly input: MxArray;
  /** The arguments of its forward; default: what the network is fed. */
  readonly fed?: (x: MxArray) => readonly unknown[];
  /** Says why there is nothing to differentiate at its input; its output always has a gradient. */
  readonly flat?: string;
}

const sequence = spread([2, 5, 8]);
const image = spread([2, 6, 6, 4]);
const volume = spread([1, 4, 4, 4, 2]);
const tokens = mx.array(
  [
    [0, 3, 1],
    [2, 2, 9],
  ],
  mx.int32,
);
const wide = spread([2, 3, 128]); // quantization takes no less
const scores = spread([1, 2, 4, 4]);
const withMask = (x: MxArray) => [x, null];
const withMemory = (x: MxArray) => [x, mx.multiply(x, 0.5), null, null];

const pointwise = [
  ...["CELU", "ELU", "GELU", "Hardswish", "Identity", "LeakyReLU", "LogSigmoid", "LogSoftmax"],
  ...["Mish", "PReLU", "ReLU", "ReLU6", "SELU", "Sigmoid", "SiLU", "SoftShrink", "Softmax"],
  ...["Softplus", "Softsign", "Tanh", "GLU"],
];

/** By class name. */
export const layerCases: Readonly<Record<string, LayerCase>> = {
  ...Object.fromEntries(pointwise.map((name) => [name, { input: sequence }])),
  Step: { input: sequence, flat: "it is constant on both sides of its threshold" },
  Sequential: { built: [new nn.Linear(8, 4), mx.tanh, new nn.Linear(4, 2)], input: sequence },
  Linear: { built: [8, 3], input: sequence },
  Bilinear: { built: [8, 8, 3], input: sequence, fed: (x) => [x, mx.square(x)] },
  QuantizedLinear: { built: [128, 8, true, 64, 8], input: wide },
  Embedding: { built: [10, 8], input: tokens, flat: "token ids are integers" },
  QuantizedEmbedding: { built: [10, 128, 64, 8], input: tokens, flat: "token ids are integers" },
  Conv1d: { built: [8, 4, 3], input: sequence },
  Conv2d: { built: [4, 3, 3], input: image },
  Conv3d: { built: [2, 3, [2, 2, 2]], input: volume },
  MaxPool1d: { built: [2], input: sequence },
  AvgPool1d: { built: [2], input: sequence },
  MaxPool2d: { built: [2], input: image },
  AvgPool2d: { built: [2], input: image },
  Upsample: { built: [2, "linear"], input: image },
  BatchNorm: { built: [8], input: sequence },
  InstanceNorm: { built: [8], input: sequence },
  LayerNorm: { built: [8], input: sequence },
  RMSNorm: { built: [8], input: sequence },
  GroupNorm: { built: [2, 8], input: sequence },
  Dropout: { input: sequence },
  Dropout2d: { input: image },
  Dropout3d: { input: volume },
  RNN: { built: [8, 4], input: sequence },
  GRU: { built: [8, 4], input: sequence },
  LSTM: { built: [8, 4], input: sequence },
  RoPE: { built: [8], input: sequence },
  SinusoidalPositionalEncoding: { built: [8], input: spread([2, 5]) },
  ALiBi: { input: scores },
  MultiHeadAttention: { built: [8, 2], input: sequence, fed: (x) => [x, mx.square(x), x] },
  TransformerEncoderLayer: { built: [8, 2], input: sequence, fed: withMask },
  TransformerEncoder: { built: [2, 8, 2], input: sequence, fed: withMask },
  TransformerDecoderLayer: { built: [8, 2], input: sequence, fed: withMemory },
  TransformerDecoder: { built: [2, 8, 2], input: sequence, fed: withMemory },
  Transformer: {
    built: [8, 2, 1, 1],
    input: sequence,
    fed: (x) => [x, mx.square(x), null, null, null],
  },
};

/** Numbers of both signs, none near another or near 0, where layers have their kinks. */
export function spread(shape: readonly number[]): MxArray {
  const count = shape.reduce((product, size) => product * size, 1);
  // A stride without a common factor with the count visits every number once, in no order.
  const stride = [389, 397, 401, 409].find((prime) => count % prime !== 0)!;
  const order = Array.from({ length: count }, (_, index) => (index * stride) % count);
  return mx.array(order.map((rank) => (4 * (rank + 0.25)) / count - 2)).reshape([...shape]);
}

/** The layer classes that the binding exports, by name. */
export const layerClasses: ReadonlyMap<string, new (...built: never[]) => Module> = new Map(
  exportsOf(nn as unknown as Readonly<Record<string, unknown>>)
    .filter(([, value]) => typeof value === "function" && value.prototype instanceof nn.Module)
    .map(([name, value]) => [name, value as new (...built: never[]) => Module]),
);

/** Inherited ones too: the library stands before the binding's own object. */
function exportsOf(library: Readonly<Record<string, unknown>>): [name: string, value: unknown][] {
  const names: string[] = [];
  for (const name in library) names.push(name);
  return names.map((name) => [name, library[name]]);
}

/** A layer of the given name, in evaluation mode. */
export function createLayer(name: string): Module {
  const Layer = layerClasses.get(name)!;
  return new Layer(...((layerCases[name].built ?? []) as never[])).eval();
}
