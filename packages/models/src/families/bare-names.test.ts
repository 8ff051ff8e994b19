/** Published files may lack the wrapper's name before every tensor, and hold buffers that are no weights. */
import { describe, expect, it } from "vitest";
import { findCheckpointFiles } from "../checkpoint/files/checkpoint-files.js";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { findTarget } from "../checkpoint/table/weight-table.js";
import { familyChecks } from "../test-support/family-checks.js";
import { referenceFolders } from "../test-support/reference-folders.js";
import { familyOf } from "./index.js";
import { weightsOf } from "./shared/family.js";

const checkpoints = referenceFolders();

describe.each(checkpoints)("the tensors of $name", ({ folder }) => {
  const files = findCheckpointFiles(folder, folder);
  const json = readJsonFile(files.config);
  const family = familyOf(json, files.config);
  if ("build" in family) throw new RangeError(`${family.modelType} is no family of decoders.`);
  const table = weightsOf(family, family.describe(json, files.config));

  it("are found with and without the beginning that files may lack", () => {
    const names = files.tensors.map(({ name }) => name);
    const bare = names.map((name) => name.replace(table.optionalPrefix, ""));
    expect(bare).not.toEqual(names);
    for (const [index, name] of names.entries()) {
      const target = findTarget(table, name);
      expect(target, name).toMatchObject({ parameters: expect.any(Array) });
      expect({ ...(target as object), tensor: "" }).toEqual({
        ...(findTarget(table, bare[index]) as object),
        tensor: "",
      });
    }
  });
});

describe("stored buffers", () => {
  const folders = new Map(checkpoints.map(({ modelType, folder }) => [modelType, folder]));
  for (const [modelType, { buffers = [] }] of familyChecks) {
    it.each(buffers)("are no weights: %s", (name) => {
      const folder = folders.get(modelType) as string;
      const { config } = findCheckpointFiles(folder, folder);
      const json = readJsonFile(config);
      const family = familyOf(json, config);
      if ("build" in family) throw new RangeError(`${modelType} is no family of decoders.`);
      expect(findTarget(weightsOf(family, family.describe(json, config)), name)).toBe("ignored");
    });
  }
});
