/** Amounts of memory: as a number of bytes, or in the units people use. */
import { brief, InvalidArgumentError } from "@mlxterp/mlx";

const units = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Bytes as a number, or such as `"2GB"` (10⁹ bytes each) and `"512MiB"` (2²⁰). */
export type ByteSize = number | `${number}${keyof typeof units}`;

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no amount of at least 0 */
export function byteCount(size: ByteSize, argument: string): number {
  const written = typeof size === "string" ? /^([\d.]+) ?([KMGT]?i?B)$/.exec(size) : undefined;
  const [, number, unit] = written ?? [];
  const bytes =
    typeof size === "number"
      ? size
      : unit && Object.hasOwn(units, unit)
        ? Number(number) * units[unit as keyof typeof units]
        : Number.NaN;
  if (bytes >= 0) return Math.floor(bytes);
  const rule = `it must be a number of bytes, or such as "2GB" or "512MiB", not ${brief(size)}.`;
  throw new InvalidArgumentError(argument, size, rule);
}

/** The rule of an option that is an amount of memory. @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkByteSize(argument: string, value: unknown): void {
  byteCount(value as ByteSize, argument);
}

/** Three digits and a unit: `1.23 GB`. */
export function formatBytes(bytes: number): string {
  const unit = (["TB", "GB", "MB", "KB"] as const).find((name) => bytes >= units[name]);
  if (!unit) return `${bytes} bytes`;
  return `${Number((bytes / units[unit]).toPrecision(3))} ${unit}`;
}
