/** Line-delimited files as datasets. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CorruptFileError } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/fixtures.js";
import { readJsonLines, readLines } from "./read-lines.js";

function fileWith(content: string): string {
  const file = join(temporaryFolder(), "dataset.txt");
  writeFileSync(file, content);
  return file;
}

async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe("the lines of a file", () => {
  it("are those with text, whatever ends them, and can be read again", async () => {
    const lines = readLines(fileWith("one\n\n two ü😀\r\n   \nthree"));
    expect(await listed(lines)).toEqual(["one", " two ü😀", "three"]);
    expect(await listed(lines)).toHaveLength(3);
  });

  it("are read as they are needed", async () => {
    const lines = readLines(fileWith("line\n".repeat(200_000)));
    for await (const line of lines) {
      expect(line).toBe("line");
      break;
    }
  });

  it("are missing with their file", async () => {
    await expect(listed(readLines("/nowhere/at all.txt"))).rejects.toThrow("ENOENT");
  });
});

describe("a field of JSON lines", () => {
  it("is a text or a list of ids", async () => {
    const file = fileWith('{"text": "one", "ids": [1, 2]}\n{"text": "two", "ids": [3]}\n');
    expect(await listed(readJsonLines(file))).toEqual(["one", "two"]);
    expect(await listed(readJsonLines(file, "ids"))).toEqual([[1, 2], [3]]);
  });

  it.each([
    ["not JSON", '{"text": "one"}\n\n{"text": ', "line 3 is not JSON"],
    [
      "without the field",
      '{"text": "one"}\n{"body": "two"}',
      'line 2 has no text or ids in its field "text"',
    ],
    ["with another kind of value", '{"text": [1.5]}', "line 1"],
    ["no object", "null", "line 1"],
  ])("is told by its line when it is %s", async (_, content, message) => {
    const read = listed(readJsonLines(fileWith(content)));
    await expect(read).rejects.toThrow(CorruptFileError);
    await expect(listed(readJsonLines(fileWith(content)))).rejects.toThrow(message);
  });
});
