/** What an editor proposes inside a site's name, and what the compiler says of a misspelt one. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const file = fileURLToPath(new URL("./support/proposal-probe.ts", import.meta.url));
const base = fileURLToPath(new URL("../../../tsconfig.base.json", import.meta.url));
const { config } = ts.readConfigFile(base, ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, "");

const beginning = `import { mx } from "@mlxterp/mlx";
import { InterpretableModel } from "../../src/index.js";
import { CausalModel } from "./causal-model.js";
const model = new InterpretableModel(new CausalModel());
const prompt = [[1, 2]];
`;

let written = "";
const host: ts.LanguageServiceHost = {
  ...{ getScriptFileNames: () => [file], getCurrentDirectory: () => process.cwd() },
  ...{ getCompilationSettings: () => options, getDefaultLibFileName: ts.getDefaultLibFilePath },
  ...{ readFile: ts.sys.readFile, readDirectory: ts.sys.readDirectory },
  ...{ directoryExists: ts.sys.directoryExists, getDirectories: ts.sys.getDirectories },
  fileExists: (path) => path === file || ts.sys.fileExists(path),
  getScriptVersion: (path) => (path === file ? String(written.length) + written : "1"),
  getScriptSnapshot: (path) => {
    const text = path === file ? written : ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
};
const service = ts.createLanguageService(host);

/** @param line with | where the cursor stands */
function proposals(line: string): string[] {
  written = beginning + line.replace("|", "");
  const position = beginning.length + line.indexOf("|");
  const found = service.getCompletionsAtPosition(file, position, {});
  return found?.entries.map(({ name }) => name.replace(/^"|"$/g, "")) ?? [];
}

function complaints(line: string): string {
  written = beginning + line;
  return service
    .getSemanticDiagnostics(file)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
    .join("\n");
}

describe("proposals", () => {
  it.each([
    ['model.run(prompt, { save: ["layers.3.|"] });', "layers.3."],
    ['model.run(prompt, { save: "layers.3.|" });', "layers.3."],
    ['model.run(prompt, { save: ["output", "layers.{0,1}.|"] });', "layers.{0,1}."],
    ['model.run(prompt, { save: ["layers.-1.selfAttn.|"] });', "layers.-1.selfAttn."],
    ['model.trace(prompt, { interventions: { "layers.3.|" } });', "layers.3."],
    ['model.edit({ "layers.0.selfAttn.|" });', "layers.0.selfAttn."],
    ['model.trace(prompt).at("layers.3.|");', "layers.3."],
    ['model.sites("layers.1.|");', "layers.1."],
  ])("in %s were none that begin there; now they do", (line, start) => {
    const found = proposals(line).filter((name) => name.startsWith(start));
    expect(found).toContain(
      `${start}${start.includes("selfAttn") ? "pattern" : "selfAttn.pattern"}`,
    );
  });

  it("at the beginning have * for the place in a list", () => {
    expect(proposals('model.run(prompt, { save: ["|"] });')).toContain("layers.*.selfAttn.pattern");
  });
});

describe("a misspelt site", () => {
  it.each([
    ['model.run(prompt, { save: "layers.3.selfAttn.patern" });', "layers.3.selfAttn.pattern"],
    ['model.run(prompt, { save: ["layers.3.selfAtn.pattern"] });', "layers.3.selfAttn.pattern"],
    ['model.trace(prompt, { interventions: { "layers.3.selfAtn.pattern": (x) => x } });', "layers.3.selfAttn.pattern"], // biome-ignore format: one case
    ['model.edit({ "layers.3.selfAttn.pattren": (x) => x });', "layers.3.selfAttn.pattern"],
    ['model.edit({ "layer.3.selfAttn.pattern": (x) => x });', "layers.3.selfAttn.pattern"],
    ['model.edit({ "layers.{0,1}.mpl": (x) => x });', "layers.{0,1}.mlp"],
  ])("%s is answered with the site that was meant", (line, meant) => {
    expect(complaints(line)).toContain("Did you mean");
    expect(complaints(line)).toContain(meant);
  });
});
