/** What an undescribed model shows of its anatomy, and how it refuses the rest. */
import { inspect } from "node:util";
import { type Embedding, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel } from "../../test/support/causal-model.js";
import { expectSame } from "../../test/support/compare.js";
import { Stack } from "../../test/support/networks.js";
import { MissingAnatomyError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { anatomyPart } from "./resolve-anatomy.js";

const network = new CausalModel(3);

describe("an anatomy found by name", () => {
  const { anatomy } = new InterpretableModel(network);

  it("has counts and functions", () => {
    expect([anatomy.layers, anatomy.hidden, anatomy.vocab]).toEqual([3, 8, 11]);
    expect(anatomy.maxPositions).toBeUndefined();
    const ids = mx.array([[1, 2]], mx.int32);
    expectSame(anatomy.embed(ids), network.embedTokens.forward(ids));
    const x = mx.ones([1, 8]);
    expectSame(anatomy.finalNorm(x), network.finalNorm.forward(x));
    expectSame(anatomy.unembed(x), network.lmHead.forward(x));
  });

  it("refuses what it cannot find, and says where it looked", () => {
    expect(() => anatomy.heads).toThrow(MissingAnatomyError);
    expect(() => anatomy.heads).toThrow(/does not show its heads.*anatomy: \{ … \}/);
    const { anatomy: none } = new InterpretableModel(new Stack());
    expect(() => none.embed).toThrow(/Looked for: embedTokens, model.embedTokens/);
    expect(anatomyPart(anatomy, "heads")).toBeUndefined();
  });

  it("refuses a part that no anatomy has, whatever it is", () => {
    for (const part of ["head", "constructor", Object.create(null), Symbol("heads"), undefined]) {
      const refused = () => anatomyPart(anatomy, part as "heads");
      expect(refused).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", value: part }));
    }
    expect(() => anatomyPart(null as never, "heads")).toThrow("anatomy: must be an object");
  });

  it("has manners", async () => {
    expect(await anatomy).toBe(anatomy);
    expect(() => JSON.stringify(anatomy)).not.toThrow();
    expect(() => `${inspect(anatomy)} ${String(anatomy)}`).not.toThrow();
    expect(() => expect(anatomy).toEqual(3)).toThrow(/3/);
  });
});

describe("an anatomy that was given", () => {
  it("comes before what could be found", () => {
    const embed = (ids: MxArray) => ids;
    const { anatomy } = new InterpretableModel(network, {
      anatomy: { heads: 4, layers: 99, embed },
    });
    expect([anatomy.heads, anatomy.layers, anatomy.vocab]).toEqual([4, 99, 11]);
    expect(anatomy.embed).toBe(embed);
  });

  it("passes errors of its own on", () => {
    const given = {
      get vocab(): number {
        throw new Error("cannot count");
      },
    };
    const model = new InterpretableModel(network, { anatomy: given });
    expect(() => anatomyPart(model.anatomy, "vocab")).toThrow("cannot count");
  });
});

describe("a quantized embedding", () => {
  it("has as many dimensions as it stands for", () => {
    class Quantized extends nn.Module {
      embedTokens: Embedding = new nn.Embedding(16, 256);
      override forward(ids: MxArray): MxArray {
        return this.embedTokens.forward(ids);
      }
    }
    const quantized = new Quantized();
    const { anatomy } = new InterpretableModel(quantized);
    nn.quantize(quantized, 64, 8);
    expect([anatomy.vocab, anatomy.hidden]).toEqual([16, 256]);
  });
});
