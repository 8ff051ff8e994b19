/** A scan tells shapes and bytes without computing, and they are those of the run. */
import { type Linear, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { Add, Chain, numbers, Stack } from "../../test/support/networks.js";
import { MissingAxisError, SiteNotReachedError, UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import type { CaptureOptions } from "../storage/capture.js";

const language = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const scan = language.scan(["abc", "dcba"]);

describe("a scan", () => {
  it("has the shape and dtype of every site", () => {
    const stack = new InterpretableModel(new Stack(2, 4)).scan(numbers(3, 5, 4));
    const blocks = [0, 1].flatMap((layer) => [
      [`layers.${layer}`, "Block", [3, 5, 4], 240],
      [`layers.${layer}.up`, "Linear", [3, 5, 8], 480],
      [`layers.${layer}.down`, "Linear", [3, 5, 4], 240],
    ]);
    const sites = stack.sites.map(({ site, kind, shape, bytes }) => [site, kind, shape, bytes]);
    expect(sites).toEqual([
      ...blocks,
      ["head", "Linear", [3, 5, 4], 240],
      ["output", "Stack", [3, 5, 4], 240],
    ]);
    expect(new Set(stack.sites.map(({ dtype }) => dtype))).toEqual(new Set(["float32"]));
    expect(stack.bytes()).toBe(2 * (240 + 480 + 240) + 480);
  });

  it("computes nothing: arrays that no machine could hold", () => {
    const large = 1_000_000;
    const stack = new InterpretableModel(new Stack(3, large));
    const found = stack.scan(mx.zeros([large, large]));
    expect(found.get("layers.1.up").shape).toEqual([large, 2 * large]);
    expect(found.bytes("layers.*")).toBe(3 * 4 * large ** 2);
    expect(found.bytes("layers.*", { dtype: "float16" })).toBe(3 * 2 * large ** 2);
  });

  it("includes values that are only built for readers, and inputs by name", () => {
    expect(scan.get("layers.0.selfAttn.result")).toEqual({
      site: "layers.0.selfAttn.result",
      kind: "Tap",
      axes: ["batch", "position", "heads", "hidden"],
      shape: [2, 4, 1, 8],
      dtype: "float32",
      bytes: 256,
    });
    expect(scan.get("input")).toMatchObject({ shape: [2, 4], dtype: "int32", bytes: 32 });
    expect(scan.get("blocks.1.hook_resid_pre").shape).toEqual([2, 4, 8]);
    expect(scan.sites.some(({ site }) => site.endsWith("input"))).toBe(false);
  });

  it.each(["**", ["**.input", "input"], ["layers.*", "layers.*", "output"], /layers\.\d$/])(
    "counts the bytes that a run of %s then takes",
    async (save) => {
      const run = await language.run(["abc", "dcba"], { save });
      expect(scan.bytes(save)).toBe(run.nbytes);
      const shapes = scan.select(save).map(({ site, shape }) => [site, shape]);
      expect(shapes).toEqual(run.entries().map(([site, { shape }]) => [site, shape]));
    },
  );

  it.each<CaptureOptions>([
    { positions: -1 },
    { positions: [0, 2], dtype: "float16" },
    { dtype: "bfloat16" },
  ])("counts those of a slice: %j", async (options) => {
    const save = ["layers.*", "layers.*.selfAttn.pattern", "input"];
    const run = await language.run(["abc", "dcba"], { save, ...options });
    expect(scan.bytes(save, options)).toBe(run.nbytes);
    const shapes = scan.select(save, options).map(({ shape, dtype }) => [shape, dtype]);
    expect(shapes).toEqual(run.entries().map(([, { shape, dtype }]) => [shape, String(dtype)]));
  });

  it("lists what was not reached, and refuses it only by name", () => {
    class Unused extends Chain {
      spare = new Add(1);
    }
    const found = new InterpretableModel(new Unused(1, 2)).scan(numbers(2));
    expect(found.unreached).toEqual(["spare"]);
    expect(found.select("**").map(({ site }) => site)).toEqual(["parts.0", "parts.1"]);
    expect(() => found.get("spare")).toThrow(SiteNotReachedError);
    expect(() => found.get("sparse")).toThrow(UnknownSiteError);
  });

  it("tells calls and tuples apart", () => {
    class Pair extends nn.Module {
      once = new Add(1);
      override forward(x: MxArray): MxArray {
        return [this.once.forward(x), this.once.forward(mx.concatenate([x, x]))] as never;
      }
    }
    const found = new InterpretableModel(new Pair()).scan(numbers(3));
    expect(found.sites.map(({ site, shape }) => [site, shape])).toEqual([
      ["once#0", [3]],
      ["once#1", [6]],
      ["output", [3]],
    ]);
    expect(found.get("output.1").shape).toEqual([6]);
    expect(found.get("once#1").shape).toEqual([6]);
    expect(() => found.get("once")).toThrow(/2 values/);
    expect(() => found.get("output.2")).toThrow(SiteNotReachedError);
  });

  it("sees interventions, arguments and the types of integers", () => {
    class Masked extends nn.Module {
      first = new Add(1);
      override forward(x: MxArray, y: MxArray): MxArray {
        return mx.argmax(mx.add(this.first.forward(x), y), -1);
      }
    }
    let calls = 0;
    const interventions = {
      first: (x: MxArray) => {
        calls += 1;
        return x;
      },
    };
    const model = new InterpretableModel(new Masked());
    const found = model.scan(numbers(2, 3), { args: [mx.ones([5, 2, 3])], interventions });
    expect(found.get("output")).toMatchObject({ shape: [5, 2], dtype: "uint32", bytes: 40 });
    expect(calls).toBe(1);
  });

  it("refuses positions where there are none", () => {
    const found = new InterpretableModel(new Stack()).scan(numbers(3, 4));
    expect(() => found.bytes("output", { positions: 0 })).toThrow(MissingAxisError);
  });

  it("shows itself in lines and as JSON", () => {
    const lines = scan.toString().split("\n");
    expect(lines).toHaveLength(scan.sites.length);
    expect(lines[0]).toMatch(/^embedTokens +\[2, 4, 8\] float32, 256 bytes$/);
    expect(JSON.parse(JSON.stringify(scan))).toMatchObject({ unreached: [] });
  });

  it("keeps no array of the pass", async () => {
    const seen: WeakRef<MxArray>[] = [];
    class Watched extends nn.Module {
      head: Linear = new nn.Linear(4, 4);
      override forward(x: MxArray): MxArray {
        const y = this.head.forward(x);
        seen.push(new WeakRef(y));
        return y;
      }
    }
    const model = new InterpretableModel(new Watched());
    const held = model.scan(numbers(3, 4));
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
    expect(held.sites).toHaveLength(2);
    if (globalThis.gc) expect(seen[0].deref()).toBeUndefined();
  });
});
