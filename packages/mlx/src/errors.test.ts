/** Errors carry a code and data, and are recognised across copies of the package. */
import { expect, it } from "vitest";
import { InvalidArgumentError, MlxterpError, UnsupportedDtypeError } from "./errors.js";

it("an error has its name, a code, its data and the way out", () => {
  const error = new UnsupportedDtypeError("query", "float16", ["float32"]);
  expect(error).toBeInstanceOf(MlxterpError);
  expect([error.name, error.code]).toEqual(["UnsupportedDtypeError", "UNSUPPORTED_DTYPE"]);
  expect([error.where, error.dtype, error.supported]).toEqual(["query", "float16", ["float32"]]);
  expect(error.message).toContain("query has dtype float16");
  expect(error.message).toContain(".astype(mx.float32)");
});

it("isInstance recognises errors of another copy, and nothing else", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("mlxterp.error")]: true });
  expect(MlxterpError.isInstance(foreign)).toBe(true);
  expect(MlxterpError.isInstance(new InvalidArgumentError("a", 1, "no"))).toBe(true);
  for (const other of [new Error("x"), null, undefined, "text", {}]) {
    expect(MlxterpError.isInstance(other)).toBe(false);
  }
});
