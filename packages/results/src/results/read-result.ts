/** The one door through which results come in that somebody may have made up, mixed up or read from a file. */
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { MlxterpError } from "../errors/mlxterp-error.js";
import { checkFunction } from "../errors/option-rules.js";
import type { Result } from "./result.js";
import { checkResult, checkShape, type ResultShape } from "./result-shape.js";

/**
 * A function of a result that refuses what is none of its method before it reads it.
 *
 * @param read may rely on the shape; where the parts of a result contradict each other, such as fewer rows than prompts, what it
 *   throws becomes a typed error
 * @example
 * const shape = { method: "lens", grids: {}, tables: {} } as never;
 * const tokens = readsResult(shape, ({ fed }: LensResult) => fed[0].pieces.length);
 * tokens(readout) > 0; // true
 */
export function readsResult<R extends Result, More extends readonly unknown[], Found>(
  shape: ResultShape<R>,
  read: (result: R, ...more: More) => Found,
): (result: R, ...more: More) => Found {
  checkShape(shape);
  checkFunction("read", read);
  return (result, ...more) => {
    checkResult<R>("result", result, shape);
    try {
      return read(result, ...more);
    } catch (cause) {
      if (MlxterpError.isInstance(cause)) throw cause;
      const what = cause instanceof Error ? cause.message : String(cause);
      const rule = `its parts do not fit each other (${what}). Give what "${shape.method}" returns, as it is.`;
      const error = new InvalidArgumentError("result", result, rule);
      error.cause = cause;
      throw error;
    }
  };
}
