/** Types of the binding's layers and optimizers, as far as this project uses them. */
import type { MxArray } from "./array.js";

/** A tree of arrays, as `module.parameters()` returns it. */
export type ArrayTree = MxArray | ArrayTree[] | { [key: string]: ArrayTree };

/** What every layer offers; any object of the binding's `nn.Module` class satisfies it. */
export interface Module {
  readonly training: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: a layer decides what it takes and returns
  forward(...inputs: any[]): any;
  parameters(): { [key: string]: ArrayTree };
  trainableParameters(): { [key: string]: ArrayTree };
  update(parameters: { [key: string]: ArrayTree }): this;
  train(mode?: boolean): this;
  eval(): this;
  freeze(recurse?: boolean): this;
  unfreeze(recurse?: boolean): this;
}

/** The base class; declared without its index signature, so that a misspelt member does not compile. */
export interface ModuleClass {
  new (): Module;
  isModule(value: unknown): value is Module;
}

export interface Linear extends Module {
  weight: MxArray; // (out, in)
  bias?: MxArray; // (out)
  forward(x: MxArray): MxArray;
  toQuantized(groupSize?: number, bits?: number): Module;
}

export interface Embedding extends Module {
  weight: MxArray; // (vocab, hidden)
  forward(ids: MxArray): MxArray;
  asLinear(x: MxArray): MxArray;
}

export interface NormLayer extends Module {
  weight?: MxArray;
  bias?: MxArray;
  forward(x: MxArray): MxArray;
}

interface UnaryLayer extends Module {
  forward(x: MxArray): MxArray;
}

interface RecurrentLayer<R> extends Module {
  forward(x: MxArray, ...state: MxArray[]): R;
}

/** The binding's `nn`. */
export interface Nn {
  readonly Module: ModuleClass;
  readonly Linear: new (inputDims: number, outputDims: number, bias?: boolean) => Linear;
  readonly Embedding: new (rows: number, dims: number) => Embedding;
  readonly LayerNorm: new (
    dims: number,
    eps?: number,
    affine?: boolean,
    bias?: boolean,
  ) => NormLayer;
  readonly RMSNorm: new (dims: number, eps?: number) => NormLayer;
  readonly BatchNorm: new (
    features: number,
    eps?: number,
    momentum?: number,
    affine?: boolean,
    trackRunningStats?: boolean,
  ) => NormLayer;
  readonly Dropout: new (p?: number) => UnaryLayer;
  readonly Identity: new () => UnaryLayer;
  readonly Sequential: new (...layers: Module[]) => UnaryLayer & { layers: Module[] };
  readonly ReLU: new () => UnaryLayer;
  readonly GELU: new () => UnaryLayer;
  readonly Conv1d: new (
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    stride?: number,
    padding?: number,
  ) => UnaryLayer;
  readonly Conv2d: new (
    inChannels: number,
    outChannels: number,
    kernelSize: number | number[],
    stride?: number | number[],
    padding?: number | number[],
  ) => UnaryLayer;
  readonly MaxPool2d: new (kernelSize: number, stride?: number, padding?: number) => UnaryLayer;
  readonly RNN: new (inputSize: number, hiddenSize: number) => RecurrentLayer<MxArray>;
  readonly GRU: new (inputSize: number, hiddenSize: number) => RecurrentLayer<MxArray>;
  readonly LSTM: new (inputSize: number, hiddenSize: number) => RecurrentLayer<[MxArray, MxArray]>;
  readonly MultiHeadAttention: new (dims: number, numHeads: number) => Module;
  readonly TransformerEncoder: new (
    numLayers: number,
    dims: number,
    numHeads: number,
    mlpDims?: number,
  ) => Module;

  quantize(model: Module, groupSize?: number, bits?: number): void;
  valueAndGrad<A extends unknown[]>(
    model: Module,
    f: (...inputs: A) => MxArray,
  ): (...inputs: A) => [MxArray, { [key: string]: ArrayTree }];

  gelu(x: MxArray): MxArray;
  relu(x: MxArray): MxArray;
  silu(x: MxArray): MxArray;
  readonly losses: {
    crossEntropy(
      logits: MxArray,
      targets: MxArray,
      weights?: MxArray,
      axis?: number,
      labelSmoothing?: number,
      reduction?: "none" | "mean" | "sum",
    ): MxArray;
  };
}

export interface Optimizer {
  learningRate: number | MxArray;
  readonly state: { [key: string]: ArrayTree };
  update(model: Module, gradients: { [key: string]: ArrayTree }): void;
}

/** The binding's `optimizers`. */
export interface Optimizers {
  readonly SGD: new (learningRate: number, momentum?: number) => Optimizer;
  readonly Adam: new (learningRate: number, betas?: [number, number], eps?: number) => Optimizer;
  readonly AdamW: new (
    learningRate: number,
    betas?: [number, number],
    eps?: number,
    weightDecay?: number,
  ) => Optimizer;
}

/** The names of the dtypes. */
export type DtypeName =
  | "bool"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "float16"
  | "bfloat16"
  | "float32"
  | "complex64";
