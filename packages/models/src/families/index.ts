/** The families by the `model_type` of their checkpoints. */
import type { GgufArchitectures } from "../checkpoint/gguf/gguf-architecture.js";
import { UnknownModelTypeError } from "../errors.js";
import * as registered from "./registered.js";
import type { Family, ModuleFamily } from "./shared/family.js";

/** Every family; a new one is a folder and a line in `registered.ts`. */
export const families: readonly (Family | ModuleFamily)[] = Object.values(registered);

/** The families that GGUF files hold, by the names of their architectures. */
export const ggufArchitectures: GgufArchitectures = new Map(
  families.flatMap((family) =>
    "gguf" in family && family.gguf
      ? [[family.gguf.name ?? family.modelType, family.gguf] as const]
      : [],
  ),
);

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
