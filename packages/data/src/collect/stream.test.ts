/** Streaming: every real token once, with its origin, and nothing of the dataset held. */
import {
  DtypeOverflowError,
  InterpretableModel,
  MissingAxisError,
  OutOfRangeError,
  UnknownSiteError,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InvalidSequenceError } from "../errors.js";
import { difference } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { collectToMemory } from "./collect-to-memory.js";
import { type ActivationBatch, streamActivations } from "./stream.js";

const model = smallModel();

class Mean extends nn.Module {
  override forward(x: MxArray): MxArray {
    return mx.mean(x, 1);
  }
}
const texts = ["abc", "", "kjihgab", "ab", "gg", "zyx", "q"];

/** The activations of one prompt in a pass of its own, (position, …). */
async function alone(prompt: string | number[], site: string): Promise<MxArray> {
  return (await model.run(prompt, { save: site })).get(site).squeeze(0);
}

async function gathered(stream: AsyncIterable<ActivationBatch>): Promise<ActivationBatch[]> {
  const batches: ActivationBatch[] = [];
  for await (const batch of stream) batches.push(batch);
  return batches;
}

describe("streamed activations", () => {
  it("are those of each prompt alone, for every real token and no padding", async () => {
    const options = { save: ["layers.0", "layers.1.mlp.post"], batchSize: 3 };
    const batches = await gathered(streamActivations(model, texts, options));
    expect(batches.map(({ sequences }) => [sequences.start, sequences.end])).toEqual([
      [0, 3],
      [3, 6],
      [6, 7],
    ]);
    const rows = batches.flatMap((batch) =>
      [...batch.sequence].map((sequence, row) => ({ batch, row, sequence })),
    );
    const tokens = texts.reduce((sum, text) => sum + text.length + 1, 0);
    expect(rows).toHaveLength(tokens);
    for (const { batch, row, sequence } of rows) {
      const position = batch.position[row];
      expect(batch.token[row]).toBe(model.tokens(texts[sequence]).ids[0][position]);
      for (const site of options.save) {
        const expected = (await alone(texts[sequence], site)).index(position);
        // padded batches round differently from single prompts
        expect(difference(batch.activations[site].index(row), expected)).toBeLessThan(1e-5);
      }
    }
  });

  it("keep the order of sequences and positions", async () => {
    const { sequence, position } = await collectToMemory(model, ["ab", "c"], { save: "layers.0" });
    expect([...sequence]).toEqual([0, 0, 0, 1, 1]);
    expect([...position]).toEqual([0, 1, 2, 0, 1]);
  });

  it("are taken per token from sites with heads, and from attention weights per query", async () => {
    const [prompt] = [[1, 2, 3, 4]];
    const sites = ["layers.1.selfAttn.q", "layers.1.selfAttn.pattern"];
    const { activations } = await collectToMemory(model, [prompt, prompt], { save: sites });
    for (const site of sites) {
      const heads = await alone(prompt, site); // (heads, position, …)
      const expected = mx.concatenate([heads.swapaxes(0, 1), heads.swapaxes(0, 1)], 0);
      expect(difference(activations[site], expected)).toBeLessThan(1e-5);
    }
  });

  it("are those of the chosen positions", async () => {
    const sites = "layers.0";
    const prompts = ["abc", "defgh"];
    const at = async (positions: readonly number[] | { from?: number; to?: number }) => {
      const found = await collectToMemory(model, prompts, { save: sites, positions });
      return [...found.sequence].map((sequence, row) => `${sequence}:${found.position[row]}`);
    };
    expect(await at([-1, 0])).toEqual(["0:3", "0:0", "1:5", "1:0"]);
    expect(await at({ from: 1 })).toEqual(["0:1", "0:2", "0:3", "1:1", "1:2", "1:3", "1:4", "1:5"]);
    expect(await at({ from: -2, to: -1 })).toEqual(["0:2", "1:4"]);
    expect(await at({ from: 4 })).toEqual(["1:4", "1:5"]);
    const { activations } = await collectToMemory(model, prompts, { save: sites, positions: [-1] });
    const last = mx.stack([
      (await alone("abc", sites)).index(-1),
      (await alone("defgh", sites)).index(-1),
    ]);
    expect(difference(activations[sites], last)).toBeLessThan(1e-5);
  });

  it("leave out batches in which no token is chosen, but count their sequences", async () => {
    const options = { save: "layers.0", positions: { from: 1 }, batchSize: 1 };
    const batches = await gathered(streamActivations(model, ["", "ab", ""], options));
    expect(batches.map(({ rows }) => rows)).toEqual([0, 2, 0]);
    expect(batches[0].activations).toEqual({});
    const all = await collectToMemory(model, ["", "ab", ""], options);
    expect([all.sequences, all.rows, [...all.sequence]]).toEqual([3, 2, [1, 1]]);
  });

  it("change with interventions", async () => {
    const zero = (x: MxArray) => mx.zerosLike(x);
    const options = { save: ["layers.0", "layers.1"], interventions: { "layers.0": zero } };
    const { activations } = await collectToMemory(model, ["ab"], options);
    expect(difference(activations["layers.0"], mx.zeros([3, 16]))).toBe(0);
  });

  it.each(["float16", "bfloat16"] as const)("can be kept as %s", async (dtype) => {
    const { activations } = await collectToMemory(model, ["ab"], { save: "layers.1", dtype });
    expect(activations["layers.1"].dtype).toBe(mx[dtype]);
    const full = (await collectToMemory(model, ["ab"], { save: "layers.1" })).activations;
    const cast = full["layers.1"].astype(mx[dtype]);
    expect(mx.arrayEqual(activations["layers.1"], cast).item()).toBe(true);
  });
});

