/** What lies in a dictionary's folder: configurations as plain objects, tensors by name. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import {
  checkPath,
  type MxArray,
  mx,
  openTorchFile,
  readTensors,
  readTorchTensor,
  type TorchValue,
  withFile,
} from "@mlxterp/mlx";
import { DictionaryFormatError, DictionaryShapeError } from "../shared/errors.js";
import { yaml } from "../shared/yaml.js";

export type Fields = Readonly<Record<string, unknown>>;
export type Tensors = Readonly<Record<string, MxArray>>;

/** Where a dictionary is: a folder with the names in it, or one file. */
export interface Place {
  readonly path: string;
  /** The names of the folder's files and folders; of the file alone. */
  readonly names: ReadonlySet<string>;
  at(name: string): string;
}

/** @throws DictionaryFormatError (`DICTIONARY_FORMAT`) for what is not there */
export function placeOf(path: string): Place {
  checkPath("path", path);
  if (!existsSync(path)) {
    const wayOut =
      "Those of a hub are brought by fetchHubFolder(id, { folder }), which says where.";
    throw new DictionaryFormatError(path, `there is no such file or folder. ${wayOut}`);
  }
  return withFile(path, () => {
    if (statSync(path).isDirectory()) {
      return { path, names: new Set(readdirSync(path)), at: (name: string) => join(path, name) };
    }
    return { path, names: new Set([basename(path)]), at: () => path };
  });
}

/** @throws DictionaryFormatError (`DICTIONARY_FORMAT`) for what is no object */
export function readFields(file: string): Fields {
  const text = withFile(file, () => readFileSync(file, "utf8"));
  let value: unknown;
  try {
    value =
      file.endsWith(".yaml") || file.endsWith(".yml")
        ? yaml().parse(text, { logLevel: "error" })
        : JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DictionaryFormatError(file, `it cannot be parsed (${reason}).`, { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new DictionaryFormatError(file, "it holds no object of settings.");
}

/** The tensors of a safetensors file, as they are. */
export function tensorsOf(file: string): Tensors {
  return readTensors(file).tensors;
}

/** The tensors of a file of torch, by the keys on the way to them, and what else is in it. */
export function torchTensorsOf(file: string): { tensors: Tensors; content: TorchValue } {
  const { tensors, content } = openTorchFile(file);
  const arrays = [...tensors].map(([name, tensor]) => [name, readTorchTensor(tensor)] as const);
  return { tensors: Object.fromEntries(arrays), content };
}

/**
 * A tensor in float32, which this library computes dictionaries in.
 *
 * @throws DictionaryFormatError (`DICTIONARY_FORMAT`) when it is missing, DictionaryShapeError (`DICTIONARY_SHAPE`) for
 * another number of axes
 */
export function required(file: string, tensors: Tensors, name: string, axes?: number): MxArray {
  const array = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
  if (!array) {
    const names = Object.keys(tensors).sort().join(", ");
    throw new DictionaryFormatError(file, `it has no tensor "${name}", only ${names || "none"}.`);
  }
  if (axes !== undefined && array.ndim !== axes) {
    throw new DictionaryShapeError(`"${name}" of ${file}`, Array(axes).fill("…"), array.shape);
  }
  return array.astype(mx.float32);
}

/** As `required`, for what may be missing. */
export function optional(tensors: Tensors, name: string): MxArray | undefined {
  return Object.hasOwn(tensors, name) ? tensors[name].astype(mx.float32) : undefined;
}

/** A single number of the files. */
export function scalar(file: string, tensors: Tensors, name: string): number {
  const array = required(file, tensors, name);
  if (array.size === 1) return Number(array.reshape([]).item());
  throw new DictionaryShapeError(`"${name}" of ${file}`, [], array.shape);
}
