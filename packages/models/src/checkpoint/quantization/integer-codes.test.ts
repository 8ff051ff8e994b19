/** Checkpoints of GPTQ and AWQ, against the numbers that their codes stand for, worked out one by one. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../../index.js";
import { llamaJson, llamaTensors, writeCheckpoint } from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";

const ids = [[3, 1, 4, 1, 5]];

/** Whole numbers that look random, the same in every run. */
function codes(count: number, seed: number): number[] {
  let state = seed + 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) & 15;
  });
}

/** Eight codes a word; `order` says which of them lies at each place. */
function words(eight: (word: number, place: number) => number, count: number, order: number[]) {
  return Array.from({ length: count }, (_, word) =>
    order.reduce((sum, code, place) => sum | (eight(word, code) << (4 * place)), 0),
  );
}

interface Layer {
  readonly parts: Record<string, MxArray>;
  readonly weight: MxArray;
}

/** How inputs are told which scale is theirs: by their order, or each by name. */
interface Groups {
  readonly size: number;
  readonly named: boolean;
  readonly shuffled: boolean;
}

const plain = [0, 1, 2, 3, 4, 5, 6, 7];

function layer(
  name: string,
  [outputs, inputs]: number[],
  method: "gptq" | "awq",
  { size, named, shuffled }: Groups,
): Layer {
  const groupCount = Math.ceil(inputs / size);
  const code = codes(inputs * outputs, name.length);
  const zero = codes(groupCount * outputs, 7);
  expect([Math.min(...zero), Math.max(...zero)]).toEqual([0, 15]);
  const scale = codes(groupCount * outputs, 3).map((value) => (value + 1) / 128); // exact in float16
  const groupOf = Array.from({ length: inputs }, (_, input) =>
    shuffled ? (input * 7) % groupCount : Math.floor(input / size),
  );
  const weight = Array.from({ length: outputs }, (_, output) =>
    Array.from({ length: inputs }, (_, input) => {
      const at = groupOf[input] * outputs + output;
      return scale[at] * (code[input * outputs + output] - zero[at]);
    }),
  );
  const order = method === "awq" ? [0, 2, 4, 6, 1, 3, 5, 7] : plain;
  const across = (values: readonly number[], rows: number, less: number) =>
    mx
      .array(
        words((word, place) => (values[word * 8 + place] - less) & 15, (rows * outputs) / 8, order),
        mx.int32,
      )
      .reshape([rows, outputs / 8]);
  const down = (word: number, place: number) =>
    code[(Math.floor(word / outputs) * 8 + place) * outputs + (word % outputs)];
  const packed =
    method === "awq"
      ? across(code, inputs, 0)
      : mx
          .array(words(down, (inputs / 8) * outputs, plain), mx.int32)
          .reshape([inputs / 8, outputs]);
  return {
    weight: mx.array(weight),
    parts: {
      qweight: packed,
      qzeros: across(zero, groupCount, method === "gptq" ? 1 : 0),
      scales: mx.array(scale, mx.float16).reshape([groupCount, outputs]),
      ...(named && { g_idx: mx.array(groupOf, mx.int32) }),
    },
  };
}

function checkpoints(method: "gptq" | "awq", groups: Groups) {
  const [packed, whole]: Record<string, MxArray>[] = [{}, {}];
  for (const [name, array] of Object.entries(llamaTensors())) {
    const module = name.replace(/\.weight$/, "");
    whole[name] = array;
    if (!/proj$/.test(module)) {
      packed[name] = array;
      continue;
    }
    const { weight, parts } = layer(module, array.shape, method, groups);
    whole[name] = weight;
    for (const [part, own] of Object.entries(parts)) packed[`${module}.${part}`] = own;
  }
  return { packed, whole };
}

const whole = { shuffled: false, named: true };

describe.each([
  ["gptq", { bits: 4, group_size: 16, desc_act: false }, whole],
  ["gptq", { bits: 4, group_size: 16, desc_act: true }, { shuffled: true, named: true }],
  ["gptq", { bits: 4, group_size: 24 }, { shuffled: false, named: false }], // the last has fewer inputs
  [
    "awq",
    { bits: 4, group_size: 16, version: "gemm", zero_point: true },
    { ...whole, named: false },
  ],
] as const)("a checkpoint of %s, %j", (method, config, groups) => {
  const quantization_config = { quant_method: method, ...config };
  it("computes what its codes stand for", async () => {
    const { packed, whole } = checkpoints(method, { size: config.group_size, ...groups });
    const coded = await loadModel(writeCheckpoint({ ...llamaJson, quantization_config }, packed));
    const plain = await loadModel(writeCheckpoint(llamaJson, whole));
    const outputs = [await coded.run(ids), await plain.run(ids)].map((run) => run.get("output"));
    expect(maxDifference(outputs[0], outputs[1])).toBeLessThan(1e-5);
    const random = await loadModel(writeCheckpoint());
    expect(maxDifference((await random.run(ids)).get("output"), outputs[1])).toBeGreaterThan(0.01);
  });
});

describe("codes that are not read", () => {
  it.each([
    { quant_method: "gptq", bits: 8, group_size: 16 },
    { quant_method: "gptq", bits: 4, group_size: 16, checkpoint_format: "marlin" },
    { quant_method: "awq", bits: 4, group_size: 16, version: "gemv" },
    { quant_method: "bitsandbytes", load_in_4bit: true },
  ])("are refused by name: %j", async (quantization_config) => {
    const loading = loadModel(writeCheckpoint({ ...llamaJson, quantization_config }));
    await expect(loading).rejects.toMatchObject({ field: "quantization_config" });
  });

  it("are refused where scales do not belong to them", async () => {
    const { packed } = checkpoints("gptq", { size: 16, ...whole });
    const name = "model.layers.0.self_attn.q_proj.scales";
    const quantization_config = { quant_method: "gptq", bits: 4, group_size: 16 };
    const json = { ...llamaJson, quantization_config };
    const wrong = { ...packed, [name]: mx.zeros([2, 24], mx.float16) };
    await expect(loadModel(writeCheckpoint(json, wrong))).rejects.toMatchObject({
      code: "WEIGHT_SHAPE",
    });
  });

  it.each([
    [[0, 1, 2], 2, /scales of 2 groups/],
    [[0, 1, -1], -1, /scales of 2 groups/],
    [undefined, 20, /g_idx must say which is whose/],
  ])("are refused where nobody can tell whose scale is whose: %j", async (some, value, rule) => {
    const size = some ? 16 : 11; // three groups of 32 inputs, which are not those of 20
    const { packed } = checkpoints("gptq", { size, shuffled: false, named: some !== undefined });
    const name = "model.layers.0.self_attn.q_proj.g_idx";
    if (some) packed[name] = mx.array([...some, ...new Array<number>(29).fill(0)], mx.int32);
    const quantization_config = { quant_method: "gptq", bits: 4, group_size: some ? 16 : 20 };
    const loading = loadModel(writeCheckpoint({ ...llamaJson, quantization_config }, packed));
    await expect(loading).rejects.toMatchObject({ code: "UNSUPPORTED_CONFIG", value });
    await expect(loading).rejects.toThrow(rule);
  });
});
