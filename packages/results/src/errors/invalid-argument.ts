/** The error of a call that a function cannot accept. */
import { brief } from "./brief.js";
import { MlxterpError } from "./mlxterp-error.js";

/** An argument outside what a function accepts. */
export class InvalidArgumentError extends MlxterpError {
  readonly code = "INVALID_ARGUMENT";
  constructor(
    readonly argument: string,
    readonly value: unknown,
    rule: string,
  ) {
    super(`${typeof argument === "string" ? argument : brief(argument)}: ${rule}`);
  }
}
