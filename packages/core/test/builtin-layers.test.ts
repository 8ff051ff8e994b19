/** MLX's own layers under a trace: the same bits as without one, and every module in them a site. */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

/** Puts a layer between two others, so that it is a child. */
class Around extends nn.Module {
  constructor(
    readonly layer: Module,
    private readonly args: (x: MxArray) => unknown[] = (x) => [x],
  ) {
    super();
  }

  override forward(x: MxArray): unknown {
    return this.layer.forward(...this.args(x));
  }
}

const sequence = numbers(2, 5, 8);
const image = numbers(1, 6, 6, 3);

describe.each<[string, () => Module, MxArray]>([
  ["Linear", () => new nn.Linear(8, 3), sequence],
  ["LayerNorm", () => new nn.LayerNorm(8), sequence],
  ["RMSNorm", () => new nn.RMSNorm(8), sequence],
  ["Conv1d", () => new nn.Conv1d(8, 4, 3), sequence],
  ["Conv2d", () => new nn.Conv2d(3, 4, 3), image],
  ["MaxPool2d (private fields)", () => new nn.MaxPool2d(2, 2), image],
  ["Dropout (private fields)", () => new nn.Dropout(0.5), sequence],
  ["GELU", () => new nn.GELU(), sequence],
  ["RNN", () => new nn.RNN(8, 4), sequence],
  ["GRU", () => new nn.GRU(8, 4), sequence],
])("%s", (_name, create, x) => {
  it("computes the same when it is traced, as a child and as the root", () => {
    const layer = create();
    layer.eval();
    const expected = layer.forward(x) as MxArray;
    const around = new Around(layer);
    around.eval();
    using child = new InterpretableModel(around).trace(x);
    expectSame(child.at("layer").value, expected);
    using root = new InterpretableModel(layer).trace(x);
    expectSame(root.output.value, expected);
  });
});

describe("layers with several outputs or inputs", () => {
  it("shows each array of an LSTM's tuple, and the tuple unchanged as the result", () => {
    const layer = new nn.LSTM(8, 4);
    using trace = new InterpretableModel(new Around(layer)).trace(sequence);
    const [hidden, cell] = layer.forward(sequence);
    expectSame(trace.at("layer").value, hidden);
    expectSame(trace.at("layer.output.0").value, hidden);
    expectSame(trace.at("layer.output.1").value, cell);
    expect(trace.result).toHaveLength(2);
  });

  it("lesson: a module that returns a tuple broke every intervention", () => {
    const layer = new nn.LSTM(8, 4);
    const model = new InterpretableModel(new Around(layer));
    const [hidden, cell] = layer.forward(sequence);
    const double = (x: MxArray) => mx.multiply(x, 2);
    using trace = model.trace(sequence, { interventions: { "layer.output.1": double } });
    expectSame(trace.at("layer.output.0").value, hidden);
    expectSame(trace.at("layer.output.1").value, double(cell));
    using other = model.trace(sequence, { interventions: { layer: double } });
    expectSame(other.at("layer").value, double(hidden));
    expectSame(other.at("layer.output.1").value, cell);
  });

  it("tells the queries, keys and values of MultiHeadAttention apart", () => {
    const attention = new nn.MultiHeadAttention(8, 2);
    const model = new InterpretableModel(new Around(attention, (x) => [x, mx.negative(x), x]));
    using trace = model.trace(sequence);
    expectSame(trace.at("layer.input.1").value, mx.negative(sequence));
    expectSame(trace.at("layer.keyProj.input" as string).value, mx.negative(sequence));
    expectSame(trace.output.value, attention.forward(sequence, mx.negative(sequence), sequence));
  });

  it("reaches every module of a TransformerEncoder", () => {
    const encoder = new nn.TransformerEncoder(2, 8, 2);
    encoder.eval();
    using trace = new InterpretableModel(encoder).trace(sequence, { args: [null] });
    expect(Object.keys(trace.saveAll("**"))).toHaveLength(1 + 2 * (1 + 7 + 4));
    expectSame(trace.output.value, encoder.forward(sequence, null) as MxArray);
  });

  it("follows a batch norm that learns its statistics while it is traced", () => {
    const create = () => new nn.BatchNorm(8);
    const [plain, traced] = [create(), create()];
    const expected = plain.forward(sequence);
    using trace = new InterpretableModel(new Around(traced)).trace(sequence);
    expectSame(trace.at("layer").value, expected);
    const mean = (norm: object) => (norm as { runningMean: MxArray }).runningMean;
    expectSame(mean(traced), mean(plain));
  });
});

describe("quantized layers", () => {
  it("lesson: quantized models were unsupported; one may even be quantized after it was wrapped", () => {
    const network = new Stack(2, 128);
    const model = new InterpretableModel(network);
    const x = numbers(1, 3, 128);
    model.trace(x).dispose();
    nn.quantize(network, 64, 8);
    using trace = model.trace(x, { interventions: { "layers.0.up": (y) => mx.multiply(y, 1) } });
    expectSame(trace.output.value, network.forward(x));
    expect(model.sites("layers.*.up").map(({ kind }) => kind)).toEqual(
      Array(2).fill("QuantizedLinear"),
    );
  });
});
