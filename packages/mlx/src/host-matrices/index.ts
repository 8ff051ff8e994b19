/** Small matrices on the host in double precision: what LAPACK would do, without ending the process. */
export {
  column,
  eigenvalues,
  orthonormalize,
  product,
  singularValues,
  symmetricEigenvalues,
  transposed,
  transposedProduct,
} from "./checked.js";
export type { Columns } from "./columns.js";
export type { Eigenvalues } from "./eigenvalues.js";
export type { JacobiValues } from "./singular-values.js";
export type { SymmetricEigenvalues } from "./symmetric-eigenvalues.js";
