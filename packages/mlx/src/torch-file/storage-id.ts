/** What a pickle says of a storage that lies outside of it. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { type Made, StorageKind } from "./pickle-globals.js";
import { itemBytes } from "./torch-value.js";

export interface StorageId {
  readonly kind: StorageKind;
  readonly key: string;
  readonly bytes: number;
}

/** ("storage", kind, key, device, count of items), and in old files what part of another one it is. */
export function storageId(file: string, id: Made): StorageId {
  const [word, kind, key, , count, view] = Array.isArray(id) ? (id as readonly Made[]) : [];
  if (word !== "storage" || !(kind instanceof StorageKind) || typeof key !== "string") {
    throw new CorruptFileError(file, "its pickle refers to something that is no storage");
  }
  if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) {
    throw new CorruptFileError(file, `its storage ${key.slice(0, 40)} has no count`);
  }
  if (view !== undefined && view !== null) {
    const what = `its storage ${key.slice(0, 40)} is a part of another one, as torch 0.3 wrote them`;
    throw new UnsupportedFileError(
      file,
      what,
      "Load it in Python and save it again with torch.save.",
    );
  }
  return { kind, key, bytes: count * (kind.dtype ? itemBytes[kind.dtype] : 1) };
}
