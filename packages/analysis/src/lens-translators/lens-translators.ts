/** What a lens does to the residual stream before it reads it: an affine map for every depth but the last. */
import {
  checkChoice,
  checkOptions,
  checkReal,
  checkWholeNumber,
  checkWidth,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import type { Json, Provenance } from "@mlxterp/results";

/** `tuned`: h + W h + b, as trained. `jacobian`: J h, as differentiated. */
export type LensKind = "tuned" | "jacobian";

export interface LensParts {
  readonly kind: LensKind;
  /** (depths, hidden, hidden), each (out, in); the first acts on the input of layer 0. */
  readonly weight: MxArray;
  /** (depths, hidden); zeros where there is none. */
  readonly bias: MxArray;
  /** The model it was made for, and how. */
  readonly origin?: Provenance;
  /** Where it was read from. */
  readonly folder?: string;
}

/**
 * The translators of a lens. Translator `i` acts on the input of layer `i`; the state after the last layer is read as it is.
 *
 * @example
 * const lens = await jacobianLens(model, ["Mary and John"], { layers: [1] });
 * lens.depths; // 4
 */
export class LensTranslators {
  readonly kind: LensKind;
  readonly weight: MxArray; // (depths, hidden, hidden)
  readonly bias: MxArray; // (depths, hidden)
  readonly origin: Provenance | undefined;
  readonly folder: string | undefined;

  /** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for shapes that do not fit each other */
  constructor(parts: LensParts) {
    checkOptions<LensParts>("parts", parts, {
      ...{ kind: true, weight: true, bias: true, origin: true, folder: true },
    });
    const { kind, weight, bias, origin, folder } = parts;
    checkChoice("kind", kind, ["tuned", "jacobian"]);
    checkReal("weight", weight);
    checkReal("bias", bias);
    const [depths, out, into] = weight.shape;
    const fits = weight.ndim === 3 && out === into && bias.shape.join() === [depths, out].join();
    if (!fits) {
      const rule = `needs weights (depths, hidden, hidden) and biases (depths, hidden), not [${weight.shape}] and [${bias.shape}].`;
      throw new InvalidArgumentError("weight", weight.shape, rule);
    }
    this.kind = kind;
    this.weight = weight;
    this.bias = bias;
    this.origin = origin;
    this.folder = folder;
  }

  get depths(): number {
    return this.weight.shape[0];
  }

  get hidden(): number {
    return this.weight.shape[1];
  }

  /**
   * Translates the residual stream at a depth; from the last depth on it is what it is.
   *
   * @param residual (…, hidden)
   * @param depth 0 is the input of layer 0, `i + 1` what comes out of layer `i`
   * @returns (…, hidden), lazy
   */
  apply(residual: MxArray, depth: number): MxArray {
    checkWidth("residual", residual, this.hidden);
    if (checkWholeNumber("depth", depth) >= this.depths) return residual;
    const { weight, bias, kind } = this;
    const moved = mx.add(mx.matmul(residual, weight.index(depth).T), bias.index(depth));
    return kind === "tuned" ? mx.add(residual, moved) : moved;
  }

  /** What a result keeps of it. */
  toJSON(): Json {
    return this.folder === undefined
      ? { lens: this.kind, depths: this.depths, hidden: this.hidden }
      : this.folder;
  }
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a lens of a model of another shape */
export function requireFittingLens(
  lens: LensTranslators,
  { layers, hidden }: { readonly layers: number; readonly hidden: number },
): LensTranslators {
  if (lens.depths === layers && lens.hidden === hidden) return lens;
  const rule = `it translates ${lens.depths} depths of ${lens.hidden} numbers, but this model has ${layers} layers of ${hidden}. Train one for this model.`;
  throw new InvalidArgumentError("translators", lens.folder ?? lens.kind, rule);
}
