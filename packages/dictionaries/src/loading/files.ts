/** What lies in a dictionary's folder: configurations as plain objects, tensors by name. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import {
  checkPath,
  checkReal,
  dtypeName,
  isFloating,
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
 * @throws DictionaryFormatError (`DICTIONARY_FORMAT`) when it is missing or not in floating point, DictionaryShapeError (`DICTIONARY_SHAPE`) for
 * another number of axes
 */
export function required(file: string, tensors: Tensors, name: string, axes?: number): MxArray {
  const array = present(file, tensors, name);
  if (axes !== undefined && array.ndim !== axes) {
    throw new DictionaryShapeError(`"${name}" of ${file}`, Array(axes).fill("…"), array.shape);
  }
  return inFloat32(file, name, array);
}

function present(file: string, tensors: Tensors, name: string): MxArray {
  if (Object.hasOwn(tensors, name)) return tensors[name];
  const names = Object.keys(tensors).sort().join(", ");
  throw new DictionaryFormatError(file, `it has no tensor "${name}", only ${names || "none"}.`);
}

/** As `required`, for what may be missing. */
export function optional(file: string, tensors: Tensors, name: string): MxArray | undefined {
  return Object.hasOwn(tensors, name) ? required(file, tensors, name) : undefined;
}

/** Weights in whole numbers are codes of something, or no weights. */
function inFloat32(file: string, name: string, array: MxArray): MxArray {
  if (isFloating(array.dtype)) return array.astype(mx.float32);
  const dtype = dtypeName(array.dtype);
  throw new DictionaryFormatError(
    file,
    `"${name}" holds ${dtype}, and weights are floating-point.`,
  );
}

/** A single number of the files. */
export function scalar(file: string, tensors: Tensors, name: string): number {
  const array = present(file, tensors, name);
  if (array.size === 1) return Number(checkReal(name, array).reshape([]).item());
  throw new DictionaryShapeError(`"${name}" of ${file}`, [], array.shape);
}
