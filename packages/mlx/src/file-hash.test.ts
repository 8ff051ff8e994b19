/** Hashes of files: those that the standard publishes, of any size, and damage told by the file's name. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { CorruptFileError } from "./errors.js";
import { hashFile, verifyFiles } from "./file-hash.js";

const root = mkdtempSync(join(tmpdir(), "mlxterp-hash-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function file(name: string, content: string): string {
  writeFileSync(join(root, name), content);
  return join(root, name);
}

// FIPS 180-4's examples: nothing, "abc", and a million times "a"
it.each([
  ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
  ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
  ["a".repeat(1e6), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
])("the hash of a file is SHA-256 of its bytes (case %#)", (content, hash) => {
  expect(hashFile(file("content", content))).toBe(hash);
});

it("files are compared one after the other, until one differs, is missing, or it is enough", async () => {
  const [one, two] = [file("one", "1"), file("two", "2")];
  const files = [one, two].map((path) => ({ path, sha256: hashFile(path) }));
  const seen: number[] = [];
  const onProgress = ({ done }: { done: number }) => seen.push(done);
  await verifyFiles(files, { onProgress });
  expect(seen).toEqual([1, 2]);
  writeFileSync(two, "3");
  await expect(verifyFiles(files, { onProgress })).rejects.toMatchObject({ file: two });
  expect(seen).toEqual([1, 2, 1]);
  rmSync(one);
  await expect(verifyFiles(files)).rejects.toBeInstanceOf(CorruptFileError);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(verifyFiles(files, { signal })).rejects.toThrow("enough");
});
