/** A captured rollout: the activations of one pass over the same tokens, in flat memory. */
import {
  DisposedError,
  type Interventions,
  type SiteContext,
  UnknownSiteError,
} from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  generativeFamilies,
  loadFamily,
  someIds,
  stepsOf,
  tokensOf,
} from "../test-support/generation.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const prompt = someIds(9);
const double = (x: MxArray) => mx.multiply(x, 2);

/** As a share of the largest number, since kernels round one row and several in other ways. */
function relativeDifference(received: MxArray, expected: MxArray): number {
  const scale = Math.max(1, Number(mx.max(mx.abs(expected)).item()));
  return maxDifference(received, expected) / scale;
}

/** Changes generated tokens only, so that a pass over everything must know where they stand. */
const laterOnly =
  (from: number) =>
  (x: MxArray, { offset }: SiteContext) => {
    const position = mx.arange(offset, offset + x.shape[1], 1, mx.int32).reshape([1, -1, 1]);
    return mx.where(mx.greaterEqual(position, mx.array(from, mx.int32)), mx.multiply(x, 3), x);
  };

describe.each(generativeFamilies)("a rollout of %s", (name) => {
  const loaded = loadFamily(name);
  const parts =
    name === "mamba"
      ? ["layers.*.mixer.state", "layers.*.mixer"]
      : ["layers.*.selfAttn.{q,kRot,z,pattern,result}", "layers.*.mlp"];
  const save = ["embedTokens", "layers.*", "layers.0.input", ...parts, "finalNorm", "output"];
  const cases: Record<string, Interventions> = {
    "without interventions": {},
    "with one everywhere": { "layers.0": double },
    "with one at generated tokens": { "layers.0": laterOnly(prompt.length) },
  };

  it.each(Object.entries(cases))(
    "equals one pass over its tokens, %s",
    async (_, interventions) => {
      const model = await loaded;
      const options = { interventions, maxTokens: 12, ignoreEos: true };
      const rollout = await model.rollout(prompt, { ...options, save });
      expect(rollout.tokens).toEqual(tokensOf(await stepsOf(model, prompt, options)));
      const fed = [...prompt, ...rollout.tokens.slice(0, -1)];
      const forced = await model.run([fed], { save, interventions });
      expect(rollout.activations.keys()).toEqual(forced.keys());
      for (const [site, expected] of forced) {
        const received = rollout.activations.get(site as "output");
        expect(relativeDifference(received, expected), site).toBeLessThan(1e-5);
      }
      expect(rollout.activations.tokens?.ids).toEqual([fed]);
      expect(rollout.positions).toEqual(fed.map((_, position) => position));
    },
  );

  const alikeInAll = Object.entries(cases).slice(0, 2); // the last knows where one prompt ends
  it.each(alikeInAll)("of a batch equals each text's own, %s", async (_, interventions) => {
    const model = await loaded;
    const prompts = [prompt, someIds(3, 5), someIds(14, 2)];
    const alike = { interventions, maxTokens: 7, ignoreEos: true, save };
    const together = await model.rolloutBatch(prompts, alike);
    for (const [row, ids] of prompts.entries()) {
      const alone = await model.rollout(ids, alike);
      const { activations, tokens, positions, prompt: read } = together[row];
      expect({ tokens, positions, read }).toEqual({
        tokens: alone.tokens,
        positions: alone.positions,
        read: ids,
      });
      expect(activations.tokens?.ids).toEqual(alone.activations.tokens?.ids);
      expect(activations.keys()).toEqual(alone.activations.keys());
      for (const [site, expected] of alone.activations) {
        const received = activations.get(site as "output");
        expect(received.shape, site).toEqual(expected.shape);
        expect(relativeDifference(received, expected), site).toBeLessThan(1e-5);
      }
    }
  });
});

