/** Another module in the place of one: adapters, distilled parts, transcoders without their error. */
import { checkFunction, InvalidArgumentError, type Module } from "@mlxterp/mlx";
import { isModule } from "../tree/module-node.js";
import { originalOf } from "../tree/originals.js";

/** Makes the module that takes the place of `original`, which stands at `path`. */
export type MakeModule = (original: Module, path: string) => Module;

/** What `replaceModule` returns. */
export class ModuleReplacement {
  readonly type = "replaceModule";
  /** Made once for each module replaced, so that views made from the same edit share it. */
  readonly #made = new WeakMap<Module, Map<string, Module>>();
  readonly #given: Module | MakeModule;

  constructor(given: Module | MakeModule) {
    this.#given = given;
  }

  /** @internal @throws InvalidArgumentError (`INVALID_ARGUMENT`) when the function returns no module */
  moduleFor(original: Module, path: string): Module {
    const given = this.#given;
    if (typeof given !== "function") return given;
    const made = this.#made.get(original) ?? new Map<string, Module>();
    this.#made.set(original, made);
    const known = made.get(path);
    if (known) return known;
    const created = originalOf(requireModule(given(original, path)));
    made.set(path, created);
    return created;
  }

  toJSON(): { type: string; module: string } {
    const given = this.#given;
    return { type: this.type, module: isModule(given) ? given.constructor.name : given.name };
  }
}

/**
 * Runs another module wherever the model would run the one at a site; its own modules become sites below that path.
 * The model itself is never written to. For `model.edit`.
 *
 * @param module called with the same arguments as the original; or a function that makes one from the original, once
 *   for every module that the selector matches
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is neither
 * @example
 * const adapted = model.edit({ "layers.*.mlp": replaceModule((mlp) => new Adapter(mlp)) });
 */
export function replaceModule(module: Module | MakeModule): ModuleReplacement {
  if (typeof module === "function") {
    checkFunction("module", module);
    return new ModuleReplacement(module);
  }
  return new ModuleReplacement(originalOf(requireModule(module)));
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function requireModule(module: unknown): Module {
  if (isModule(module)) return module;
  throw new InvalidArgumentError("module", module, "it must be an instance of nn.Module.");
}
