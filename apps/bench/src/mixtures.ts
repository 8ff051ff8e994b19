/** One layer of experts, against a dense MLP of the width that a token sees, and against experts that are told their rows. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, type DecoderConfig, initializeWeights } from "@mlxterp/models";
import type { Line, Settings } from "./measurement.js";
import { interleave, ratio } from "./pairs.js";

const hidden = 512;
const norm = { kind: "rms", epsilon: 1e-6, bias: false } as const;
const mlp = { activation: "silu", gated: true, bias: false } as const;

/** As in Mixtral, and as in models of many small experts. */
const kinds = [
  { count: 8, topK: 2, width: 1024 },
  { count: 64, topK: 8, width: 256 },
] as const;

export async function* mixtures({ rounds }: Settings): AsyncGenerator<Line> {
  for (const { count, topK, width } of kinds) {
    const experts = { count, topK, scoring: "softmax", normalized: true } as const;
    const sparse = partOf({ ...mlp, hidden: width, experts });
    const dense = partOf({ ...mlp, hidden: width * topK });
    for (const length of [1, 64]) {
      const x = mx.random.normal([1, length, hidden]);
      mx.eval(x);
      const repeats = length === 1 ? 20 : 4;
      const run = (part: ReturnType<typeof partOf>) => async () => {
        for (let index = 0; index < repeats; index++) await evaluate([part.forward(x)]);
      };
      const told = productsTold(sparse, x, topK);
      const bare = async () => {
        for (let index = 0; index < repeats; index++) await evaluate(told());
      };
      const work = { sparse: run(sparse), dense: run(dense), bare };
      const times = await interleave(work, rounds);
      const what = `${topK} of ${count} experts, ${length} token${length > 1 ? "s" : ""} /`;
      yield {
        what: `${what} a dense MLP of the same active width`,
        value: ratio(times.sparse, times.dense).toFixed(2),
        goal: "≤ 1.5",
      };
      yield {
        what: `${what} their products alone, the rows of each known`,
        value: ratio(times.sparse, times.bare).toFixed(2),
      };
    }
  }
}

/** The MLP of a one-layer network. */
function partOf(config: DecoderConfig["layers"][number]["mlp"]) {
  const biases = { qkvBias: false, outputBias: false };
  const attention = { heads: 8, kvHeads: 8, headDim: 64, scale: 0.125, ...biases };
  const decoder = new Decoder({
    ...{ vocab: 64, hidden, maxPositions: 128, learnedPositions: false },
    layers: [{ inputNorm: norm, attention, postAttentionNorm: norm, mlp: config }],
    finalNorm: norm,
    head: { tied: true, bias: false },
  });
  initializeWeights(decoder, { seed: 1, deviation: 0.02 });
  mx.eval(decoder.parameters());
  return decoder.layers[0].mlp;
}

/**
 * The products of each expert with as many rows as the router sends it, and nothing else: nobody is faster who reads the
 * matrices of all experts that are used.
 */
function productsTold(part: ReturnType<typeof partOf>, x: MxArray, topK: number): () => MxArray[] {
  const { router, gateProj, upProj, downProj } = part;
  const best = mx.argsort(mx.negative(router!.forward(x)), -1).index("...", mx.Slice(0, topK));
  const chosen = [...toFlat(best)];
  const drawn = (rows: number, width: number) => mx.random.normal([rows, width]);
  const experts = [...new Set(chosen)].map((expert) => {
    const rows = chosen.filter((other) => other === expert).length;
    const [gate, up, down] = [gateProj!, upProj, downProj].map(({ weight }) =>
      mx.add(weight.index(expert), 0),
    );
    const own = { gate, up, down, read: drawn(rows, hidden), neurons: drawn(rows, up.shape[0]) };
    mx.eval(Object.values(own));
    return own;
  });
  return () =>
    experts.flatMap(({ gate, up, down, read, neurons }) => [
      mx.matmul(read, gate.T),
      mx.matmul(read, up.T),
      mx.matmul(neurons, down.T),
    ]);
}
