/**
 * A dictionary or transcoder spliced into a model, with the error it makes.
 *
 * A sparse autoencoder reconstructs a module's output y as r, and a transcoder predicts y from the module's input; both
 * leave an error e = y − r. Putting r′ + e in the place of y, where r′ is the reconstruction under the interventions
 * of the pass, changes nothing by itself, while every feature that is ablated or patched has its effect on the rest of
 * the model, and the error is a node beside the features (Marks et al. 2024, "Sparse Feature Circuits", section 3).
 * It is computed as y + (r′ − r) + (e′ − e), which is exactly y where nothing is changed.
 *
 * Gradients: features have that of their path through the decoder, and what lies before the splice that of the
 * unspliced model, since r′ − r adds nothing to it. This is the pass-through gradient of that paper's attribution.
 * With `stopGradient` only r′ carries one, so that attributions to earlier places go through the features alone, as
 * in the linear attribution of circuits with frozen errors.
 */
import { checkBoolean, checkOptions, type Module, oneOf } from "@mlxterp/mlx";
import { originalOf } from "../tree/originals.js";
import { requireModule } from "./replace-module.js";

export interface SpliceOptions {
  /** What the inserted module is given: the output it reconstructs, or the input it predicts from. Default: `output`. */
  readonly from?: "output" | "input";
  /** Whether what it gets wrong is added back. Default: true. */
  readonly error?: boolean;
  /** Whether the gradient goes through the inserted module alone, and not round it. Default: false. */
  readonly stopGradient?: boolean;
}

/** What `splice` returns. */
export class ModuleSplice {
  readonly type = "splice";
  readonly from: "output" | "input";
  readonly error: boolean;
  readonly stopGradient: boolean;
  readonly #module: Module;

  constructor(module: Module, options: SpliceOptions) {
    checkOptions<SpliceOptions>("splice", options, {
      from: oneOf("output", "input"),
      error: checkBoolean,
      stopGradient: checkBoolean,
    });
    const { from = "output", error = true, stopGradient = false } = options;
    this.#module = originalOf(requireModule(module));
    this.from = from;
    this.error = error;
    this.stopGradient = stopGradient;
  }

  /** @internal */
  get module(): Module {
    return this.#module;
  }

  toJSON(): { type: string; module: string } & Required<SpliceOptions> {
    const { type, from, error, stopGradient } = this;
    return { type, module: this.#module.constructor.name, from, error, stopGradient };
  }
}

/**
 * Splices a dictionary or transcoder in at a site, with its error. For `model.edit`. All sites of the model stay, and
 * at `layers.3.mlp` three come to them: `layers.3.mlp.original`, what the module itself returned;
 * `layers.3.mlp.inserted` with the inserted module's own sites below; and `layers.3.mlp.error`, what it gets wrong.
 *
 * @param module its forward takes one array and returns one, or a container whose first array is the reconstruction,
 *   of the shape of the module's output
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no module; in a pass, InterventionShapeError
 *   (`INTERVENTION_SHAPE`) for a reconstruction of another shape
 * @example
 * const spliced = model.edit({ "layers.3.mlp": splice(dictionary) });
 * await spliced.run(prompt, { interventions: { "layers.3.mlp.inserted.features": (x) => mx.multiply(x, 0) } });
 */
export function splice(module: Module, options: SpliceOptions = {}): ModuleSplice {
  return new ModuleSplice(module, options);
}
