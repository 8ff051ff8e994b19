/** MXFP4 and FP8 files against the formats' definitions, spelled out here once more. */
import { fromFlat, type MxArray, mx, toFlat, UnsupportedDtypeError } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, UnsupportedConfigError, WeightShapeError } from "../../index.js";
import { llamaJson, llamaTensors, writeCheckpoint } from "../../test-support/checkpoints.js";
import { ossJson, ossTensors } from "../../test-support/mixtures.js";
import { addRawTensors } from "../../test-support/raw-tensors.js";
import { maxDifference } from "../../test-support/reference.js";
import { decodeNumbers } from "../files/number-formats.js";
import { QuantizedExpertLinear } from "./quantized-experts.js";

const prompt = [3, 1, 4, 1, 5, 9, 2, 6];
const save = ["layers.0.mlp.pre", "layers.0.mlp", "output"];

/** A sequence of bytes that looks random. */
function bytesFrom(seed: number, count: number, least = 0, most = 255): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return least + Math.floor((state / 2 ** 31) * (most - least + 1));
  });
}

/** Sign, two bits of exponent, one of fraction. */
function fourBitFloat(bits: number): number {
  const exponent = (bits >> 1) & 3;
  const fraction = bits & 1;
  const size = exponent === 0 ? fraction / 2 : (1 + fraction / 2) * 2 ** (exponent - 1);
  return bits & 8 ? -size : size;
}

interface Mxfp4 {
  readonly blocks: Uint8Array;
  readonly scales: Uint8Array;
  readonly plain: MxArray; // (experts, out, in)
}

function randomMxfp4(seed: number, shape: readonly [number, number, number]): Mxfp4 {
  const count = shape[0] * shape[1] * shape[2];
  const blocks = bytesFrom(seed, count / 2);
  const scales = bytesFrom(seed + 1, count / 32, 121, 126);
  const plain = Float32Array.from({ length: count }, (_, index) => {
    const byte = blocks[index >> 1];
    return fourBitFloat(index % 2 ? byte >> 4 : byte & 15) * 2 ** (scales[index >> 5] - 127);
  });
  return { blocks, scales, plain: fromFlat(plain, shape) };
}

const experts = "model.layers.0.mlp.experts";
const [gateUp, down] = [randomMxfp4(7, [4, 128, 32]), randomMxfp4(9, [4, 32, 64])];
const mxfp4Config = { ...ossJson, quantization_config: { quant_method: "mxfp4" } };

/** As gpt-oss is published. */
function publishedFolder(json: object = mxfp4Config): string {
  const folder = writeCheckpoint(json, ossTensors());
  const raw = (data: Uint8Array, ...shape: number[]) => ({ dtype: "U8", shape, data });
  addRawTensors(folder, {
    [`${experts}.gate_up_proj_blocks`]: raw(gateUp.blocks, 4, 128, 1, 16),
    [`${experts}.gate_up_proj_scales`]: raw(gateUp.scales, 4, 128, 1),
    [`${experts}.down_proj_blocks`]: raw(down.blocks, 4, 32, 2, 16),
    [`${experts}.down_proj_scales`]: raw(down.scales, 4, 32, 2),
  });
  return folder;
}

/** As mlx-lm writes it: gates and linear branches apart. */
function mlxFolder(): string {
  const {
    [`${experts}.gate_up_proj_bias`]: bias,
    [`${experts}.down_proj_bias`]: out,
    ...rest
  } = ossTensors();
  const half = (part: number) => bias.index(mx.Slice(), mx.Slice(part, null, 2));
  const biases = { gate_proj: half(0), up_proj: half(1), down_proj: out };
  const named = Object.entries(biases).map(([name, x]) => [`${experts}.${name}.bias`, rowMajor(x)]);
  const quantization = { group_size: 32, bits: 4, mode: "mxfp4" };
  const folder = writeCheckpoint(
    { ...ossJson, quantization },
    { ...rest, ...Object.fromEntries(named) },
  );
  const rows = ({ blocks, scales }: Mxfp4, part: number) => ({
    blocks: everyOther(blocks, 16, part),
    scales: everyOther(scales, 1, part),
  });
  for (const [name, { blocks, scales }, out, groups] of [
    ["gate_proj", rows(gateUp, 0), 64, 1],
    ["up_proj", rows(gateUp, 1), 64, 1],
    ["down_proj", down, 32, 2],
  ] as const) {
    addRawTensors(folder, {
      [`${experts}.${name}.weight`]: { dtype: "U32", shape: [4, out, 4 * groups], data: blocks },
      [`${experts}.${name}.scales`]: { dtype: "U8", shape: [4, out, groups], data: scales },
    });
  }
  return folder;
}

function everyOther(data: Uint8Array, row: number, part: number): Uint8Array {
  return data.filter((_, index) => Math.floor(index / row) % 2 === part);
}

/** The binding saves no views. */
function rowMajor(x: MxArray): MxArray {
  return fromFlat(toFlat(x) as Float32Array, x.shape);
}

/** The same numbers in full precision, stored (experts, in, out). */
function plainFolder(): string {
  return writeCheckpoint(ossJson, {
    ...ossTensors(),
    [`${experts}.gate_up_proj`]: rowMajor(gateUp.plain.swapaxes(1, 2)),
    [`${experts}.down_proj`]: rowMajor(down.plain.swapaxes(1, 2)),
  });
}

