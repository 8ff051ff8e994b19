/** Small matrices on the host in double precision: what LAPACK would do, without ending the process. */
export {
  type Columns,
  column,
  orthonormalize,
  product,
  transposed,
  transposedProduct,
} from "./columns.js";
export { type Eigenvalues, eigenvalues } from "./eigenvalues.js";
export { type JacobiValues, singularValues } from "./singular-values.js";
export { type SymmetricEigenvalues, symmetricEigenvalues } from "./symmetric-eigenvalues.js";
