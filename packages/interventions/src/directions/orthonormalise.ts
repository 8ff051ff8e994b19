/** An orthonormal basis of a few vectors, in double precision. */

/** A vector that keeps less than this part of its length adds no direction of its own. */
const dependent = 1e-6;

/**
 * Gram–Schmidt, modified and done twice ("twice is enough", Parlett 1980). Vectors that depend on earlier ones are left out.
 *
 * @param vectors not zero, equally long
 * @returns at most as many vectors, orthogonal, of length 1, with the same span
 */
export function orthonormalise(vectors: readonly (readonly number[])[]): number[][] {
  const basis: number[][] = [];
  for (const vector of vectors) {
    const rest = unit(vector);
    for (const pass of [1, 2]) {
      for (const known of basis) subtractAlong(rest, known);
      if (pass === 1 && norm(rest) < dependent) break;
    }
    if (norm(rest) >= dependent) basis.push(unit(rest));
  }
  return basis;
}

function norm(vector: readonly number[]): number {
  return Math.hypot(...vector);
}

function unit(vector: readonly number[]): number[] {
  const length = norm(vector);
  return vector.map((value) => value / length);
}

/** Changes `vector`. */
function subtractAlong(vector: number[], direction: readonly number[]): void {
  const overlap = vector.reduce((sum, value, index) => sum + value * direction[index], 0);
  for (let index = 0; index < vector.length; index++) vector[index] -= overlap * direction[index];
}