describe("an MXFP4 file", () => {
  it("computes what its numbers compute, in either layout, and stays packed", async () => {
    const plain = await (await loadModel(plainFolder())).run(prompt, { save });
    for (const folder of [publishedFolder(), mlxFolder()]) {
      const model = await loadModel(folder);
      expect(model.module.layers[0].mlp.gateProj).toBeInstanceOf(QuantizedExpertLinear);
      const found = await model.run(prompt, { save });
      for (const site of save) {
        const size = Number(mx.max(mx.abs(plain.get(site))).item());
        expect(maxDifference(found.get(site), plain.get(site)) / size, site).toBeLessThan(1e-6);
      }
    }
  });

  it("is packed with the bits that are asked for", async () => {
    const quantize = { bits: 4, groupSize: 32 };
    const [a, b] = await Promise.all([
      loadModel(publishedFolder(), { quantize }),
      loadModel(plainFolder(), { quantize }),
    ]);
    expect(a.module.layers[0].mlp.upProj).toMatchObject({ bits: 4, groupSize: 32 });
    const [x, y] = [await a.run(prompt, { save }), await b.run(prompt, { save })];
    for (const site of save) expect(maxDifference(x.get(site), y.get(site))).toBe(0);
  });

  it("is refused when codes and scales contradict each other", async () => {
    const folder = writeCheckpoint(mxfp4Config, ossTensors());
    addRawTensors(folder, {
      [`${experts}.down_proj_blocks`]: { dtype: "U8", shape: [4, 32, 2, 16], data: down.blocks },
      [`${experts}.down_proj_scales`]: {
        dtype: "U8",
        shape: [4, 32, 1],
        data: new Uint8Array(128),
      },
    });
    await expect(loadModel(folder)).rejects.toBeInstanceOf(WeightShapeError);
  });
});

describe("eight-bit floats", () => {
  it("are sign, four bits of exponent and three of fraction, without infinities", () => {
    const found = decodeNumbers(
      Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => i)),
      "F8_E4M3",
    );
    const expected = Array.from({ length: 256 }, (_, bits) => {
      const [exponent, fraction] = [Math.floor((bits % 128) / 8), bits % 8];
      if (exponent === 15 && fraction === 7) return Number.NaN;
      const size = exponent === 0 ? fraction / 8 / 64 : (1 + fraction / 8) * 2 ** (exponent - 7);
      return bits < 128 ? size : -size;
    });
    expect([...found]).toEqual(expected);
    expect(found[0x7e]).toBe(448); // the largest, by the paper
    expect(found[0x01]).toBe(2 ** -9); // the smallest
  });
});

describe("an FP8 file with scales of blocks", () => {
  const block = [12, 20] as const;
  const name = "model.layers.1.mlp.up_proj.weight";
  const [rows, columns] = [48, 32];
  const codes = bytesFrom(5, rows * columns).map((bits) =>
    (bits & 0x7f) > 0x58 ? bits & 0x8f : bits,
  );
  const scales = Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8], (number) => number / 64);
  const config = {
    ...llamaJson,
    quantization_config: {
      quant_method: "fp8",
      fmt: "e4m3",
      activation_scheme: "dynamic",
      weight_block_size: block,
    },
  };
  const meant = decodeNumbers(Buffer.from(codes), "F8_E4M3").map(
    (number, index) =>
      number *
      scales[2 * Math.floor(index / columns / block[0]) + Math.floor((index % columns) / block[1])],
  );

  function encodedFolder(json: object, scaleShape = [4, 2]): string {
    const { [name]: _, ...tensors } = llamaTensors();
    const folder = writeCheckpoint(json, tensors);
    const data = new Uint8Array(scales.buffer);
    addRawTensors(folder, {
      [name]: { dtype: "F8_E4M3", shape: [rows, columns], data: codes },
      [`${name}_scale_inv`]: { dtype: "F32", shape: scaleShape, data },
    });
    return folder;
  }

  it("computes what its numbers compute, also when they are packed on loading", async () => {
    const plain = writeCheckpoint(llamaJson, {
      ...llamaTensors(),
      [name]: fromFlat(meant, [rows, columns]),
    });
    for (const options of [{}, { quantize: { bits: 8, groupSize: 32 } }]) {
      const [a, b] = await Promise.all([
        loadModel(encodedFolder(config), options),
        loadModel(plain, options),
      ]);
      const [x, y] = [await a.run(prompt), await b.run(prompt)];
      expect(maxDifference(x.get("output"), y.get("output"))).toBeLessThan(1e-5);
      const { upProj } = a.module.layers[1].mlp;
      if (Object.keys(options).length === 0) {
        expect(maxDifference(upProj.weight as MxArray, fromFlat(meant, [rows, columns]))).toBe(0);
      }
    }
  });

  it("is refused with scales of another shape, without a description, or in another library's words", async () => {
    await expect(loadModel(encodedFolder(config, [2, 4]))).rejects.toBeInstanceOf(WeightShapeError);
    const undescribed = loadModel(encodedFolder(llamaJson));
    await expect(undescribed).rejects.toThrow(/scale_inv/);
    const foreign = { ...llamaJson, quantization_config: { quant_method: "fbgemm_fp8" } };
    await expect(loadModel(encodedFolder(foreign))).rejects.toBeInstanceOf(UnsupportedConfigError);
    const { [name]: _, ...tensors } = llamaTensors();
    const bare = writeCheckpoint(config, tensors);
    addRawTensors(bare, { [name]: { dtype: "F8_E4M3", shape: [rows, columns], data: codes } });
    await expect(loadModel(bare)).rejects.toBeInstanceOf(UnsupportedDtypeError);
  });
});
