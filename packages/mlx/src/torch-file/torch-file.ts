/** Files of `torch.save`, opened without running anything in them. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { fileSize } from "../file-failure.js";
import { readPart } from "../file-part.js";
import { oldBeginning, readOldFormat } from "./old-format.js";
import { Callable, type Made, StorageKind, TypedStorage } from "./pickle-globals.js";
import { TorchTensor, type TorchValue } from "./torch-value.js";
import { plainValues } from "./unpickle.js";
import { readZipFormat } from "./zip-format.js";

/** A file that torch wrote. */
export interface TorchFile {
  /** Everything in it; the numbers of its tensors are read when they are asked for. */
  readonly content: TorchValue;
  /** The tensors of all dictionaries and lists, by the keys on the way, joined with dots. */
  readonly tensors: ReadonlyMap<string, TorchTensor>;
}

const zipBeginning = Buffer.from("PK");
const pointerBeginning = Buffer.from("version ");

/**
 * Opens a file of `torch.save`, also one from before torch 1.6. A pickle can name any code to be run; here nothing is: what is
 * neither a tensor nor a plain value is refused by its name.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`); UnsupportedFileError (`UNSUPPORTED_FILE`) for objects of classes, TorchScript, and
 * what else is not read; FileAccessError (`FILE_ACCESS`)
 * @example
 * const { tensors } = openTorchFile("weights.pt");
 * tensors.get("model.up.weight")?.shape; // [3, 2]
 */
export function openTorchFile(file: string): TorchFile {
  const size = fileSize(file);
  const beginning = readPart(file, 0, Math.min(size, 8));
  const begins = (mark: Buffer) => beginning.subarray(0, mark.length).equals(mark);
  if (begins(pointerBeginning)) {
    throw new CorruptFileError(file, "it is a Git LFS pointer, not the data (git lfs pull)");
  }
  const content = checked(file, read(file, size, begins));
  return { content, tensors: namedTensors(file, content) };
}

function read(file: string, size: number, begins: (mark: Buffer) => boolean): Made {
  if (begins(zipBeginning)) return readZipFormat(file, size);
  if (begins(oldBeginning)) return readOldFormat(file, size);
  const what = "it does not begin as files of torch.save do";
  throw new UnsupportedFileError(file, what, "Read are torch's zip archives and its older format.");
}

/** A name of the file's own accord that is left standing for itself is no value. */
function checked(file: string, made: Made): TorchValue {
  walk(file, made, (value) => {
    const raw =
      value instanceof Callable || value instanceof StorageKind || value instanceof TypedStorage;
    if (!raw) return;
    throw new UnsupportedFileError(
      file,
      "a function or a bare storage is among its values",
      plainValues,
    );
  });
  return made as TorchValue;
}

function namedTensors(file: string, content: TorchValue): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  walk(file, content, (value, path) => {
    if (!(value instanceof TorchTensor)) return;
    const name = path.join(".");
    if (tensors.has(name))
      throw new CorruptFileError(file, `two tensors are called "${name.slice(0, 80)}"`);
    tensors.set(name, value);
  });
  return tensors;
}

const mostValues = 4_000_000;
const deepest = 64;

/** Visits everything in a value. A list in two places is visited in both; one in itself is refused. */
function walk(
  file: string,
  root: Made,
  visit: (value: Made, path: readonly string[]) => void,
): void {
  const open: { readonly value: Made; readonly path: readonly string[] }[] = [
    { value: root, path: [] },
  ];
  let seen = 0;
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path } = next;
    visit(value, path);
    seen++;
    if (seen > mostValues)
      throw new CorruptFileError(file, `it has more than ${mostValues} values`);
    const inner = entriesOf(value);
    if (inner.length > 0 && path.length >= deepest) {
      throw new CorruptFileError(file, `it is nested more than ${deepest} deep, or holds itself`);
    }
    for (const [key, each] of inner.reverse()) open.push({ value: each, path: [...path, key] });
    if (open.length > mostValues)
      throw new CorruptFileError(file, `it has more than ${mostValues} values`);
  }
}

function entriesOf(value: Made): [string, Made][] {
  if (value instanceof Map) return [...value].map(([key, each]) => [String(key), each as Made]);
  if (value instanceof Set) return [...value].map((each, index) => [String(index), each as Made]);
  return Array.isArray(value) ? value.map((each, index) => [String(index), each as Made]) : [];
}
