/** What methods cost, as multiples of ONE bare forward of the same prompts. */
import {
  activationPatching,
  attributionPatching,
  edgeAttribution,
  logitLens,
} from "@mlxterp/analysis";
import { evaluate } from "@mlxterp/mlx";
import { bareForward } from "./bare-forward.js";
import type { Line, Settings } from "./measurement.js";
import { gpt2Shaped, someTokens } from "./network.js";
import { interleave, ratio } from "./pairs.js";

const length = 16;
const lensLength = 32;

/** Two prompts that differ in one token, and what they are asked. */
const pair = {
  clean: someTokens(length),
  corrupted: someTokens(length).map((id, position) => (position === 5 ? id + 1 : id)),
};
const answers = { answer: 11, wrongAnswer: 7 };

export async function* methods({ rounds }: Settings): AsyncGenerator<Line> {
  const model = gpt2Shaped();
  const bare = bareForward(model.module);
  const short = model.tokens([pair.clean]).array;
  const both = model.tokens([pair.clean, pair.corrupted]).array;
  const long = model.tokens([someTokens(lensLength)]).array;
  const patch = (kinds: "residual" | "head") => async () => {
    await activationPatching(model, pair, { ...answers, kinds });
  };
  const alternatives = {
    short: () => evaluate([bare(short)]),
    both: () => evaluate([bare(both)]),
    long: () => evaluate([bare(long)]),
    lens: async () => {
      await logitLens(model, someTokens(lensLength), { topK: 5 });
    },
    residual: patch("residual"),
    heads: patch("head"),
    attribution: async () => {
      await attributionPatching(model, pair, { ...answers, steps: 1 });
    },
    averaged: async () => {
      await attributionPatching(model, pair, answers);
    },
    relevance: async () => {
      await attributionPatching(model, pair, { ...answers, rule: "relp" });
    },
    edges: async () => {
      await edgeAttribution(model, pair, { ...answers, scoring: "eap-ig-inputs", steps: 5 });
    },
  };
  const times = await interleave(alternatives, Math.max(3, Math.ceil(rounds / 2)));
  const line = (
    what: string,
    name: keyof typeof alternatives,
    unit: "short" | "both" | "long",
    most?: number,
  ): Line => ({
    what: `${what} / one bare forward${unit === "both" ? " of both prompts" : ""}`,
    value: ratio(times[name], times[unit]).toFixed(1),
    ...(most !== undefined && { goal: `≤ ${most}` }),
  });
  yield line("a lens of 12 layers × 32 tokens, top 5", "lens", "long", 5);
  yield line("a residual sweep, 12 layers × 16 positions", "residual", "short", 45);
  yield line("all 144 heads patched", "heads", "short", 60);
  yield line("attribution patching at one point, all nodes", "attribution", "both", 3);
  yield line("the same at three points, which is the default", "averaged", "both");
  yield line("the same by relevance", "relevance", "both", 3);
  yield line("edge attribution, 5 steps", "edges", "both", 20);
}
