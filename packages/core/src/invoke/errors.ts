/** The errors of traces whose prompts are given one by one. */
import { MlxterpError } from "@mlxterp/mlx";

/** A prompt was added to a trace whose forward has begun. */
export class LateInvocationError extends MlxterpError {
  readonly code = "LATE_INVOCATION";
  constructor() {
    super(
      "This trace's forward has begun, so no prompt can join it. Call invoke() for every prompt first; the forward begins at the first value that is read or saved.",
    );
  }
}

/** A value was asked of a trace of several prompts, rather than of one of them. */
export class InvocationNeededError extends MlxterpError {
  readonly code = "INVOCATION_NEEDED";
  constructor(readonly site: string) {
    super(
      `"${site}" has a value for each prompt of this trace. Read it from one of them: const one = trace.invoke(prompt); one.${site}.`,
    );
  }
}

/** The part of a value that belongs to one prompt cannot be told. */
export class InvocationRowsError extends MlxterpError {
  readonly code = "INVOCATION_ROWS";
  constructor(
    readonly site: string,
    readonly shape: readonly number[],
    readonly reason: string,
    wayOut = "Declare `outputAxes` in its module, or trace this prompt alone.",
  ) {
    super(`"${site}", of shape [${shape.join(", ")}], ${reason}. ${wayOut}`);
  }
}
