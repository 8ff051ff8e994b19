/** Every form of selector, on a small language model. */
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { Chain } from "../../test/support/networks.js";
import { InterpretableModel } from "../model/model.js";
import type { Selector } from "./selector.js";

const model = new InterpretableModel(new CausalModel(3));
const chain = new InterpretableModel(new Chain(...Array<number>(12).fill(1)));
const names = (selector?: Selector) => model.sites(selector).map(({ site }) => site);
const parts = (selector: Selector) =>
  chain.sites(selector).map(({ site }) => Number(site.replace("parts.", "")));

describe("patterns", () => {
  it("names one site", () => {
    expect(names("layers.1.selfAttn.pattern")).toEqual(["layers.1.selfAttn.pattern"]);
  });

  it("stands for one segment with *, and for part of one", () => {
    expect(names("layers.*")).toEqual(["layers.0", "layers.1", "layers.2"]);
    expect(names("layers.0.*")).toEqual([
      "layers.0.norm",
      "layers.0.selfAttn",
      "layers.0.residMid",
      "layers.0.mlp",
    ]);
    expect(names("*.2.resid*")).toEqual(["layers.2.residMid"]);
    expect(names("*Norm")).toEqual(["finalNorm"]);
  });

  it("stands for any number of segments with **", () => {
    expect(names("**.pattern")).toEqual(
      [0, 1, 2].map((layer) => `layers.${layer}.selfAttn.pattern`),
    );
    expect(names("layers.0.**")).toEqual(names(/^layers\.0(\.|$)/));
    expect(names("**")).toHaveLength(3 + 3 * 9);
    expect(names()).toEqual(names("**"));
  });

  it("chooses with {a,b}, in the order written, each once", () => {
    expect(parts("parts.{0,5,10}")).toEqual([0, 5, 10]);
    expect(parts("parts.{5, 0,5}")).toEqual([5, 0]);
    expect(parts("parts.{0,3..5,-1}")).toEqual([0, 3, 4, 5, 11]);
    expect(names("layers.{0,2}.{mlp,norm}")).toEqual([
      "layers.0.mlp",
      "layers.0.norm",
      "layers.2.mlp",
      "layers.2.norm",
    ]);
    expect(names("{lmHead,finalNorm}")).toEqual(["lmHead", "finalNorm"]);
  });

  it("ranges with {a..b}, both ends included", () => {
    expect(parts("parts.{2..8}")).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(parts("parts.{-3..-1}")).toEqual([9, 10, 11]);
    expect(parts("parts.{10..40}")).toEqual([10, 11]);
    expect(names("layers.{1..2}.mlp")).toEqual(["layers.1.mlp", "layers.2.mlp"]);
  });

  it("counts negative indices from the end", () => {
    expect(parts("parts.-1")).toEqual([11]);
    expect(parts("parts.-12")).toEqual([0]);
    expect(names("layers.-2.mlp")).toEqual(["layers.1.mlp"]);
  });

  it("takes a regular expression over canonical names", () => {
    expect(names(/selfAttn$/)).toEqual([
      "layers.0.selfAttn",
      "layers.1.selfAttn",
      "layers.2.selfAttn",
    ]);
    expect(names(/^layers\.[02]$/g)).toEqual(["layers.0", "layers.2"]);
    expect(names(/^LMHEAD$/i)).toEqual(["lmHead"]);
    expect(names(/^output$/)).toEqual(["output"]);
  });

  it("lesson: layer 1 became layer 10, since a layer was found by substring", () => {
    expect(parts("parts.1")).toEqual([1]);
    expect(parts("parts.{1,1}")).toEqual([1]);
    expect(parts("**.1")).toEqual([1]);
    expect(parts("*.1")).toEqual([1]);
  });

  it("lesson: negative indices returned nothing", () => {
    expect(parts("parts.-2")).toEqual([10]);
  });
});

describe("patterns of somebody who means harm", () => {
  it("are refused where choices multiply: 22 braces of two were four million names, and took minutes", () => {
    const selector = `layers.${"{0,1}".repeat(22)}`;
    expect(() => names(selector as string)).toThrow("choose more than 5000 names");
    expect(names("layers.{0,1}.{norm,mlp}")).toHaveLength(4);
  });

  it("match in no time however many ** stand in a row: 200 of them were tried in every combination", () => {
    expect(names(`${"**.".repeat(200)}pattern`)).toEqual(names("**.pattern"));
    expect(() => names(`${"**.*.".repeat(100)}pattern`)).toThrow();
    expect(names(`${"**.*.".repeat(2)}pattern`)).toEqual(names("**.pattern"));
  });
});

describe("ports and calls", () => {
  it("means the output unless it says otherwise", () => {
    expect(names("layers.0.output")).toEqual(["layers.0"]);
    expect(names("layers.0.output.1")).toEqual(["layers.0.output.1"]);
    expect(names("layers.0.input")).toEqual(["layers.0.input"]);
    expect(names("layers.{0,1}.input.2")).toEqual(["layers.0.input.2", "layers.1.input.2"]);
    expect(names("**.mlp.input")).toHaveLength(3);
    expect(names("output")).toEqual(["output"]);
    expect(names("input")).toEqual(["input"]);
  });

  it("finds inputs by a regular expression that speaks of them", () => {
    expect(names(/^layers\.\d\.input$/)).toEqual([
      "layers.0.input",
      "layers.1.input",
      "layers.2.input",
    ]);
    expect(names(/^layers\.0\.norm/)).toEqual(["layers.0.norm"]);
  });

  it("numbers calls after a #", () => {
    expect(names("layers.0.mlp#2")).toEqual(["layers.0.mlp"]);
    expect(names("output#0")).toEqual(["output"]);
  });
});

describe("other people's names", () => {
  it.each([
    ["blocks.1.hook_resid_pre", "layers.1.input"],
    ["blocks.1.hook_resid_mid", "layers.1.residMid"],
    ["blocks.1.hook_resid_post", "layers.1"],
    ["blocks.1.attn.hook_pattern", "layers.1.selfAttn.pattern"],
    ["blocks.1.attn.hook_pattern#0", "layers.1.selfAttn.pattern"],
    ["blocks.1.attn.hook_result", "layers.1.selfAttn.result"],
    ["blocks.-1.hook_mlp_out", "layers.2.mlp"],
    ["hook_embed", "embedTokens"],
    ["layers.1.self_attn.pattern", "layers.1.selfAttn.pattern"],
    ["model.layers.1.resid_mid", "layers.1.residMid"],
    ["model.model.lm_head", "lmHead"],
  ])("reads %s as %s", (given, site) => {
    expect(names(given)).toEqual([site]);
  });

  it("takes patterns in them", () => {
    expect(names("blocks.*.hook_resid_post")).toEqual(["layers.0", "layers.1", "layers.2"]);
    expect(names("blocks.{0,2}.hook_resid_pre")).toEqual(["layers.0.input", "layers.2.input"]);
    expect(names("blocks.{1..2}.attn.hook_pattern")).toHaveLength(2);
    expect(names("model.layers.*.self_attn")).toHaveLength(3);
  });

  it("prefers a model's own names", () => {
    class Snake extends Chain {
      own_name = new Chain(1);
      model = new Chain(2);
    }
    const snake = new InterpretableModel(new Snake(1));
    expect(snake.sites("own_name").map(({ site }) => site)).toEqual(["own_name"]);
    expect(snake.sites("model.parts.0").map(({ site }) => site)).toEqual(["model.parts.0"]);
  });
});
