/** Half precision is refused where evaluating it would end the process. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { UnsupportedDtypeError } from "./errors.js";
import { deviceName, dtypeName, guardDtype, isArray, isFloating } from "./guard.js";

describe.skipIf(deviceName() !== "cpu")("on the CPU", () => {
  it("refuses half precision, and lets everything else pass", () => {
    for (const dtype of [mx.float16, mx.bfloat16]) {
      expect(() => guardDtype(mx.ones([2], dtype), "x")).toThrow(UnsupportedDtypeError);
    }
    for (const dtype of [mx.float32, mx.int32, mx.uint8, mx.bool]) {
      expect(() => guardDtype(mx.ones([2], dtype), "x")).not.toThrow();
    }
  });

  it("does so for a reason: a product of half precision ends the process", async () => {
    const program = `
      import { mx } from "@mlxterp/mlx";
      const half = mx.ones([4, 4], mx.float16);
      try { mx.eval(mx.matmul(half, half)); } catch { process.stdout.write("caught"); }
      process.stdout.write("alive");`;
    const flags = [
      "--conditions=@mlxterp/source",
      "--import",
      "tsx",
      "--input-type=module",
      "-e",
      program,
    ];
    const cwd = fileURLToPath(new URL("../../core", import.meta.url));
    const run = promisify(execFile)(process.execPath, flags, { cwd });
    await expect(run).rejects.toMatchObject({ stdout: "", signal: "SIGABRT" });
  });
});

describe("what an array is", () => {
  it("is told by its class and its dtype", () => {
    expect(isArray(mx.array(1))).toBe(true);
    for (const other of [1, [1], null, undefined, {}, new Float32Array(1)]) {
      expect(isArray(other)).toBe(false);
    }
    expect([mx.float32, mx.int8, mx.bool, mx.bfloat16].map(dtypeName)).toEqual([
      "float32",
      "int8",
      "bool",
      "bfloat16",
    ]);
    expect([mx.float16, mx.bfloat16, mx.float32].every(isFloating)).toBe(true);
    expect([mx.int32, mx.uint8, mx.bool].some(isFloating)).toBe(false);
  });
});
