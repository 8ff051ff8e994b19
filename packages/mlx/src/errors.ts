/** The errors of the binding, and the base of all errors, which browsers have too. */
import { MlxterpError } from "@mlxterp/results/errors";

export { InvalidArgumentError, MlxterpError } from "@mlxterp/results/errors";

/** The native addon could not be loaded; `mend` is the command or step that repairs it. */
export class BindingUnavailableError extends MlxterpError {
  readonly code = "BINDING_UNAVAILABLE";
  constructor(
    readonly reason: string,
    readonly mend: string,
    options?: ErrorOptions,
  ) {
    super(`The MLX binding cannot be loaded: ${reason}. ${mend}`, options);
  }
}

/** An array of a dtype that the device cannot compute with; evaluating it would end the process. */
export class UnsupportedDtypeError extends MlxterpError {
  readonly code = "UNSUPPORTED_DTYPE";
  constructor(
    readonly where: string,
    readonly dtype: string,
    readonly supported: readonly string[],
  ) {
    super(
      `${where} has dtype ${dtype}, which this device cannot multiply. Convert it with .astype(mx.${supported[0]}); supported: ${supported.join(", ")}.`,
    );
  }
}

/** A file that is not what its format promises: cut short, overwritten, or of another kind. */
export class CorruptFileError extends MlxterpError {
  readonly code = "CORRUPT_FILE";
  constructor(
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} is damaged: ${reason}. Copy or write it again.`, options);
  }
}

/** A file that is whole, but has something in it that is not read. */
export class UnsupportedFileError extends MlxterpError {
  readonly code = "UNSUPPORTED_FILE";
  constructor(
    readonly file: string,
    /** What of it is not read. */
    readonly reason: string,
    wayOut: string,
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be read: ${reason}. ${wayOut}`, options);
  }
}

/** A file of which only a part could be written, most often because the disk is full. */
export class IncompleteWriteError extends MlxterpError {
  readonly code = "INCOMPLETE_WRITE";
  constructor(
    readonly file: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${file} could not be written as a whole: ${reason}. Make room on the disk.`, options);
  }
}

/** A file or folder that the system does not let be read or written. */
export class FileAccessError extends MlxterpError {
  readonly code = "FILE_ACCESS";
  constructor(
    readonly file: string,
    /** The system's own code, such as `EACCES`. */
    readonly reason: string,
    wayOut: string,
    options?: ErrorOptions,
  ) {
    super(`${file} cannot be used (${reason}): ${wayOut}`, options);
  }
}

/** A value was read inside a gradient where evaluating it would change the gradient. */
export class GradientReadError extends MlxterpError {
  readonly code = "GRADIENT_READ";
  constructor(readonly operation: string) {
    super(
      `This value cannot be read here: a gradient is being built that uses ${operation}, and evaluating it now would change that gradient. Read it in a run without gradients, return it from the function, or read it before ${operation}.`,
    );
  }
}
