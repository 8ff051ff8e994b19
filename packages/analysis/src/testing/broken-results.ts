/** For tests: results with one part changed for the worse, as a file that was edited or cut would give. */
import { type Method, MlxterpError, type Result } from "@mlxterp/results";

const wrong: readonly unknown[] = [undefined, null, 0, -1, "x", "", [], {}, [null], true];

type Path = readonly (string | number)[];

/** Every place of a result's own parts, of long lists the first two. */
function placesOf(value: unknown, depth = 0): Path[] {
  if (typeof value !== "object" || value === null || depth > 6) return [];
  const keys = Array.isArray(value) ? [...value.keys()].slice(0, 2) : Object.keys(value);
  return (ArrayBuffer.isView(value) ? [] : keys).flatMap((key) => [
    [key],
    ...placesOf((value as Record<string, unknown>)[key], depth + 1).map((rest) => [key, ...rest]),
  ]);
}

function changed(value: unknown, [key, ...rest]: Path, to: unknown): unknown {
  if (key === undefined) return to;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<string, unknown>; // biome-ignore format: one line
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

/** What a view throws at a broken result other than a typed error. */
export function untypedFaults(method: Method, result: Result): string[] {
  const faults: string[] = [];
  for (const [index, place] of placesOf(result).entries()) {
    const to = wrong[(index * 7 + place.length) % wrong.length];
    try {
      method.view(changed(result, place, to));
    } catch (error) {
      if (!MlxterpError.isInstance(error)) faults.push(`${place.join(".")}: ${String(error)}`);
    }
  }
  return faults;
}
