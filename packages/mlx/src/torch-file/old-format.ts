/** Files as torch wrote them before version 1.6: pickles one after the other, then the storages. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { readPart } from "../file-part.js";
import { type Made, TypedStorage, torchGlobals } from "./pickle-globals.js";
import { storageId } from "./storage-id.js";
import type { TorchStorage } from "./torch-value.js";
import { unpickle } from "./unpickle.js";

/** 0x1950a86a20f9469cfc6c, the first thing in such a file. */
const magic = 0x1950a86a20f9469cfc6cn;
const countBytes = 8;
const mostPickles = 256 * 2 ** 20;

/** How such a file begins: protocol 2, a number of ten bytes. */
export const oldBeginning = Buffer.from([0x80, 0x02, 0x8a, 0x0a]);

/** @throws CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`) */
export function readOldFormat(file: string, size: number): Made {
  const storages = new Map<string, TypedStorage>();
  const persistent = (id: Made): Made => {
    const { kind, key, bytes } = storageId(file, id);
    const known = storages.get(key);
    if (known && (known.dtype !== kind.dtype || known.storage.bytes !== bytes)) {
      throw new CorruptFileError(file, `its storage ${key.slice(0, 40)} has two sizes`);
    }
    const made = known ?? new TypedStorage({ key, start: -1, bytes }, kind.dtype);
    storages.set(key, made);
    return made;
  };
  const pickles = readPart(file, 0, Math.min(size, mostPickles));
  let position = 0;
  const next = (): Made => {
    const rest = pickles.subarray(position);
    const { value, length } = unpickle(rest, { file, globals: torchGlobals, persistent });
    position += length;
    return value;
  };
  if (next() !== magic) throw new CorruptFileError(file, "it does not begin as torch begins files");
  const protocol = next();
  if (protocol !== 1001)
    throw new CorruptFileError(file, `its protocol is ${String(protocol).slice(0, 20)}`);
  requireLittleEndian(file, next());
  const value = next();
  const keys = next();
  place(file, keys, storages, { from: position, to: size });
  return value;
}

function requireLittleEndian(file: string, system: Made): void {
  if (system instanceof Map && system.get("little_endian") === true) return;
  throw new UnsupportedFileError(file, "its numbers are big endian", "Save it on another machine.");
}

/** Each storage begins with the count of its items. */
function place(
  file: string,
  keys: Made,
  storages: ReadonlyMap<string, TypedStorage>,
  { from, to }: { readonly from: number; readonly to: number },
): void {
  if (!Array.isArray(keys)) throw new CorruptFileError(file, "it does not list its storages");
  let at = from;
  for (const key of keys as readonly Made[]) {
    const found = typeof key === "string" ? storages.get(key) : undefined;
    if (!found) throw new CorruptFileError(file, "it lists a storage that nothing in it uses");
    const storage: TorchStorage = found.storage;
    if (at + countBytes + storage.bytes > to)
      throw new CorruptFileError(file, "it ends early (truncated?)");
    storage.start = at + countBytes;
    at += countBytes + storage.bytes;
  }
  for (const { storage } of storages.values()) {
    if (storage.start >= 0) continue;
    throw new CorruptFileError(file, `it lacks its storage ${storage.key.slice(0, 40)}`);
  }
}
