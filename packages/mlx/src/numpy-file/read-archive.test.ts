/** Archives that NumPy wrote. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readNumpyArchive } from "./read-archive.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-numpy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * numpy.savez of `rows` (float32, by rows), `turned` (float64, by columns), both [[1, 2, 3], [4, 5, 6]], and `count` (int64), 7.
 */
const archive = Buffer.from(archiveText(), "base64");

function write(bytes: Buffer): string {
  const file = join(folder, "params.npz");
  writeFileSync(file, bytes);
  return file;
}

it("are read in either order of memory", () => {
  const { rows, turned, count } = readNumpyArchive(write(archive));
  const expected = [[1, 2, 3], [4, 5, 6]]; // biome-ignore format: a matrix
  expect(rows.tolist()).toEqual(expected);
  expect(turned.tolist()).toEqual(expected);
  expect(Number(count.item())).toBe(7);
});

/** Without the sums, which writers may leave out. */
function withoutSums(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf("PK\x01\x02"); at >= 0; at = copy.indexOf("PK\x01\x02", at + 4)) {
    copy.writeUInt32LE(0, at + 16);
  }
  return copy;
}

it("are refused where a single bit differs", () => {
  const copy = Buffer.from(archive);
  copy[copy.indexOf("NUMPY") + 130] ^= 1; // in the numbers of the first
  expect(() => readNumpyArchive(write(copy))).toThrow('the sum of "rows.npy" differs');
  expect(readNumpyArchive(write(withoutSums(archive))).rows.shape).toEqual([2, 3]);
});

it("are refused where they are cut off, changed, or hold objects", () => {
  const changed = (from: string, to: string) =>
    write(withoutSums(Buffer.from(archive.toString("latin1").replace(from, to), "latin1")));
  expect(() => readNumpyArchive(write(archive.subarray(0, 300)))).toThrow(
    expect.objectContaining({ code: "CORRUPT_FILE" }),
  );
  expect(() => readNumpyArchive(changed("(2, 3)", "(2, 4)"))).toThrow("has 24 bytes, not 32");
  for (const dtype of ["|O8", ">f4"]) {
    expect(() => readNumpyArchive(changed("<f4", dtype))).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_FILE" }),
    );
  }
});

function archiveText(): string {
  return [
    "UEsDBC0AAAAAAAAAIQB8nN6i//////////8IABQAcm93cy5ucHkBABAAmAAAAAAAAACYAAAAAAAAAJNOVU1QWQEAdg",
    "B7J2Rlc2NyJzogJzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgyLCAzKSwgfSAgICAgICAg",
    "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAACAPwAAAEAAAEBAAACAQA",
    "AAoEAAAMBAUEsDBC0AAAAAAAAAIQALJ2Db//////////8KABQAdHVybmVkLm5weQEAEACwAAAAAAAAALAAAAAAAAAA",
    "k05VTVBZAQB2AHsnZGVzY3InOiAnPGY4JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMyksIH",
    "0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAoAAAAAAADw",
    "PwAAAAAAABBAAAAAAAAAAEAAAAAAAAAUQAAAAAAAAAhAAAAAAAAAGEBQSwMELQAAAAAAAAAhACO48Gz//////////w",
    "kAFABjb3VudC5ucHkBABAAiAAAAAAAAACIAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJzxpOCcsICdmb3J0cmFu",
    "X29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC",
    "AgICAgICAgICAgICAgICAgICAgICAgICAKBwAAAAAAAABQSwECLQMtAAAAAAAAACEAfJzeopgAAACYAAAACAAAAAAA",
    "AAAAAAAAgAEAAAAAcm93cy5ucHlQSwECLQMtAAAAAAAAACEACydg27AAAACwAAAACgAAAAAAAAAAAAAAgAHSAAAAdH",
    "VybmVkLm5weVBLAQItAy0AAAAAAAAAIQAjuPBsiAAAAIgAAAAJAAAAAAAAAAAAAACAAb4BAABjb3VudC5ucHlQSwUG",
    "AAAAAAMAAwClAAAAgQIAAAAA",
  ].join("");
}
