/** What an editor proposes inside a site's name, and what the compiler says of names. */
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const file = place("./support/proposal-probe.ts");
const fixture = place("./support/types-fixture.ts");
const base = place("../../../tsconfig.base.json");
const { config } = ts.readConfigFile(base, ts.sys.readFile);
const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, "");

/** Lines with | where the cursor stands, and how the proposals begin. */
const unfinished = [
  ['model.run(prompt, { save: ["layers.3.|"] });', "layers.3."],
  ['model.run(prompt, { save: "layers.3.|" });', "layers.3."],
  ['model.run(prompt, { save: ["output", "layers.{0,1}.|"] });', "layers.{0,1}."],
  ['model.run(prompt, { save: ["layers.-1.selfAttn.|"] });', "layers.-1.selfAttn."],
  ['model.trace(prompt, { interventions: { "layers.3.|" } });', "layers.3."],
  ['model.edit({ "layers.0.selfAttn.|" });', "layers.0.selfAttn."],
  ['model.trace(prompt).at("layers.3.|");', "layers.3."],
  ['model.sites("layers.1.|");', "layers.1."],
] as const;
const begun = 'model.run(prompt, { save: ["|"] });';

/** Lines with a misspelt site, and the one that was meant. */
const misspelt = [
  ['model.run(prompt, { save: "layers.3.selfAttn.patern" });', "layers.3.selfAttn.pattern"],
  ['model.run(prompt, { save: ["layers.3.selfAtn.pattern"] });', "layers.3.selfAttn.pattern"],
  ['model.trace(prompt, { interventions: { "layers.3.selfAtn.pattern": (x) => x } });', "layers.3.selfAttn.pattern"], // biome-ignore format: one case
  ['model.edit({ "layers.3.selfAttn.pattren": (x) => x });', "layers.3.selfAttn.pattern"],
  ['model.edit({ "layer.3.selfAttn.pattern": (x) => x });', "layers.3.selfAttn.pattern"],
  ['model.edit({ "layers.{0,1}.mpl": (x) => x });', "layers.{0,1}.mlp"],
] as const;

const beginning = `import { mx } from "@mlxterp/mlx";
import { InterpretableModel } from "../../src/index.js";
import { CausalModel } from "./causal-model.js";
const model = new InterpretableModel(new CausalModel());
const prompt = [[1, 2]];
`;

/** All lines are in one file, since the compiler looks at everything again when a file changes. */
const lines: readonly string[] = [
  ...unfinished.map(([line]) => line),
  begun,
  ...misspelt.map(([line]) => line),
];
const written = beginning + lines.map((line) => `${line.replace("|", "")}\n`).join("");

/** Where a line begins. */
function startOf(line: string): number {
  const before = lines.slice(0, lines.indexOf(line)).map((one) => one.replace("|", ""));
  return beginning.length + before.reduce((sum, { length }) => sum + length + 1, 0);
}

const host: ts.LanguageServiceHost = {
  ...{ getScriptFileNames: () => [file, fixture], getCurrentDirectory: () => process.cwd() },
  ...{ getCompilationSettings: () => options, getDefaultLibFileName: ts.getDefaultLibFilePath },
  ...{ readFile: ts.sys.readFile, readDirectory: ts.sys.readDirectory },
  ...{ directoryExists: ts.sys.directoryExists, getDirectories: ts.sys.getDirectories },
  fileExists: (path) => path === file || ts.sys.fileExists(path),
  getScriptVersion: () => "1",
  getScriptSnapshot: (path) => {
    const text = path === file ? written : ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
};
const service = ts.createLanguageService(host);

function proposals(line: string): string[] {
  const found = service.getCompletionsAtPosition(file, startOf(line) + line.indexOf("|"), {});
  return found?.entries.map(({ name }) => name.replace(/^"|"$/g, "")) ?? [];
}

function complaints(line: string): string {
  const from = startOf(line);
  return service
    .getSemanticDiagnostics(file)
    .filter(({ start = 0 }) => start >= from && start < from + line.length)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
    .join("\n");
}

describe("proposals", () => {
  it.each(unfinished)("in %s were none that begin there; now they do", (line, start) => {
    const found = proposals(line).filter((name) => name.startsWith(start));
    expect(found).toContain(
      `${start}${start.includes("selfAttn") ? "pattern" : "selfAttn.pattern"}`,
    );
  });

  it("at the beginning have * for the place in a list", () => {
    expect(proposals(begun)).toContain("layers.*.selfAttn.pattern");
  });
});

describe("a misspelt site", () => {
  it.each(misspelt)("%s is answered with the site that was meant", (line, meant) => {
    expect(complaints(line)).toContain("Did you mean");
    expect(complaints(line)).toContain(meant);
  });
});

/** What the fixture marks as an error is one, and nothing else is. */
it("a misspelt module does not compile, and every module of a typed model does", () => {
  const program = service.getProgram()!;
  // the sources that it imports are checked by the type check of everything
  const own = ts.getPreEmitDiagnostics(program, program.getSourceFile(fixture));
  const messages = own.map(({ messageText, file, start = 0 }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    return `${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
  expect(messages).toEqual([]);
}, 180_000);