describe("a dataset", () => {
  it("is read one batch at a time, and closed when the loop ends early", async () => {
    let taken = 0;
    let closed = false;
    function* source() {
      try {
        for (;;) {
          taken++;
          yield "abc";
        }
      } finally {
        closed = true;
      }
    }
    for await (const batch of streamActivations(model, source(), {
      save: "layers.0",
      batchSize: 4,
    })) {
      expect(taken).toBe(batch.sequences.end);
      if (batch.sequences.end === 12) break;
    }
    expect([taken, closed]).toEqual([12, true]);
  });

  it("may mix texts and ids, from a generator or an asynchronous one", async () => {
    async function* source() {
      yield "ab";
      yield [0, 3];
    }
    const { token } = await collectToMemory(model, source(), { save: "layers.0" });
    expect([...token]).toEqual([0, 1, 2, 0, 3]);
  });

  it("may be empty", async () => {
    const found = await collectToMemory(model, [], { save: "layers.0" });
    expect([found.rows, found.activations]).toEqual([0, {}]);
  });

  it("is not a single text, whose letters would become prompts", async () => {
    const stream = streamActivations(model, "abc" as never, { save: "layers.0" });
    await expect(gathered(stream)).rejects.toThrow(InvalidArgumentError);
  });

  it("is told by the number of a sequence that cannot be fed", async () => {
    const prompts = [[1], [2], [3], [99]];
    const stream = streamActivations(model, prompts, { save: "layers.0", batchSize: 3 });
    const error = await gathered(stream).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidSequenceError);
    expect(error).toMatchObject({ sequence: 3, message: expect.stringContaining("Token 99") });
  });
});

describe("a collection refuses", () => {
  it.each([
    ["a site that does not exist", { save: "layers.9" }, UnknownSiteError],
    ["a position that a sequence lacks", { save: "layers.0", positions: [5] }, OutOfRangeError],
    ["a batch of no size", { save: "layers.0", batchSize: 0 }, InvalidArgumentError],
  ])("%s", async (_, options, kind) => {
    await expect(collectToMemory(model, ["abc"], options)).rejects.toThrow(kind);
  });

  it("values too large for float16, instead of keeping infinities", async () => {
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 1e6) };
    const options = { save: "layers.0", interventions, dtype: "float16" as const };
    await expect(collectToMemory(model, ["abc"], options)).rejects.toThrow(DtypeOverflowError);
    await collectToMemory(model, ["abc"], { ...options, dtype: "bfloat16" });
  });

  it("to go on when it is cancelled", async () => {
    const control = new AbortController();
    const seen: number[] = [];
    const options = {
      save: "layers.0",
      batchSize: 2,
      signal: control.signal,
      onProgress: ({ sequences: done }: { sequences: number }) => {
        seen.push(done);
        if (done === 4) control.abort(new Error("enough"));
      },
    };
    const stream = streamActivations(model, sequences(10), options);
    await expect(gathered(stream)).rejects.toThrow("enough");
    expect(seen).toEqual([2, 4]);
  });
});

it("needs sites whose values have positions", async () => {
  class Pooled extends nn.Module {
    embedding = new nn.Embedding(27, 8);
    pool = new Mean();

    override forward(ids: MxArray): MxArray {
      return this.pool.forward(this.embedding.forward(ids));
    }
  }
  const pooled = new InterpretableModel(new Pooled());
  const collect = (save: string) => collectToMemory(pooled, [[1, 2], [3]], { save });
  expect((await collect("embedding")).rows).toBe(3);
  await expect(collect("pool")).rejects.toThrow(MissingAxisError);
});
