/** Interventions inside real passes of a small model. */
import { InterpretableModel, type Interventions } from "@mlxterp/core";
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { addVector } from "./add-vector/add-vector.js";
import { atBatch } from "./at-batch/at-batch.js";
import { atPositions } from "./at-positions/at-positions.js";
import { patchFrom } from "./patch-from/patch-from.js";
import { replaceWith } from "./replace-with/replace-with.js";
import { scale } from "./scale/scale.js";
import { changed, values } from "./test-support.js";
import { parseInterventionEntries } from "./text/parse-text.js";
import { zeroOut } from "./zero-out/zero-out.js";

/** Two residual layers over embedded tokens: position by position, so every expectation is plain arithmetic. */
class Small extends nn.Module {
  embed = new nn.Embedding(10, 4);
  layers = [new nn.Linear(4, 4), new nn.Linear(4, 4)];

  override forward(ids: MxArray): MxArray {
    return this.layers.reduce<MxArray>(
      (x, layer) => mx.add(x, layer.forward(x)),
      this.embed.forward(ids),
    );
  }
}

const model = new InterpretableModel(new Small());
const prompts = [
  [1, 2, 3],
  [4, 5],
];
const save = ["**", "output"];

async function output(interventions: Interventions, input: number[][] = prompts) {
  return (await model.run(input, { interventions })).get("output");
}

describe("interventions in a model", () => {
  it("act at the site they are given for, and only there", async () => {
    const plain = await model.run(prompts, { save });
    const cut = await model.run(prompts, { save, interventions: { "layers.1": zeroOut() } });
    expect(values(cut.get("layers.0"))).toEqual(values(plain.get("layers.0")));
    expect(values(cut.get("output"))).toEqual(
      values(mx.add(plain.get("embed"), plain.get("layers.0"))),
    );
  });

  it("leave the model as it was", async () => {
    const before = values(await output({}));
    await output({ "**": [scale(3), addVector([1, 2, 3, 4]), replaceWith(7)] });
    expect(values(await output({}))).toEqual(before);
  });

  it("act on each prompt's own last token", async () => {
    const plain = await output({});
    const last = await output({ embed: atPositions(-1, scale(2)) });
    const rows = [2, 4]; // token 2 of prompt 0, and token 1 of prompt 1, which is padded to three
    expect(changed(plain, last)).toEqual(
      values(plain).map((_, index) => rows.includes(Math.floor(index / 4))),
    );
  });

  it("give a prompt in a batch the result of the prompt alone", async () => {
    const interventions = { "layers.0": atPositions({ from: -2 }, scale(0.5)) };
    const both = await output(interventions);
    const alone = await output(interventions, [prompts[1]]);
    expect(values(both).slice(12, 20)).toEqual(values(alone));
  });

  it("patching everything from the clean run gives the clean run", async () => {
    const clean = await model.run([[1, 2, 3]], { save });
    const patches = { "layers.*": patchFrom(clean), embed: patchFrom(clean) };
    expect(values(await output(patches, [[7, 8, 9]]))).toEqual(values(clean.get("output")));
  });

  it("patch one row of a batch with a run of one prompt", async () => {
    const clean = await model.run([[1, 2, 3]], { save });
    const batch = [
      [7, 8, 9],
      [7, 8, 9],
    ];
    const patched = await output({ embed: patchFrom(clean, { batch: 1 }) }, batch);
    const plain = await output({}, batch);
    expect(values(patched).slice(0, 12)).toEqual(values(plain).slice(0, 12));
    expect(values(patched).slice(12)).toEqual(values(clean.get("output")));
  });

  it("do nothing as identities, bit for bit", async () => {
    const identity = { "**": [scale(1), addVector([0, 0, 0, 0]), atBatch(0, (x) => x)] };
    expect(values(await output(identity))).toEqual(values(await output({})));
  });

  it("come from text as well", async () => {
    const text = parseInterventionEntries(["layers.{0,1} = atPositions(0, scale(-1))"]);
    const code = { "layers.*": atPositions(0, scale(-1)) };
    expect(values(await output(text))).toEqual(values(await output(code)));
  });
});
