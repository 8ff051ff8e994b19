/** How cost grows: with length, batch, layers read, sites, interventions and tokens generated. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, shape, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

type Works = Readonly<Record<string, () => Promise<void>>>;

export async function* growth({ rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const count = Math.max(3, Math.ceil(rounds / 2));
  for (const [axis, works] of Object.entries(axes(model))) {
    const times = await interleave(works, count);
    const [first, ...others] = Object.keys(works);
    const values = others.map((name) => `${name}: ${ratio(times[name], times[first]).toFixed(2)}`);
    yield { what: `${axis}, as multiples of ${first}`, value: values.join("  ") };
  }
}

function axes(model: LanguageModel): Readonly<Record<string, Works>> {
  const run =
    (ids: number[][], save: string[], interventions = {}) =>
    async () => {
      (await model.run(ids, { save, interventions })).dispose();
    };
  const prompts = (rows: number, length: number) => new Array(rows).fill(someTokens(length));
  const each = <K extends string>(keys: readonly K[], work: (key: K) => () => Promise<void>) =>
    Object.fromEntries(keys.map((key) => [key, work(key)]));
  const halved = (kinds: readonly string[]) =>
    Object.fromEntries(
      kinds.flatMap((kind) =>
        Array.from({ length: shape.layers }, (_, layer) => [
          `layers.${layer}${kind}`,
          (x: MxArray) => mx.multiply(x, 0.5),
        ]),
      ),
    );
  return {
    "a pass, by tokens": each(["16", "64", "256"], (n) => run(prompts(1, Number(n)), ["output"])),
    "a pass of 16 tokens, by rows": each(["1", "4", "16"], (n) =>
      run(prompts(Number(n), 16), ["output"]),
    ),
    "a pass of 64 tokens, by the last layer that is read": each(["2", "5", "11"], (n) =>
      run(prompts(1, 64), [`layers.${n}`]),
    ),
    "a pass of 64 tokens, by what is saved": {
      output: run(prompts(1, 64), ["output"]),
      "12 sites": run(prompts(1, 64), ["layers.*", "output"]),
      "36 sites": run(prompts(1, 64), ["layers.*", "layers.*.mlp", "layers.*.selfAttn", "output"]),
      "12 patterns": run(prompts(1, 64), ["layers.*.selfAttn.pattern", "output"]),
    },
    "a pass of 64 tokens, by interventions": {
      none: run(prompts(1, 64), ["output"]),
      "12 changes": run(prompts(1, 64), ["output"], halved([""])),
      "36 changes": run(prompts(1, 64), ["output"], halved(["", ".mlp", ".selfAttn"])),
    },
    "generating, by tokens": each(["8", "32", "128"], (n) => async () => {
      await model.generateText([someTokens(16)], { maxTokens: Number(n), ignoreEos: true });
    }),
  };
}
