/** The names that a torch file may use, and what they are here: none of them is code of the file. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import {
  itemBytes,
  type StorageDtype,
  type TorchStorage,
  TorchTensor,
  type TorchValue,
} from "./torch-value.js";

/** What is on the machine's stack. */
export type Made =
  | TorchValue
  | Callable
  | StorageKind
  | TypedStorage
  | Made[]
  | Set<Made>
  | Map<Made, Made>;

/** Something that may be called; what it makes is decided here. */
export class Callable {
  constructor(readonly make: (given: readonly Made[], file: string) => Made) {}
}

export const isCallable = (value: Made): value is Callable => value instanceof Callable;

/** A dtype by the name of its class of storages; undefined for one whose tensors tell theirs. */
export class StorageKind {
  constructor(readonly dtype: StorageDtype | undefined) {}
}

/** A storage as tensors refer to it. */
export class TypedStorage {
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: StorageDtype | undefined,
  ) {}
}

export type Globals = ReadonlyMap<string, Made>;

const storages: Readonly<Record<string, StorageDtype>> = {
  ...{ DoubleStorage: "F64", FloatStorage: "F32", HalfStorage: "F16", BFloat16Storage: "BF16" },
  ...{ LongStorage: "I64", IntStorage: "I32", ShortStorage: "I16", CharStorage: "I8" },
  ...{ ByteStorage: "U8", BoolStorage: "BOOL", ComplexFloatStorage: "C64" },
};

const dtypes: Readonly<Record<string, StorageDtype>> = {
  ...{ float64: "F64", float32: "F32", float16: "F16", bfloat16: "BF16", complex64: "C64" },
  ...{ float8_e4m3fn: "F8_E4M3", float8_e5m2: "F8_E5M2" },
  ...{ int64: "I64", int32: "I32", int16: "I16", int8: "I8", bool: "BOOL" },
  ...{ uint8: "U8", uint16: "U16", uint32: "U32", uint64: "U64" },
};

const orderedDictionary = new Callable(([entries], file) => {
  const map = new Map<Made, Made>();
  if (entries === undefined) return map;
  if (!Array.isArray(entries)) throw new CorruptFileError(file, "its dictionary has no entries");
  for (const entry of entries) {
    const [key, value] = Array.isArray(entry) ? entry : [];
    if (key === undefined || value === undefined || (typeof key === "object" && key !== null)) {
      throw new CorruptFileError(file, "an entry of its dictionary has no key or value");
    }
    map.set(key, value);
  }
  return map;
});

const listOf = new Callable(([items = []], file) => {
  if (Array.isArray(items)) return [...items];
  throw new CorruptFileError(file, "it makes a list of what is none");
});

/** (storage, offset, shape, strides, …); the dtype is the storage's, or the seventh. */
const rebuildTensor = new Callable((given, file) => rebuild(given, file));

const rebuildParameter = new Callable(([tensor], file) => {
  if (tensor instanceof TorchTensor) return tensor;
  throw new CorruptFileError(file, "it makes a parameter of what is no tensor");
});

export const torchGlobals: Globals = new Map<string, Made>([
  ["collections.OrderedDict", orderedDictionary],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_tensor_v3", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch.Size", listOf],
  ["torch.device", new Callable((parts) => parts.map(String).join(":"))],
  ["torch.storage.UntypedStorage", new StorageKind(undefined)],
  ...Object.entries(storages).map(([name, dtype]): [string, Made] => [
    `torch.${name}`,
    new StorageKind(dtype),
  ]),
  ...Object.keys(dtypes).map((name): [string, Made] => [`torch.${name}`, `torch.${name}`]),
]);

/** Numbers that only look at a storage several times; more of them would be a small file of any size. */
const mostRepeated = 2 ** 24;

function rebuild(given: readonly Made[], file: string): TorchTensor {
  const [typed, offset, shape, strides, , , named] = given;
  if (!(typed instanceof TypedStorage)) throw new CorruptFileError(file, "a tensor has no storage");
  const dtype = dtypeOf(named) ?? typed.dtype;
  if (!dtype)
    throw new UnsupportedFileError(
      file,
      `a tensor in it is ${String(named).slice(0, 40)}`,
      knownDtypes,
    );
  if (!isCount(offset) || !areCounts(shape) || !areCounts(strides)) {
    throw new CorruptFileError(file, "a tensor's shape is no list of lengths");
  }
  if (shape.length !== strides.length || shape.length > 32) {
    throw new CorruptFileError(file, "a tensor has not as many strides as axes");
  }
  const { bytes } = typed.storage;
  const items = Math.floor(bytes / itemBytes[dtype]);
  const count = shape.reduce((product, length) => product * length, 1);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], offset);
  if (count > 0 && last >= items) {
    throw new CorruptFileError(file, `a tensor looks beyond the ${items} numbers of its storage`);
  }
  if (count > Math.max(items, mostRepeated)) {
    throw new CorruptFileError(file, `a tensor of ${count} numbers repeats a storage of ${items}`);
  }
  return new TorchTensor(file, typed.storage, dtype, [...shape], [...strides], offset);
}

const knownDtypes = `Read are ${Object.keys(dtypes).join(", ")}.`;

function dtypeOf(named: Made | undefined): StorageDtype | undefined {
  if (typeof named !== "string") return undefined;
  const name = named.replace(/^torch\./, "");
  return Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => isCount(item) && item < 2 ** 40);
}