describe("a rollout", () => {
  const model = smallModel();
  const ids = [3, 1, 4, 1];

  it("keeps chosen steps only", async () => {
    const rollout = await model.rollout(ids, {
      save: ["layers.1", "layers.1.selfAttn.pattern"],
      saveSteps: { from: 2, to: 4 },
      maxTokens: 6,
    });
    expect(rollout.positions).toEqual([5, 6]);
    const forced = await model.run([[...ids, ...rollout.tokens.slice(0, -1)]], {
      save: ["layers.1", "layers.1.selfAttn.pattern"],
    });
    const layer = forced.get("layers.1").index(mx.Slice(), mx.Slice(5, 7));
    expect(relativeDifference(rollout.activations.get("layers.1"), layer)).toBeLessThan(1e-5);
    const pattern = forced.get("layers.1.selfAttn.pattern");
    const rows = pattern.index(mx.Slice(), mx.Slice(), mx.Slice(5, 7));
    const received = rollout.activations.get("layers.1.selfAttn.pattern");
    expect(maxDifference(received, rows)).toBeLessThan(1e-5);
    expect(rollout.activations.tokens?.ids).toEqual([rollout.tokens.slice(1, 3)]);
  });

  it("keeps nothing of steps that never come", async () => {
    const rollout = await model.rollout(ids, { save: "layers.1", saveSteps: 40, maxTokens: 3 });
    expect(rollout.activations.size).toBe(0);
    expect(rollout.positions).toEqual([]);
  });

  it("hides keys to come from scores as a mask does", async () => {
    const site = "layers.0.selfAttn.scores";
    const rollout = await model.rollout(ids, { save: site, maxTokens: 4 });
    const fed = [...ids, ...rollout.tokens.slice(0, -1)];
    const forced = (await model.run([fed], { save: site })).get(site);
    const received = rollout.activations.get(site);
    const softened = [received, forced].map((scores) => mx.softmax(scores, -1));
    expect(maxDifference(softened[0], softened[1])).toBeLessThan(1e-6);
    const hidden = [received, forced].map((scores) => mx.less(scores, -1e8).astype(mx.float32));
    expect(maxDifference(hidden[0], hidden[1])).toBe(0);
  });

  it("stops early when a condition holds", async () => {
    const free = await model.rollout(ids, { save: "layers.1", maxTokens: 9 });
    const until = ({ position }: { position: number }) => position === 6;
    const rollout = await model.rollout(ids, { save: "layers.1", maxTokens: 9, until });
    expect(rollout.finish).toBe("until");
    expect(rollout.tokens).toEqual(free.tokens.slice(0, 3));
    expect(rollout.steps.map(({ finish }) => finish)).toEqual([undefined, undefined, "until"]);
    expect(rollout.activations.get("layers.1").shape).toEqual([1, 6, 32]);
  });

  it("remembers where it comes from, and lets go of its activations", async () => {
    const rollout = await model.rollout(ids, {
      save: "layers.1",
      maxTokens: 2,
      temperature: 2,
      seed: 4,
      interventions: { "layers.0": double },
    });
    expect(rollout.provenance).toMatchObject({
      model: "Decoder",
      weights: { hash: expect.any(String) },
      interventions: ["layers.0"],
      options: { sampling: { temperature: 2 } },
      seed: 4,
    });
    expect(rollout.activations.tokens?.ids).toEqual([[...ids, rollout.tokens[0]]]);
    expect(rollout.activations.provenance).toEqual(rollout.provenance);
    rollout.dispose();
    expect(() => rollout.activations.get("layers.1")).toThrow(DisposedError);
    expect(rollout.tokens).toHaveLength(2);
  });

  it("goes on from a prefix", async () => {
    const prefix = await model.readPrefix(ids.slice(0, 3));
    const whole = await model.rollout(ids, { save: "layers.*.selfAttn.pattern", maxTokens: 4 });
    const rest = await model.rollout(ids.slice(3), {
      save: "layers.*.selfAttn.pattern",
      maxTokens: 4,
      prefix,
    });
    expect(rest.tokens).toEqual(whole.tokens);
    expect(rest.prompt).toEqual(ids);
    expect(rest.positions).toEqual([3, 4, 5, 6]);
    const site = "layers.1.selfAttn.pattern";
    const rows = whole.activations.get(site).index(mx.Slice(), mx.Slice(), mx.Slice(3, null));
    expect(maxDifference(rest.activations.get(site), rows)).toBeLessThan(1e-5);
  });

  it("of a batch keeps chosen steps of texts that end one by one", async () => {
    const save = ["layers.1", "layers.1.selfAttn.pattern", "layers.1.selfAttn.scores"];
    const prefix = await model.readPrefix([7, 7]);
    const prompts = [ids, [2]];
    for (const saveSteps of [{}, { from: 1 }, { from: 0, to: 1 }, [2, 4], 30]) {
      const until = ({ position }: { position: number }) => position === 8; // earlier in the longer text
      const given = { save, saveSteps, until, maxTokens: 20, temperature: 1, seed: 3, prefix };
      const together = await model.rolloutBatch(prompts, given);
      expect(together.map(({ tokens }) => tokens.length)).toEqual([3, 6]);
      for (const [row, own] of prompts.entries()) {
        const alone = await model.rollout(own, { ...given, seed: 3 + row });
        const { tokens, positions, text, finish, provenance, activations } = together[row];
        expect({ tokens, positions, text, finish }).toEqual({
          tokens: alone.tokens,
          positions: alone.positions,
          text: alone.text,
          finish: "until",
        });
        expect({ ...provenance, time: "" }).toEqual({ ...alone.provenance, time: "" });
        for (const [site, expected] of alone.activations) {
          const received = activations.get(site as "output");
          if (expected.shape.includes(0)) expect(received.shape).toEqual(expected.shape);
          else expect(relativeDifference(received, expected), site).toBeLessThan(1e-5);
        }
      }
    }
  });

  it("refuses sites that do not exist, and steps of nothing", async () => {
    await expect(model.rollout(ids, { save: "layers.7" })).rejects.toThrow(UnknownSiteError);
    const saveSteps = [1, -1];
    const wrong = model.rollout(ids, { save: "layers.1", saveSteps });
    await expect(wrong).rejects.toThrow(InvalidArgumentError);
    const nothing = model.generate(ids, { saveSteps: [1] }).next();
    await expect(nothing).rejects.toThrow(InvalidArgumentError);
  });
});
