/** A name that matches nothing is an error that shows the way, wherever a name is taken. */
import { MlxterpError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";

const model = new InterpretableModel(new CausalModel(12));
const ids = [[1, 2]];

function failure(use: () => unknown): UnknownSiteError {
  try {
    use();
  } catch (error) {
    expect(error).toBeInstanceOf(UnknownSiteError);
    return error as UnknownSiteError;
  }
  throw new Error("nothing was thrown");
}

describe("an unknown site", () => {
  it("is told with the nearest names", () => {
    const { message, nearest, site, code } = failure(() =>
      model.sites("layers.3.selfAtn.patern" as string),
    );
    expect(nearest[0]).toBe("layers.3.selfAttn.pattern");
    expect(nearest).toHaveLength(3);
    expect(message).toContain('"layers.3.selfAtn.patern" matches no site');
    expect([site, code]).toEqual(["layers.3.selfAtn.patern", "UNKNOWN_SITE"]);
  });

  it.each([
    "layers.40",
    "layers.-13",
    "layers.12.mlp",
    "blocks.40.hook_resid_post",
    "model.layers.40.self_attn",
    "layers.{0,40}",
    "layers.40#1",
    "layers.40.input",
  ])("says which layers there are for %s", (selector) => {
    expect(failure(() => model.sites(selector)).message).toContain(
      "This model has layers.0 … layers.11.",
    );
  });

  it("says nothing about layers where the layer is not what is wrong", () => {
    expect(failure(() => model.sites("layers.3.attention" as string)).message).not.toContain(
      "This model has",
    );
  });

  it("names the member of a choice that does not exist", () => {
    expect(failure(() => model.sites("{lmHead,lmHaed}")).site).toBe("lmHaed");
  });

  it.each([
    "",
    " ",
    ".",
    "layers",
    "layers.",
    ".layers.0",
    "layers..0",
    "layers.0.",
    "#0",
    "**.nothing",
    "{13..20}",
  ])("is what %j is", (selector) => {
    failure(() => model.sites(selector));
  });

  it("is what a regular expression is that matches nothing", () => {
    expect(failure(() => model.sites(/nothing/)).site).toBe("/nothing/");
  });

  it("is not confused with the text of a regular expression", () => {
    model.sites(/mlp/);
    failure(() => model.sites("/mlp/" as string));
  });

  it.each(["layers.{0", "layers.0}", "layers.{}", "layers.{0,}", "layers.{{0}}x}"])(
    "is told apart from braces that do not match: %s",
    (selector) => {
      expect(() => model.sites(selector)).toThrow(/braces/);
    },
  );
});

describe("lesson: misspelt intervention names were ignored", () => {
  const double = (x: ReturnType<typeof mx.array>) => mx.multiply(x, 2);

  it("is an error in a trace, a run, an edit and a save", async () => {
    const interventions = { ["layers.0.selfattn" as string]: double };
    failure(() => model.trace(ids, { interventions }));
    failure(() => model.edit(interventions));
    await expect(model.run(ids, { interventions })).rejects.toBeInstanceOf(UnknownSiteError);
    await expect(model.run(ids, { save: "layer.0" as string })).rejects.toBeInstanceOf(
      UnknownSiteError,
    );
    using trace = model.trace(ids);
    failure(() => trace.at("layer.0" as string));
    failure(() => trace.save("layer.0" as string));
    failure(() => trace.saveAll("layers.*", "layer.*" as string));
  });

  it("is an error even when the list of interventions is empty", () => {
    failure(() => model.trace(ids, { interventions: { ["layer.0" as string]: [] } }));
  });

  it("is recognised as an error of this library", () => {
    expect(MlxterpError.isInstance(failure(() => model.sites("x" as string)))).toBe(true);
  });
});
