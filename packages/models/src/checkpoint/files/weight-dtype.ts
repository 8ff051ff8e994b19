/** The dtype that weights are computed with. */
import { checkChoice, type Dtype, deviceName, mx, UnsupportedDtypeError } from "@mlxterp/mlx";

/** What weights are computed with; `native` keeps the file's. */
export type WeightDtype = "float32" | "float16" | "bfloat16" | "native";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what no weights can be */
export function checkDtype(argument: string, value: unknown): void {
  checkChoice(argument, value, ["float32", "float16", "bfloat16", "native"]);
}

/**
 * @returns undefined to keep the file's own
 * @throws UnsupportedDtypeError (`UNSUPPORTED_DTYPE`) for half precision on the CPU
 */
export function weightDtype(dtype: WeightDtype | undefined): Dtype | undefined {
  const cpu = deviceName() === "cpu";
  const chosen = dtype ?? (cpu ? "float32" : "native");
  if (cpu && chosen !== "float32") {
    throw new UnsupportedDtypeError("The dtype option", chosen, ["float32"]);
  }
  return chosen === "native" ? undefined : mx[chosen];
}
