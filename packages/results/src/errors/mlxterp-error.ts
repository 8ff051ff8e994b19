/** The base of every error in mlxterp: a literal code, the offending value as data, and the way out in words. */

const marker = Symbol.for("mlxterp.error");

/**
 * An error with a stable `code`. Subclasses add typed fields with the offending values.
 * `MlxterpError.isInstance(error)` also recognises errors of a second installed copy.
 */
export abstract class MlxterpError extends Error {
  abstract readonly code: string;
  readonly [marker] = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  static isInstance(value: unknown): value is MlxterpError {
    return typeof value === "object" && value !== null && marker in value;
  }
}
