/** What tracing costs as more is asked of it: saves, interventions, every site, several programs, a scan. */
import { evaluate, type MxArray, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { type BareForward, bareForward, type ResidualVisit } from "./bare-forward.js";
import { bareObserved } from "./bare-observed.js";
import type { Line, Settings } from "./measurement.js";
import { microseconds } from "./microseconds.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

/** What is compared. */
interface Subject {
  readonly model: LanguageModel;
  readonly bare: BareForward;
  readonly ids: readonly number[][];
  readonly array: MxArray;
  readonly rounds: number;
}

export async function* tracing({ tokens, rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const ids = [someTokens(tokens)];
  const subject: Subject = { model, bare, ids, array: model.tokens(ids).array, rounds };
  yield* building(subject);
  yield* saves(subject);
  yield* interventions(subject);
  yield* everything(subject);
  yield* invocations(subject);
}

/** Nothing is computed here: what a pass costs before the arithmetic. */
async function* building({ model, bare, ids, array }: Subject): AsyncGenerator<Line> {
  const times = await microseconds(
    {
      tokens: () => model.tokens(ids),
      bare: () => bare(array),
      plain: () => model.module.forward(array),
      trace: () => model.trace(ids).dispose(),
      scan: () => model.scan(ids),
    },
    { repeats: 20, blocks: 25 },
  );
  const line = (what: string, value: number): Line => ({ what, value: value.toFixed(0) });
  yield line("building the graph of the bare forward, in µs", times.bare);
  yield line("building that of our forward, in µs", times.plain);
  yield line("an empty trace, its graph and its tokens included, in µs", times.trace);
  const added = times.trace - times.plain - times.tokens;
  yield line("an empty trace above its graph and tokens, in µs", added);
  yield line("a scan of all shapes, in µs", times.scan);
}

function share(what: string, value: number, goal?: string): Line {
  return { what, value: value.toFixed(3), goal };
}

async function* saves({ model, bare, ids, array, rounds }: Subject): AsyncGenerator<Line> {
  const traced = (...sites: string[]) => {
    return async () => {
      await using trace = model.trace(ids);
      trace.saveAll("output", ...sites);
    };
  };
  const times = await interleave(
    {
      bare: () => evaluate([bare(array)]),
      none: traced(),
      one: traced("layers.6"),
      twelve: traced("layers.*"),
      empty: async () => {
        await using _ = model.trace(ids);
      },
    },
    rounds,
  );
  const against = (name: keyof typeof times) => ratio(times[name], times.bare);
  yield share("an empty trace / bare forward", against("empty"));
  yield share("traced, logits / bare forward", against("none"), "≤ 1.03");
  yield share("traced, logits and 1 save / bare forward", against("one"), "≤ 1.03");
  yield share("traced, logits and 12 saves / bare forward", against("twelve"), "≤ 1.03");
}

async function* interventions({ model, bare, ids, array, rounds }: Subject): AsyncGenerator<Line> {
  const halve = (x: MxArray) => mx.multiply(x, 0.5);
  const byHand = (changed: (site: string) => boolean) => {
    const visit: ResidualVisit = (x, site) => (changed(site) ? halve(x) : x);
    return () => evaluate([bare(array, undefined, visit)]);
  };
  const traced = (site: string) => {
    return async () => {
      await using trace = model.trace(ids, { interventions: { [site]: halve } });
      trace.output.save();
    };
  };
  const times = await interleave(
    {
      bareOne: byHand((site) => site === "layers.6"),
      one: traced("layers.6"),
      bareTwelve: byHand((site) => /^layers\.\d+$/.test(site)),
      twelve: traced("layers.*"),
    },
    rounds,
  );
  const [one, twelve] = [ratio(times.one, times.bareOne), ratio(times.twelve, times.bareTwelve)];
  yield share("1 intervention / bare forward with it written in", one, "≤ 1.05");
  yield share("12 interventions / bare forward with them written in", twelve, "≤ 1.05");
}

async function* everything({ model, bare, ids, array, rounds }: Subject): AsyncGenerator<Line> {
  const observed = bareObserved(model.module);
  const times = await interleave(
    {
      bare: () => evaluate([bare(array)]),
      kept: () => evaluate(observed(array)),
      traced: async () => {
        await using trace = model.trace(ids);
        trace.saveAll("**", "output");
      },
    },
    Math.max(3, Math.ceil(rounds / 2)),
    4,
  );
  yield share("all 305 sites saved / bare forward", ratio(times.traced, times.bare));
  const what = "all 305 sites saved / bare forward that keeps the same values";
  // Scores and patterns come beside the fused kernel, since looking must not change a bit of the logits.
  yield share(what, ratio(times.traced, times.kept), "≤ 1.10");
}

/** Two prompts of equal length, each with an intervention of its own. */
async function* invocations({ model, ids: [ids], rounds }: Subject): AsyncGenerator<Line> {
  const half = Math.ceil(ids.length / 2);
  const programs = [0.5, 2].map((factor, index) => ({
    prompt: [ids.slice(index * half, (index + 1) * half)],
    interventions: { "layers.6": (x: MxArray) => mx.multiply(x, factor) },
  }));
  const apart = async () => {
    for (const { prompt, interventions } of programs) {
      await using trace = model.trace(prompt, { interventions });
      trace.output.save();
    }
  };
  const together = async () => {
    await using trace = model.trace();
    const runs = programs.map(({ prompt, interventions }) =>
      trace.invoke(prompt, { interventions }),
    );
    for (const run of runs) run.output.save();
  };
  const times = await interleave({ apart, together }, rounds);
  const what = `2 programs in one trace / 2 traces of ${half} tokens`;
  yield share(what, ratio(times.together, times.apart), "≤ 1.05");
}
