/** The families by the `model_type` of their checkpoints. */
import { UnknownModelTypeError } from "../errors.js";
import type { Family, ModuleFamily } from "./family.js";
import { gpt2 } from "./gpt2.js";
import { llama } from "./llama.js";

/** Every family; a new one is a file and a line here. */
export const families: readonly (Family | ModuleFamily)[] = [gpt2, llama];

/** @throws UnknownModelTypeError (`UNKNOWN_MODEL_TYPE`) */
export function familyOf(json: unknown, file: string): Family | ModuleFamily {
  const modelType = (json as { model_type?: unknown } | null)?.model_type;
  const family = families.find((candidate) => candidate.modelType === modelType);
  if (family) return family;
  throw new UnknownModelTypeError(
    modelType,
    file,
    families.map((known) => known.modelType),
  );
}
