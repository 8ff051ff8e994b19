/** What took long and is plain data: made once, and read again where a run was ended and the same command goes on. */
import { existsSync, readFileSync } from "node:fs";
import { writeFileAtomically } from "@mlxterp/mlx";

/**
 * @param file where it is kept
 * @param of what it depends on; made anew where that is something else
 */
export async function kept<T>(file: string, of: object, make: () => Promise<T>): Promise<T> {
  const key = JSON.stringify(of);
  if (existsSync(file)) {
    const { of: known, value } = JSON.parse(readFileSync(file, "utf8")) as { of: string; value: T };
    if (known === key) return value;
  }
  const value = await make();
  writeFileAtomically(file, JSON.stringify({ of: key, value }));
  return value;
}
