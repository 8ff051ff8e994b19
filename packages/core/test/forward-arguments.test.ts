/** What a model adds to the arguments of its module's forward. */
import { type MxArray, mx, nn, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Tap } from "../src/tree/tap.js";

/** Sums the ids of each row up to its length, times a factor. */
class LengthSum extends nn.Module {
  readonly real = new Tap(["batch", "position"]);

  override forward(ids: MxArray, options: { lengths?: readonly number[]; factor?: number } = {}) {
    const { lengths, factor = 1 } = options;
    const width = ids.shape[1];
    const rows = (lengths ?? ids.shape.slice(0, 1).map(() => width)).map((length) =>
      Array.from({ length: width }, (_, position) => (position < length ? factor : 0)),
    );
    return mx.sum(this.real.forward(mx.multiply(ids, mx.array(rows))), -1);
  }
}

describe("forwardArguments", () => {
  const model = new InterpretableModel(new LengthSum(), {
    tokenizer: { encode: () => [], decode: () => "", pieces: () => [], vocabSize: 9, padId: 7 },
    forwardArguments: ({ lengths }, [given]) => [{ lengths, ...(given as object | undefined) }],
  });
  const prompts = [[1, 2, 3], [4]];
  const values = (x: MxArray) => [...toFlat(x)];

  it("reach a plain forward, a run and a trace", async () => {
    expect(values(model.forward(prompts))).toEqual([6, 4]);
    expect(values((await model.run(prompts)).get("output"))).toEqual([6, 4]);
    using trace = model.trace(prompts);
    expect(values(trace.output.value)).toEqual([6, 4]);
  });

  it("complete what the caller gives", async () => {
    const args = [{ factor: 2 }];
    expect(values(model.forward(prompts, args[0]))).toEqual([12, 8]);
    expect(values((await model.run(prompts, { args })).get("output"))).toEqual([12, 8]);
    const edited = model.edit({ real: (x) => mx.multiply(x, 10) });
    expect(values(edited.forward(prompts, args[0]))).toEqual([120, 80]);
  });

  it("are left out for arrays that go to the module as they are", () => {
    expect(values(model.forward(mx.ones([1, 3])))).toEqual([3]);
  });
});
