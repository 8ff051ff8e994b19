/** Reads the weights of torch files: their tensors as a checkpoint's, and the numbers where they are asked for. */
import {
  CorruptFileError,
  fromFlat,
  type MxArray,
  openTorchFile,
  readTorchTensor,
  type TorchFile,
  type TorchTensor,
  torchBytes,
} from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../../errors.js";
import { decodeNumbers, type NumberFormat } from "./number-formats.js";
import type { TensorEntry } from "./safetensors-header.js";
import type { TensorSource } from "./tensor-source.js";

/** What trainers put the weights under, beside other things. */
const inner = ["state_dict", "model_state_dict", "model", "module"];

/**
 * The tensors of a torch file by name; those of an inner dictionary of weights without its name.
 *
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`); UnsupportedFileError (`UNSUPPORTED_FILE`) for what would run code
 */
export function readTorchTensors(file: string): Map<string, TorchTensor> {
  const { content, tensors } = open(file);
  const key =
    content instanceof Map ? inner.find((name) => content.get(name) instanceof Map) : undefined;
  if (key === undefined) return new Map(tensors);
  return new Map(
    [...tensors].flatMap(([name, tensor]): [string, TorchTensor][] =>
      name.startsWith(`${key}.`) ? [[name.slice(key.length + 1), tensor]] : [],
    ),
  );
}

function open(file: string): TorchFile {
  try {
    return openTorchFile(file);
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    throw new CorruptCheckpointError(file, error.reason, { cause: error });
  }
}

/** Hands out tensors of torch files, row by row whatever their order in the file. */
export class TorchSource implements TensorSource {
  readonly #files = new Map<string, ReadonlyMap<string, TorchTensor>>();

  /** The tensors of a file, for its checkpoint. */
  open(file: string): TensorEntry[] {
    const tensors = readTorchTensors(file);
    this.#files.set(file, tensors);
    return [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape, file }));
  }

  take(entry: TensorEntry): MxArray {
    return readTorchTensor(this.#find(entry));
  }

  rows(entry: TensorEntry, from: number, to: number): MxArray {
    const bytes = torchBytes(this.#find(entry), from, to);
    const own = Buffer.from(new Uint8Array(bytes).buffer); // from the beginning of its memory
    return fromFlat(decodeNumbers(own, entry.dtype as NumberFormat), [
      to - from,
      ...entry.shape.slice(1),
    ]);
  }

  drop(): void {
    // nothing is kept open
  }

  #find({ file, name }: TensorEntry): TorchTensor {
    const tensor = this.#files.get(file)?.get(name);
    if (tensor) return tensor;
    throw new CorruptCheckpointError(file, `it lacks "${name}"`);
  }
}
