/** Results as JSON. */
import { visibleJson } from "./visible.js";

/** Typed arrays become lists; numbers that JSON has no form for become texts rather than null. */
export function toJson(data: unknown): string {
  const json = JSON.stringify(
    data,
    (_key, value: unknown) => {
      if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<number>);
      return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
    },
    2,
  );
  return visibleJson(json);
}
