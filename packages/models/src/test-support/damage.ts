/** Damages the files of a checkpoint at random, from a seed: the ways in which small files go wrong, or are made to. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

export type Random = () => number;

/** Mulberry32. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)];
/** Stands for what is too deep to be written as a value. */
const deep = "@deep@";
export const written = (value: unknown) =>
  (JSON.stringify(value) ?? "").replaceAll(`"${deep}"`, "[".repeat(5000) + "]".repeat(5000));

/** What nobody expects in the place of a number or a text. */
export const odd = (random: Random): unknown =>
  pick<() => unknown>(random, [
    () => 0,
    () => -1,
    () => 0.5,
    () => 3,
    () => 7,
    () => 1e6,
    () => 1e9,
    () => 2 ** 31,
    () => 2 ** 53,
    () => 1e308,
    () => -1e308,
    () => 1e-308,
    () => null,
    () => true,
    () => false,
    () => "",
    () => "x",
    () => "1e9",
    () => "../../x",
    () => "x".repeat(100_000),
    () => "\ud800",
    () => "\0",
    () => [],
    () => [1, 2],
    () => [null],
    () => new Array(100_000).fill(0),
    () => ({}),
    () => ({ length: 1e9 }),
    () => deep,
  ])();

/** Changes one place of a JSON value. */
export function changeJson(value: unknown, random: Random, other = odd): unknown {
  if (typeof value !== "object" || value === null) return other(random);
  const keys = Object.keys(value);
  if (keys.length === 0 || random() < 0.03) return other(random);
  const key = pick(random, keys);
  const inner = (value as Record<string, unknown>)[key];
  const nested = typeof inner === "object" && inner !== null && random() < 0.8;
  const changed = nested ? changeJson(inner, random, other) : other(random);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const way = random();
  if (way < 0.1) delete copy[key];
  else if (way < 0.15)
    copy[pick(random, ["__proto__x", "constructor", "a.b", "", key.toUpperCase()])] = changed;
  else copy[key] = changed;
  return copy;
}

function changeBytes(data: Buffer, random: Random, reach: number): Buffer {
  const copy = Buffer.from(data);
  const limit = Math.min(copy.length, reach);
  const at = Math.floor(random() * Math.max(limit, 1));
  switch (Math.floor(random() * 7)) {
    case 0:
      return copy.subarray(0, at);
    case 1:
      return Buffer.concat([copy, Buffer.alloc(1 + Math.floor(random() * 64), 0x41)]);
    case 2:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.from([0xff, 0xc0, 0x80]),
        copy.subarray(at),
      ]);
    case 3:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(Math.min(at + 8, copy.length))]);
    case 4: {
      const place = Math.min(4 * Math.floor(at / 4), Math.max(copy.length - 8, 0));
      const sizes = [
        0n,
        1n,
        3n,
        255n,
        2n ** 31n,
        2n ** 32n - 1n,
        2n ** 40n,
        2n ** 63n,
        2n ** 64n - 1n,
      ];
      if (copy.length >= 8) copy.writeBigUInt64LE(pick(random, sizes), place);
      return copy;
    }
    default:
      for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
        const place = Math.floor(random() * Math.max(limit, 1));
        if (place < copy.length) copy[place] = Math.floor(random() * 256);
      }
      return copy;
  }
}

/** Changes the header of a safetensors file as JSON, so that it stays one. */
function changeHeader(data: Buffer, random: Random): Buffer {
  const length = Number(data.readBigUInt64LE());
  const header = JSON.parse(data.toString("utf8", 8, 8 + length)) as unknown;
  const text = Buffer.from(written(changeJson(header, random)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, data.subarray(8 + length)]);
}

/** Puts something in a file's place that is no file. */
function replaceFile(file: string, random: Random): void {
  rmSync(file);
  const way = Math.floor(random() * 5);
  if (way === 0) mkdirSync(file);
  else if (way === 1) symlinkSync(file, file);
  else if (way === 2 && existsSync("/dev/zero")) symlinkSync("/dev/zero", file);
  else if (way === 3) writeFileSync(file, "");
}

/** @returns what was done, in words */
export function damage(folder: string, random: Random): string {
  const names = readdirSync(folder).filter((name) => /\.(json|safetensors|gguf)$/.test(name));
  const name = pick(
    random,
    names.filter((other) => other !== "reference.safetensors"),
  );
  const file = join(folder, name);
  if (random() < 0.04) {
    replaceFile(file, random);
    return `${name} is no file`;
  }
  const data = readFileSync(file);
  const structure = random() < 0.65;
  if (structure && name.endsWith(".json")) {
    const changed = changeJson(JSON.parse(data.toString("utf8")), random);
    const text = written(changed);
    writeFileSync(
      file,
      random() < 0.05
        ? text.replace(/\d+/, () => pick(random, ["NaN", "-Infinity", "1e999"]))
        : text,
    );
  } else if (structure && name.endsWith(".safetensors"))
    writeFileSync(file, changeHeader(data, random));
  else writeFileSync(file, changeBytes(data, random, name.endsWith(".json") ? data.length : 4096));
  return name;
}
