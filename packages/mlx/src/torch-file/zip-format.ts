/** Files as torch has written them since version 1.6: an archive with a pickle, and a file for each storage. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { type Made, TypedStorage, torchGlobals } from "./pickle-globals.js";
import { storageId } from "./storage-id.js";
import { unpickle } from "./unpickle.js";
import { readZipEntries, readZipEntry, requirePlain, type ZipEntry } from "./zip-entries.js";

const pickleName = /^(?:[^/]+\/)?data\.pkl$/;
const mostPickle = 256 * 2 ** 20;

/** @throws CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`) */
export function readZipFormat(file: string, size: number): Made {
  const entries = readZipEntries(file, size);
  const pickles = [...entries.values()].filter(({ name }) => pickleName.test(name));
  if (pickles.length !== 1)
    throw new CorruptFileError(file, "it is an archive without one data.pkl in it");
  const [pickle] = pickles;
  const root = pickle.name.slice(0, -"data.pkl".length);
  refuseOthers(file, entries, root);
  if (pickle.bytes > mostPickle)
    throw new CorruptFileError(file, `its data.pkl has ${pickle.bytes} bytes`);
  const persistent = (id: Made) => storageOf(file, entries, root, id);
  const bytes = readZipEntry(file, pickle);
  return unpickle(bytes, { file, globals: torchGlobals, persistent }).value;
}

function refuseOthers(file: string, entries: ReadonlyMap<string, ZipEntry>, root: string): void {
  if (entries.has(`${root}constants.pkl`)) {
    const wayOut = "Load it with torch.jit.load, and save only its state_dict().";
    throw new UnsupportedFileError(file, "it is a TorchScript archive, which holds code", wayOut);
  }
  const order = entries.get(`${root}byteorder`);
  if (!order || order.bytes > 16) return;
  const name = readZipEntry(file, order).toString("latin1");
  if (name === "little") return;
  throw new UnsupportedFileError(
    file,
    `its numbers are ${name} endian`,
    "Save it on another machine.",
  );
}

function storageOf(
  file: string,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  id: Made,
): Made {
  const { kind, key, bytes } = storageId(file, id);
  const entry = entries.get(`${root}data/${key}`);
  if (!entry) throw new CorruptFileError(file, `it lacks its storage ${key.slice(0, 40)}`);
  requirePlain(file, entry);
  if (kind.dtype !== undefined && entry.bytes !== bytes) {
    throw new CorruptFileError(
      file,
      `its storage ${key.slice(0, 40)} has ${entry.bytes} bytes, not ${bytes}`,
    );
  }
  return new TypedStorage({ key, start: entry.start, bytes: entry.bytes }, kind.dtype);
}
