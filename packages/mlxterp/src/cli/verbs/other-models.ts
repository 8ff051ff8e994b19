/** Options that name another model: loaded as `--model` is. */
import { fieldsOf, type Method } from "@mlxterp/results";
import type { CommandContext } from "./command.js";

type Options = Readonly<Record<string, unknown>>;

/**
 * Options with models in the place of their names.
 *
 * @param instead of the names that are there
 * @throws whatever `loadModel` throws
 */
export async function withOtherModels(
  method: Method,
  options: Options,
  context: CommandContext,
  instead?: string,
): Promise<Options> {
  const named = fieldsOf(method.options).filter(
    ({ name, reads }) => reads === "model" && typeof options[name] === "string",
  );
  const loaded: Record<string, unknown> = {};
  for (const { name } of named) {
    loaded[name] = await context.loadModel(instead ?? (options[name] as string));
  }
  return { ...options, ...loaded };
}
