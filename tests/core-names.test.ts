/** Core knows sites by what modules say of them: it names no module of a decoder. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { loadModel } from "../packages/models/src/index.js";
import { libraries, root, sourceFiles } from "./support/workspace.js";

/** Guesses for modules that nobody described. */
const guesses = "packages/core/src/anatomy/usual-names.ts";

/** Words of the anatomy that every model shares, ports, and what a program says without meaning a module. */
const common = new Set(["layers", "finalNorm", "unembed", "input", "output", "result"]);

/** The names of a decoder's modules and taps, and of what TransformerLens calls them. */
async function moduleNames(): Promise<Set<string>> {
  const model = await loadModel("tiny");
  const names = model.sites().flatMap(({ site, otherNames }) => [site, ...otherNames]);
  const words = names.flatMap((name) => name.split("."));
  return new Set(words.filter((word) => word.length > 1 && !/^\d+$/.test(word)));
}

/** Every text in a program: no comments, no names of variables. */
function literals(text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const literal = ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node);
    const imported = node.parent && ts.isImportDeclaration(node.parent);
    if (literal && !imported) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("core.ts", text, ts.ScriptTarget.ESNext, true));
  return found;
}

function namedIn(text: string, names: ReadonlySet<string>): string[] {
  const paths = literals(text).filter((literal) => !literal.includes(" "));
  return paths.filter((path) => {
    const words = path.split(/[.#]/);
    const own = words.length > 1 ? names : new Set([...names].filter((name) => !common.has(name)));
    return words.some((word) => own.has(word) && (words.length === 1 || !isPort(word)));
  });
}

const isPort = (word: string) => word === "input" || word === "output";

it("no source of core names a decoder's module", async () => {
  const names = await moduleNames();
  expect(names).toContain("selfAttn");
  expect(names).toContain("hook_resid_post");
  const core = libraries.find(({ manifest }) => manifest.name === "@mlxterp/core");
  const found = (core ? sourceFiles(core) : []).flatMap((file) => {
    const path = relative(root, file);
    const named = path === guesses ? [] : namedIn(readFileSync(join(root, path), "utf8"), names);
    return named.map((name) => `${path}: ${name}`);
  });
  expect(found).toEqual([]);
});

it("finds one where there is one", () => {
  const names = new Set(["selfAttn", "layers"]);
  const source = [
    '"layers.*"',
    "`layers.$" + "{a}`",
    '"selfAttn"; // "layers.1"',
    'use("layers")',
  ].join(";\n");
  expect(namedIn(source, names)).toEqual(["layers.*", "layers.", "selfAttn"]);
});
