/** Code that a config.json names. None of it is ever run; what computes here is this library's own. */

/** Fields by which `transformers` finds code in a repository, when it is told to trust it. */
const pointers = [
  "auto_map",
  "custom_pipelines",
  "custom_generate",
  "custom_code",
  "trust_remote_code",
];

/** @returns a sentence for each field that was ignored */
export function ignoredCode(json: unknown, file: string): string[] {
  const fields = (json ?? {}) as Readonly<Record<string, unknown>>;
  const found = pointers.filter((name) => Object.hasOwn(fields, name) && fields[name]);
  return found.map(
    (name) =>
      `${name} of ${file} names code of the repository, which is not run: the model computes as its model_type says.`,
  );
}
