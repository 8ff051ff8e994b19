/** Values that are dear to make. */

/** Made when it is first asked for, and then shared. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
