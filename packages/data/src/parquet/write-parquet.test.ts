/** Parquet files as an independent reader sees them. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mx, thisWriter } from "@mlxterp/mlx";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { InvalidTableError } from "../errors.js";
import { temporaryFolder } from "../testing/fixtures.js";
import { type Table, tableOf } from "./table.js";
import { type WriteParquetOptions, writeParquet } from "./write-parquet.js";

/** Any code point; fast-check's own list of them would keep 85 MB, which each full collection has to go through. */
const anyCharacter = fc
  .integer({ min: 0, max: 0x10_ffff - 0x800 })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800)); // no halves of a pair

type Rows = Record<string, unknown>[];

async function written(
  table: Parameters<typeof writeParquet>[1],
  options?: WriteParquetOptions,
): Promise<{ rows: Rows; metadata: Awaited<ReturnType<typeof parquetMetadataAsync>> }> {
  const path = join(temporaryFolder(), "table.parquet");
  await writeParquet(path, table, options);
  const file = await asyncBufferFromFile(path);
  return { rows: await parquetReadObjects({ file }), metadata: await parquetMetadataAsync(file) };
}

describe("a table", () => {
  it("keeps the kinds of its columns", async () => {
    const { rows, metadata } = await written({
      text: ["ü", "", "😀"],
      float: Float32Array.of(1.5, -0, Number.NaN),
      double: Float64Array.of(0.1, Number.POSITIVE_INFINITY, 2 ** 60),
      whole: Int32Array.of(-1, 2 ** 31 - 1, 0),
      number: [1, 2.5, null],
      big: [2n ** 60n, -1n, undefined],
      truth: [true, false, null],
      vector: [Float32Array.of(1, 2), Float32Array.of(3, 4), Float32Array.of(5, 6)],
      words: [["a", "b"], [], null],
    });
    expect(rows).toEqual(
      [
        {
          text: "ü",
          float: 1.5,
          double: 0.1,
          whole: -1,
          number: 1,
          big: 2n ** 60n,
          truth: true,
          vector: [1, 2],
          words: ["a", "b"],
        },
        {
          text: "",
          float: -0,
          double: Number.POSITIVE_INFINITY,
          whole: 2 ** 31 - 1,
          number: 2.5,
          big: -1n,
          truth: false,
          vector: [3, 4],
          words: [],
        },
        {
          text: "😀",
          float: Number.NaN,
          double: 2 ** 60,
          whole: 0,
          number: null,
          big: null,
          truth: null,
          vector: [5, 6],
          words: null,
        },
      ].map((row) =>
        expect.objectContaining(
          Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)),
        ),
      ),
    );
    const types = metadata.schema.filter(({ type }) => type).map(({ name, type }) => [name, type]);
    expect(types).toEqual([
      ["text", "BYTE_ARRAY"],
      ["float", "FLOAT"],
      ["double", "DOUBLE"],
      ["whole", "INT32"],
      ["number", "DOUBLE"],
      ["big", "INT64"],
      ["truth", "BOOLEAN"],
      ["element", "FLOAT"],
      ["element", "BYTE_ARRAY"],
    ]);
  });

  it("comes back as it was, whatever the numbers and texts", async () => {
    const row = fc.record({
      number: fc.double(),
      text: fc.string({ unit: anyCharacter }),
      list: fc.array(fc.float(), { maxLength: 5 }),
      truth: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
        const table = {
          number: Float64Array.from(rows, ({ number }) => number),
          text: rows.map(({ text }) => text),
          list: rows.map(({ list }) => list),
          truth: rows.map(({ truth }) => truth),
        };
        expect((await written(table, { rowGroupRows: 7 })).rows).toEqual(rows);
      }),
      { numRuns: 40 },
    );
  });

  it("may be given in parts, from which nothing is held", async () => {
    async function* parts(): AsyncGenerator<Table> {
      for (let part = 0; part < 5; part++) {
        yield { part: new Int32Array(4).fill(part), name: ["a", null, "c", "d"] };
      }
    }
    const { rows, metadata } = await written(parts(), { metadata: { model: "tiny" } });
    expect(rows.map(({ part }) => part)).toEqual(
      [0, 1, 2, 3, 4].flatMap((part) => [part, part, part, part]),
    );
    expect(metadata.row_groups).toHaveLength(5);
    expect(metadata.key_value_metadata).toEqual([{ key: "model", value: "tiny" }]);
  });

  it("may have no rows, and columns without any value", async () => {
    expect((await written({ a: new Float32Array(), b: [] })).rows).toEqual([]);
    expect((await written({ a: [null, undefined] })).rows).toHaveLength(2);
  });
});

