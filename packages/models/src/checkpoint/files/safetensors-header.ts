/** The tensors of a checkpoint's safetensors file, from its checked header. */
import { CorruptFileError, readTensorHeader, type TensorDeclaration } from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../../errors.js";

/** One tensor as the header declares it. */
export interface TensorEntry extends TensorDeclaration {
  readonly file: string;
}

/**
 * The tensors of a safetensors file, after everything the format promises has been checked.
 *
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 */
export function readSafetensorsHeader(file: string): TensorEntry[] {
  try {
    return readTensorHeader(file).tensors.map((tensor) => ({ ...tensor, file }));
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    throw new CorruptCheckpointError(file, error.reason, { cause: error.cause });
  }
}
