/** An attribution graph of 20 tokens with 4096 features a layer, random ones, against one pass over the same tokens. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  attributionGraph,
  Dictionary,
  saveTranscoders,
  TranscoderSet,
} from "@mlxterp/dictionaries";
import { mx } from "@mlxterp/mlx";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import type { Line, Settings } from "./measurement.js";
import { interleave } from "./pairs.js";
import { stories } from "./stories.js";

const [features, k, tokens] = [4096, 16, 20];

export async function* graphs({ rounds }: Settings): AsyncGenerator<Line> {
  if (!stories.available) return;
  const model = (await loadModel(stories.folder)) as LanguageModel;
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-graphs-"));
  try {
    await saveTranscoders(randomTranscoders(model), folder);
    const ids = Array.from({ length: tokens }, (_, at) => (at === 0 ? 1 : 300 + 37 * at));
    const times = await interleave(
      {
        pass: async () => {
          using _ = await model.run([ids], { save: "output" });
        },
        graph: async () => void (await attributionGraph(model, ids, { transcoders: folder })),
      },
      Math.min(rounds, 5),
    );
    yield {
      what: `attribution graph of ${tokens} tokens, ${features} features a layer / one pass`,
      value: (times.graph.median / times.pass.median).toFixed(0),
      goal: "< 60",
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function randomTranscoders({ anatomy: { layers, hidden } }: LanguageModel): TranscoderSet {
  const draw = (shape: number[], key: number) =>
    mx.random.normal(shape, mx.float32, 0, 0.06, mx.random.key(key));
  const one = (layer: number) =>
    new Dictionary(
      {
        ...{ kind: "transcoder", inputWidth: hidden, outputWidth: hidden, features },
        ...{ activation: { kind: "topK", k, rectified: true }, normalization: "none" },
        ...{ averageScaled: false, subtractDecoderBias: false, scaleByDecoderNorm: false },
        ...{ joinHeads: false, format: "mlxterp" },
      },
      {
        ...{ encoder: draw([hidden, features], layer), encoderBias: mx.zeros([features]) },
        ...{ decoder: draw([features, hidden], layer + 100), decoderBias: mx.zeros([hidden]) },
      },
    );
  const transcoders = Array.from({ length: layers }, (_, layer) => one(layer));
  return new TranscoderSet(transcoders, { input: "mlp.hook_in", output: "hook_mlp_out" });
}