describe("what is no table", () => {
  it.each<[string, unknown, RegExp]>([
    ["columns of several lengths", { a: [1, 2], b: [1] }, /"b".*1 values.*2/],
    ["numbers and texts in one column", { a: [1, "x"] }, /"a".*double and string/],
    ["lists and single values in one column", { a: [1, [2]] }, /lists and single values/],
    ["lists of lists", { a: [[[1]]] }, /Flatten/],
    ["a later part of other kinds", [{ a: [1] }, { a: ["x"] }], /string.*double/],
    ["a later part with another column", [{ a: [1] }, { a: [1], b: [1] }], /"b"/],
    ["a later part that lacks one", [{ a: [1], b: [1] }, { a: [1] }], /"b".*lacks/],
    ["an object in a column", { a: [{}, 1] }, /"a".*an object.*JSON.stringify/],
    ["a symbol in a column", { a: [Symbol("x")] }, /"a".*Symbol\(x\)/],
    ["a function in a list", { a: [[() => 1], [1]] }, /"a".*a function/],
    ["a date in a column", { a: [new Date(3)] }, /"a".*an object/],
    ["bytes without a type", { a: [new DataView(new ArrayBuffer(4))] }, /"a".*an object/],
    ["an integer of 65 bits", { a: [1n, 2n ** 63n] }, /"a".*9223372036854775808.*64 bits/],
    ["half a character, which became another", { a: ["fine", "\ud800"] }, /"a".*surrogate/],
    ["half a character in a name", { "\udc00a": [1] }, /its name has half a surrogate pair/],
    ["no column", {}, /at least one column/],
    ["no part", [], /at least one part/],
  ])("is told: %s", async (_, table, message) => {
    const folder = temporaryFolder();
    const made = writeParquet(join(folder, "t.parquet"), table as Table);
    const error = await made.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InvalidTableError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([[3], [null], [["a"]], [Symbol("inside")], [{}]])(
    "is refused in metadata, which holds texts: %o",
    async (value: unknown) => {
      const folder = temporaryFolder();
      const metadata = { good: "text", wrong: value } as Record<string, string>;
      const made = writeParquet(join(folder, "t.parquet"), { a: [1] }, { metadata });
      await expect(made).rejects.toThrow("metadata.wrong: must be a string");
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  it.each([[null], [5], [["a"]]])("is refused as a part: %o", async (part: unknown) => {
    const made = writeParquet(join(temporaryFolder(), "t.parquet"), [part as Table]);
    await expect(made).rejects.toThrow("a part of the table: must be an object");
  });

  it("leaves a file that was there as it was", async () => {
    const path = join(temporaryFolder(), "t.parquet");
    writeFileSync(path, "former");
    await expect(writeParquet(path, [{ a: [1] }, { a: ["x"] }])).rejects.toThrow();
    expect(readFileSync(path, "utf8")).toBe("former");
  });
});

describe("rows of objects", () => {
  it("become columns, also where some lack a field", () => {
    const rows = [
      { layer: 0, effect: 0.5, label: "a", at: { head: 1 } },
      { layer: 1, effect: 2, label: undefined, at: { head: 3, deep: { x: true } } },
      { layer: 2, effect: -1, extra: [1, 2] },
    ];
    expect(tableOf(rows)).toEqual({
      layer: Int32Array.of(0, 1, 2),
      effect: [0.5, 2, -1],
      label: ["a", undefined, null],
      "at.head": [1, 3, null],
      "at.deep.x": [null, true, null],
      extra: [null, null, [1, 2]],
    });
  });

  it("are refused where an object contains itself, or has no end that a stack can reach", () => {
    const cyclic: Record<string, unknown> = { a: 1 };
    cyclic.self = cyclic;
    let deep: object = { end: 1 };
    for (let depth = 0; depth < 50_000; depth++) deep = { deep };
    for (const [row, column] of [
      [cyclic, "self"],
      [deep, "deep"],
    ] as const) {
      expect(() => tableOf([row])).toThrow(
        expect.objectContaining({ code: "INVALID_TABLE", column, value: expect.anything() }),
      );
    }
  });

  it("come back from the file", async () => {
    const rows = [
      { head: "0.1", score: 0.25, tokens: Int32Array.of(1, 2) },
      { head: "1.3", score: -1, tokens: Int32Array.of(3) },
    ];
    const read = (await written(tableOf(rows))).rows;
    expect(read).toEqual(rows.map(({ tokens, ...rest }) => ({ ...rest, tokens: [...tokens] })));
  });

  it.each([[new Date()], [new Map()], [[{}]], [[[1]]], [() => 1], [new Uint8Array(2)]])(
    "have no column for %o",
    (value) => {
      expect(() => tableOf([{ value }])).toThrow(InvalidTableError);
    },
  );

  it("are no array, which cannot even be gone through where it has no axes", () => {
    expect(() => tableOf(mx.array(3) as never)).toThrow(/rows.*must be objects/s);
  });

  it("are no array when they are written either", async () => {
    for (const array of [mx.array([]), mx.ones([2])]) {
      const writing = writeParquet(join(temporaryFolder(), "t.parquet"), array as never);
      await expect(writing).rejects.toThrow(/table: .*named columns.*toFlat/);
    }
  });
});

describe("two writers of one path", () => {
  it("both write a whole file, and one of them stays", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "t.parquet");
    async function* parts(value: number, count: number, wait: number) {
      for (let part = 0; part < count; part++) {
        await sleep(wait);
        yield { a: Array.from({ length: 500 }, () => new Float32Array(64).fill(value)) };
      }
    }
    await Promise.all([writeParquet(path, parts(1, 6, 5)), writeParquet(path, parts(2, 4, 9))]);
    expect(readdirSync(folder)).toEqual(["t.parquet"]);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path) });
    const value = rows[0].a[0];
    expect(rows).toHaveLength(value === 1 ? 3000 : 2000);
    expect(rows.every(({ a }) => a.every((item: number) => item === value))).toBe(true);
  });

  it("leave what is being written, and remove what a killed one left", async () => {
    const folder = temporaryFolder();
    const [alive, gone] = [process.ppid, spawnSync(process.execPath, ["-e", ""]).pid];
    const { host } = thisWriter();
    const nameOf = (pid: number) => `.incomplete-${host}-${pid}-0-t.parquet`;
    for (const pid of [alive, gone]) writeFileSync(join(folder, nameOf(pid)), "half");
    await writeParquet(join(folder, "t.parquet"), { a: [1] });
    expect(readdirSync(folder).sort()).toEqual([nameOf(alive), "t.parquet"].sort());
  });

  it("are told in this library's words what cannot be written", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "t.parquet"));
    const writing = writeParquet(join(folder, "t.parquet"), { a: [1] });
    await expect(writing).rejects.toMatchObject({ code: "FILE_ACCESS" });
    expect(readdirSync(folder)).toEqual(["t.parquet"]);
  });
});
