/** Attention weights as a tap: the true ones, readable and changeable. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { CausalModel } from "./support/causal-model.js";
import { expectSame } from "./support/compare.js";

const ids = [[1, 2, 3, 4]];

describe("attention weights that are a tap", () => {
  it("lesson: attention weights were recomputed on the side, and could not be changed", () => {
    const model = new InterpretableModel(new CausalModel());
    const uniform = (pattern: MxArray) =>
      mx
        .divide(mx.tri(4, 4, 0), mx.arange(1, 5, 1, mx.float32).reshape([4, 1]))
        .reshape(pattern.shape);
    const interventions = { "layers.0.selfAttn.pattern": uniform };
    using trace = model.trace(ids, { interventions });
    const values = trace.layers[0].norm.value; // (batch, position, hidden)
    const mixed = mx.matmul(trace.layers[0].selfAttn.pattern.value.squeeze(1), values);
    expectSame(trace.layers[0].selfAttn.value, mixed);
  });

  it("computes the same on both ways", () => {
    const network = new CausalModel();
    const model = new InterpretableModel(network);
    const keep = (y: MxArray) => y;
    const interventions = { "layers.*.selfAttn.pattern": keep, "layers.*.selfAttn.result": keep };
    using trace = model.trace(ids, { interventions });
    expectSame(trace.output.value, network.forward(mx.array(ids, mx.int32)));
  });

  it("knows the axes of what passes", () => {
    const model = new InterpretableModel(new CausalModel());
    const seen: unknown[] = [];
    const note = (y: MxArray, { axes }: { axes: unknown }) => {
      seen.push(axes);
      return y;
    };
    const sites = [
      "layers.0.selfAttn.pattern",
      "layers.0.residMid.input",
      "layers.0",
      "output",
      "input",
    ];
    const interventions = Object.fromEntries(sites.map((site) => [site, note]));
    model.trace(ids, { interventions }).dispose();
    expect(seen).toEqual([
      undefined,
      ["batch", "heads", "query", "key"],
      ["batch", "position", "hidden"],
      ["batch", "position", "hidden"],
      ["batch", "position", "vocab"],
    ]);
  });
});
